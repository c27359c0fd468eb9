//! What a feed's address asks for: which feed, in which format, which part of it, narrowed to what.

use axum::http::StatusCode;

use super::{Site, access};
use crate::{
    article::ArticleId,
    feed::Format,
    source::{
        SourceId,
        filter::{Expression, Filter},
    },
    store::Scope,
};

/// The most entries that may be asked for at once, as in the configuration.
const MOST_ENTRIES: usize = 1_000;
/// The last page: `?page=` reaches a million articles in pages of a hundred.
pub(super) const LAST_PAGE: usize = 10_000;

/// Which feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Source(SourceId),
    Group(String),
    All,
}

/// Which of a feed's documents (RFC 5005).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The one that readers subscribe to.
    Newest,
    /// `?page=N`, from 2 on: the entries before.
    Page(usize),
    /// `?archive=ID`: entries in the order in which they came, from this article on, as they will stay together.
    Archive(ArticleId),
    /// What is new since the document with this hash (RFC 3229).
    News(u128),
}

/// `?include=&exclude=&limit=`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Narrowing {
    pub(super) filter: Filter,
    pub(super) limit: Option<usize>,
}

/// A feed's address, understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    pub(super) subject: Subject,
    pub(super) format: Format,
    pub(super) narrowing: Narrowing,
    pub(super) part: Part,
    /// Whether it was asked for with the token in the address, which its links carry then.
    pub(super) with_token: bool,
}

/// Why an address is not answered by a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing is there. What was looked for.
    Unknown(&'static str),
    /// The source was there, and its block is gone from the configuration.
    Gone(SourceId),
    /// The source has another id now; the address relative to the one asked for.
    Renamed(String),
    /// The query is wrong. In words.
    Bad(String),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Gone(_) => StatusCode::GONE,
            // readers of all ages take this for a move that lasts
            Self::Renamed(_) => StatusCode::MOVED_PERMANENTLY,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl Address {
    /// A source's feed; `file` is `ID.FORMAT`.
    pub(super) fn of_source(site: &Site, file: &str, query: &str) -> Result<Self, Refusal> {
        let (id, format) = split(file)?;
        let id = SourceId::parse(id).map_err(|_| Refusal::Unknown("this source"))?;
        if site.source(&id).is_none() {
            return Err(match site.renamed(&id) {
                Some(now) if query.is_empty() => {
                    Refusal::Renamed(format!("{now}.{}", format.ending()))
                }
                Some(now) => Refusal::Renamed(format!("{now}.{}?{query}", format.ending())),
                None if site.store.knows(&id) => Refusal::Gone(id),
                None => Refusal::Unknown("this source"),
            });
        }
        Self::new(Subject::Source(id), format, query)
    }

    /// A group's feed; `file` is `NAME.FORMAT`.
    pub(super) fn of_group(site: &Site, file: &str, query: &str) -> Result<Self, Refusal> {
        let (name, format) = split(file)?;
        if site.group(name).is_none() {
            return Err(Refusal::Unknown("this group"));
        }
        Self::new(Subject::Group(name.to_owned()), format, query)
    }

    /// Of everything.
    pub(super) fn of_all(format: Format, query: &str) -> Result<Self, Refusal> {
        Self::new(Subject::All, format, query)
    }

    /// A plain path, without anything that is escaped. None for those of other documents.
    pub(super) fn of_path(site: &Site, path: &str) -> Option<Result<Self, Refusal>> {
        if path.contains('%') {
            return None;
        }
        if let Some(file) = path.strip_prefix("/feeds/") {
            Some(Self::of_source(site, file, ""))
        } else if let Some(file) = path.strip_prefix("/groups/") {
            file.contains('.').then(|| Self::of_group(site, file, ""))
        } else {
            let format = Format::of_ending(path.strip_prefix("/all.")?)?;
            Some(Self::of_all(format, ""))
        }
    }

    /// The same document of another part.
    pub(super) fn with(&self, part: Part) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }

    /// The same document, as a query asks for it: its links carry the token if that is there.
    pub(super) fn asked_by(self, site: &Site, query: &str) -> Self {
        Self {
            with_token: access::was_asked_for_with(site, query),
            ..self
        }
    }

    fn new(subject: Subject, format: Format, query: &str) -> Result<Self, Refusal> {
        let (narrowing, part) = read(query)?;
        Ok(Self {
            subject,
            format,
            narrowing,
            part,
            with_token: false,
        })
    }
}

/// The name and the format of an address's last part.
fn split(file: &str) -> Result<(&str, Format), Refusal> {
    let parts = file.rsplit_once('.');
    parts
        .and_then(|(name, ending)| Some((name, Format::of_ending(ending)?)))
        .ok_or(Refusal::Unknown("this feed"))
}

/// Readers add parameters of their own to outwit caches, so those that are not known are passed over.
fn read(query: &str) -> Result<(Narrowing, Part), Refusal> {
    let (mut narrowing, mut part) = (Narrowing::default(), Part::Newest);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let expression = || {
            Expression::parse(&value)
                .map_err(|why| Refusal::Bad(format!("`{name}` is no regular expression: {why}")))
        };
        match &*name {
            "include" if !value.is_empty() => narrowing.filter.include.push(expression()?),
            "exclude" if !value.is_empty() => narrowing.filter.exclude.push(expression()?),
            "limit" => narrowing.limit = Some(number(&name, &value, MOST_ENTRIES)?),
            "page" => {
                part = match number(&name, &value, LAST_PAGE)? {
                    1 => Part::Newest,
                    page => Part::Page(page),
                }
            }
            "archive" => {
                let id = ArticleId::parse(&value);
                part = Part::Archive(id.ok_or(Refusal::Unknown("this archive"))?);
            }
            _ => {}
        }
    }
    if narrowing.filter.include.len() + narrowing.filter.exclude.len() > 10 {
        let words = "`include` and `exclude` come more than ten times; join them by `|`";
        return Err(Refusal::Bad(words.to_owned()));
    }
    if matches!(part, Part::Archive(_)) {
        // archives hold what there is, whatever is asked for
        narrowing = Narrowing::default();
    }
    Ok((narrowing, part))
}

pub(super) fn number(name: &str, value: &str, most: usize) -> Result<usize, Refusal> {
    let number = value.parse().ok().filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| {
        let value: String = value.chars().take(40).collect();
        Refusal::Bad(format!(
            "`{name}` is {value:?}; expected a number from 1 to {most}"
        ))
    })
}

impl Narrowing {
    /// As the part of a query that says it; empty where it narrows nothing.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, expressions) in [
            ("include", &self.filter.include),
            ("exclude", &self.filter.exclude),
        ] {
            for expression in expressions {
                query.append_pair(name, expression.as_str());
            }
        }
        if let Some(limit) = self.limit {
            query.append_pair("limit", &limit.to_string());
        }
        query.finish()
    }
}

impl Subject {
    pub(super) fn scope(&self, site: &Site) -> Scope {
        match self {
            Self::Source(id) => match site.source(id) {
                Some(source) if !source.aliases.is_empty() => {
                    let ids = std::iter::once(id).chain(&source.aliases);
                    Scope::Renamed(ids.cloned().collect())
                }
                _ => Scope::Source(id.clone()),
            },
            Self::Group(name) => {
                let members = site.group(name).unwrap_or_default().iter();
                let ids = members.flat_map(|id| {
                    let aliases = site.source(id).into_iter().flat_map(|s| &s.aliases);
                    std::iter::once(id).chain(aliases)
                });
                Scope::Sources(ids.cloned().collect())
            }
            Self::All if site.has_removed() => {
                let sources = site.config.sources.iter();
                let ids = sources.flat_map(|s| std::iter::once(&s.id).chain(&s.aliases));
                Scope::Sources(ids.cloned().collect())
            }
            Self::All => Scope::All,
        }
    }

    pub(super) fn members<'a>(
        &self,
        site: &'a Site,
    ) -> Box<dyn Iterator<Item = &'a SourceId> + 'a> {
        match self {
            Self::Source(id) => Box::new(site.source(id).map(|source| &source.id).into_iter()),
            Self::Group(name) => Box::new(site.group(name).unwrap_or_default().iter()),
            Self::All => Box::new(site.config.sources.iter().map(|source| &source.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_is_left_out_and_what_is_wrong_with_it() {
        let (narrowing, part) =
            read("include=%E6%8B%9B%E7%94%9F&t=17&page=3&limit=5&exclude=").unwrap();
        assert_eq!(narrowing.query(), "include=%E6%8B%9B%E7%94%9F&limit=5");
        assert_eq!(part, Part::Page(3));
        assert_eq!(read("page=1").unwrap(), read("").unwrap());
        for (query, words) in [
            (
                "page=0",
                "`page` is \"0\"; expected a number from 1 to 10000",
            ),
            (
                "limit=all",
                "`limit` is \"all\"; expected a number from 1 to 1000",
            ),
            (
                "include=(a",
                "`include` is no regular expression: unclosed group",
            ),
        ] {
            assert_eq!(
                read(query).unwrap_err(),
                Refusal::Bad(words.to_owned()),
                "{query}"
            );
        }
        assert_eq!(
            read("archive=x").unwrap_err(),
            Refusal::Unknown("this archive")
        );
    }
}
