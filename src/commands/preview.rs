//! `schoolbell preview`: fetch a source or any address, and show what would be published. Stores nothing.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use super::{
    ReadConfig, config_or_defaults, find, now, print, print_json, source_at,
    table::{self, Cell, Tone},
    terminal::colour,
    web_address,
};
use crate::{
    article::{self, Article, Reading, files, identity::Seen},
    config::Config,
    fetch::Fetcher,
    list::{self, Item, List, ListContext},
    page::{Page, charset, document::Document, links},
    poll::{self, Look, ParserPool},
    source::{
        Source,
        catalog::Catalog,
        state::{Fault, FaultKind},
    },
};

/// The flags of `preview`.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// A list page's address, or the id of a source of the configuration or of the catalogue
    #[arg(value_name = "URL_OR_ID")]
    target: String,
    /// How many of the listed articles are read too
    #[arg(long, value_name = "N", default_value_t = 3)]
    articles: usize,
    /// The address is an article's own page, no list
    #[arg(long)]
    article: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What would be published.
#[derive(Serialize)]
struct Preview {
    url: Url,
    title: Option<String>,
    items: Vec<Item>,
    next: Option<Url>,
    next_by_script: Option<Url>,
    preset: Option<String>,
    found_by: String,
    problems: Vec<String>,
    others: Vec<OtherList>,
    articles: Vec<Previewed>,
}

/// A list of the page that was not taken.
#[derive(Serialize)]
struct OtherList {
    item: String,
    items: usize,
    first: String,
}

#[derive(Serialize)]
struct Previewed {
    #[serde(flatten)]
    article: Article,
    found_by: Vec<(&'static str, String)>,
    problems: Vec<String>,
}

/// Prints the list and the first articles. Exit code 1 if the page cannot be read.
///
/// # Errors
/// The configuration has mistakes, the id is unknown, or the page cannot be had.
pub(super) async fn run(
    read_config: impl ReadConfig,
    config_named: bool,
    args: PreviewArgs,
) -> anyhow::Result<ExitCode> {
    let (config, source) = target(read_config, config_named, &args.target)?;
    let visitor = Visitor {
        fetcher: Fetcher::new(&config.fetch)?,
        pool: ParserPool::new()?,
        source,
        now: now(),
    };
    let preview = if args.article {
        visitor.article_page().await
    } else {
        visitor.list_page(args.articles).await
    };
    let preview = preview.map_err(|fault| match fault.kind {
        FaultKind::EmptyList if !args.article => {
            anyhow::anyhow!("{fault}; if it is an article's own page, add --article")
        }
        _ => anyhow::anyhow!("{fault}"),
    })?;
    if args.json {
        print_json(&preview)?;
    } else {
        print(&in_words(&preview, colour(&std::io::stdout())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A source of the configuration, one of the catalogue, or any address with its defaults.
fn target(
    read_config: impl ReadConfig,
    config_named: bool,
    target: &str,
) -> anyhow::Result<(Arc<Config>, Arc<Source>)> {
    if let Some(url) = web_address(target) {
        let config = config_or_defaults(read_config, config_named)?;
        let source = source_at(&config, url);
        return Ok((config, source));
    }
    let known = Catalog::embedded().get(target);
    let Some(url) = known.and_then(|entry| web_address(&entry.url)) else {
        let config = read_config()?;
        let source = find(&config, target)?.clone();
        return Ok((config, source));
    };
    let config = config_or_defaults(read_config, config_named)?;
    let source = match find(&config, target) {
        Ok(source) => source.clone(),
        Err(_) => source_at(&config, url),
    };
    Ok((config, source))
}

struct Visitor {
    fetcher: Fetcher,
    pool: ParserPool,
    source: Arc<Source>,
    now: Timestamp,
}

impl Visitor {
    async fn list_page(&self, articles: usize) -> Result<Preview, Fault> {
        let Look { page, list, .. } =
            poll::look(&self.fetcher, &self.pool, &self.source, self.now).await?;
        let others = self.other_lists(&page, &list);
        let mut previewed = Vec::new();
        for item in list.items.iter().take(articles) {
            previewed.push(self.article(item).await);
        }
        let List {
            title,
            items,
            next,
            next_by_script,
            preset,
            found_by,
            problems,
        } = list;
        Ok(Preview {
            url: page.url,
            title,
            items,
            next,
            next_by_script,
            preset,
            found_by,
            problems,
            others,
            articles: previewed,
        })
    }

    /// What else the page lists, for `[source.list] item` to choose.
    fn other_lists(&self, page: &Page, taken: &List) -> Vec<OtherList> {
        let decoded = charset::decode(&page.body, page.content_type.as_deref());
        let document = Document::parse(&decoded.text);
        let context = ListContext {
            url: &page.url,
            rules: &self.source.list,
            preset: &self.source.preset,
            timezone: &self.source.timezone,
            now: self.now,
        };
        let choices = list::choices(&document, &context).into_iter();
        let others = choices.filter(|choice| {
            let known = |item: &Item| taken.items.iter().any(|other| other.url == item.url);
            choice.items.iter().filter(|item| known(item)).count() * 2 < choice.items.len()
        });
        let told = others.filter_map(|choice| {
            Some(OtherList {
                items: choice.items.len(),
                first: choice.items.into_iter().next()?.title,
                item: choice.item,
            })
        });
        told.collect()
    }

    async fn article_page(&self) -> Result<Preview, Fault> {
        let url = links::normalise(&self.source.url);
        let item = Item {
            title: String::new(),
            url: url.clone(),
            published: None,
        };
        let reading = self.reading(&item).await?;
        if let Some(read) = &reading
            && read.title.is_none()
            && read.body_html.is_empty()
        {
            let words = format!("neither a title nor a body on {url}");
            return Err(Fault {
                kind: FaultKind::BodyMissing,
                words,
            });
        }
        let preset = reading.as_ref().and_then(|reading| reading.preset.clone());
        let articles = vec![self.compose(reading, &item)];
        Ok(Preview {
            url,
            title: None,
            items: Vec::new(),
            next: None,
            next_by_script: None,
            preset,
            found_by: String::new(),
            problems: Vec::new(),
            others: Vec::new(),
            articles,
        })
    }

    async fn article(&self, item: &Item) -> Previewed {
        let item = Item {
            url: links::normalise(&item.url),
            ..item.clone()
        };
        match self.reading(&item).await {
            Ok(reading) => self.compose(reading, &item),
            Err(fault) => {
                let mut previewed = self.compose(None, &item);
                previewed.problems.push(fault.to_string());
                previewed
            }
        }
    }

    /// The article's own page, unless it is a file.
    async fn reading(&self, item: &Item) -> Result<Option<Reading>, Fault> {
        if files::media_type(item.url.path()).is_some() || !self.source.full_text {
            return Ok(None);
        }
        poll::look_at_article(&self.fetcher, &self.pool, &self.source, &item.url, self.now)
            .await
            .map(Some)
    }

    fn compose(&self, reading: Option<Reading>, item: &Item) -> Previewed {
        let (found_by, problems) = reading
            .as_ref()
            .map(|reading| (reading.found_by.clone(), reading.problems.clone()))
            .unwrap_or_default();
        let seen = Seen {
            first_seen: self.now,
            sorted_at: self.now,
            timezone: &self.source.timezone,
            names: &[],
        };
        let article = article::compose(reading, item, &self.source, &seen);
        Previewed {
            article,
            found_by,
            problems,
        }
    }
}

fn in_words(preview: &Preview, colour: bool) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // writing to a string does not fail
        let _ = writeln!(out, "{text}");
    };
    line(format_args!("{}", preview.url));
    if let Some(title) = &preview.title {
        line(format_args!("{title}"));
    }
    if let Some(preset) = &preview.preset {
        line(format_args!("site family: {preset}"));
    }
    if !preview.items.is_empty() {
        line(format_args!(
            "\n{} items ({})\n{}",
            preview.items.len(),
            preview.found_by,
            item_table(&preview.items, colour)
        ));
        match (&preview.next, &preview.next_by_script) {
            (Some(next), _) => line(format_args!("next page: {next}")),
            (None, Some(next)) => line(format_args!("next page: {next} (known to a script only)")),
            (None, None) => line(format_args!("next page: none found")),
        }
    }
    for problem in &preview.problems {
        line(format_args!("problem: {problem}"));
    }
    if !preview.others.is_empty() {
        line(format_args!(
            "\nother lists on the page (to have one, set it in [source.list]):"
        ));
        let row = |other: &OtherList| {
            let item = format!("item = \"{}\"", other.item);
            [other.items.into(), other.first.clone().into(), item.into()]
        };
        let rows: Vec<_> = preview.others.iter().map(row).collect();
        let heading = ["ITEMS", "THE FIRST", "SELECTOR"];
        line(format_args!(
            "{}",
            table::aligned(heading, &rows, colour).trim_end()
        ));
    }
    for previewed in &preview.articles {
        line(format_args!("\n{}", article_in_words(previewed).trim_end()));
    }
    out
}

fn item_table(items: &[Item], colour: bool) -> String {
    let row = |item: &Item| {
        let date = match item.published {
            Some(date) => Cell::from(date.day().to_string()),
            None => Cell::new("no date", Tone::Doubtful),
        };
        let url = Cell::new(item.url.as_str(), Tone::Faint);
        [date, item.title.as_str().into(), url]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    table::aligned(["DATE", "TITLE", "ADDRESS"], &rows, colour)
}

fn article_in_words(previewed: &Previewed) -> String {
    let article = &previewed.article;
    let mut lines = vec![
        article.title.clone(),
        format!("  address      {}", article.url),
    ];
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push(format!("  {name:<12} {value}"));
        }
    };
    fact("published", article.published.map(|date| date.to_string()));
    fact("origin", article.origin.clone());
    fact("author", article.author.clone());
    fact("breadcrumb", Some(article.breadcrumb.join(" › ")));
    fact("summary", Some(article.summary.clone()));
    let size = format!(
        "{} characters, {} pictures",
        article.body_text.chars().count(),
        article.images.len()
    );
    fact(
        "body",
        article
            .complete
            .then_some(size)
            .filter(|_| !article.body_html.is_empty()),
    );
    for picture in &article.images {
        fact("picture", Some(picture.to_string()));
    }
    for file in &article.attachments {
        fact(
            "attachment",
            Some(format!("{} ({}) {}", file.title, file.media_type, file.url)),
        );
    }
    for (field, how) in &previewed.found_by {
        fact("found", Some(format!("{field} by {how}")));
    }
    for problem in &previewed.problems {
        fact("problem", Some(problem.clone()));
    }
    lines.join("\n")
}
