//! What a page bears, noted once: its classes, ids and names.
//!
//! In: a page's elements, one by one. Out: an [`Index`]. A selector or a site family's mark that names a class which
//! is nowhere on the page needs no look at the page's thousands of elements.

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the words of `class`.
    Class,
    /// `id`.
    Id,
    /// `name`.
    Name,
}

/// The classes, ids and names of a page, each once.
#[derive(Debug, Default)]
pub struct Index {
    known: FxHashSet<u64>,
    /// The names themselves, one after the other.
    text: String,
    /// Where each begins and ends in `text`.
    places: Vec<(Kind, u32, u32)>,
}

impl Index {
    /// Notes what an element bears.
    pub(super) fn note<'a>(&mut self, attributes: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in attributes {
            match name {
                "class" => {
                    for class in value.split_ascii_whitespace() {
                        self.add(Kind::Class, class);
                    }
                }
                "id" => self.add(Kind::Id, value.trim()),
                "name" => self.add(Kind::Name, value.trim()),
                _ => {}
            }
        }
    }

    fn add(&mut self, kind: Kind, name: &str) {
        if name.is_empty() || !self.known.insert(hash(kind, name)) {
            return;
        }
        let place = |at: usize| u32::try_from(at).ok();
        let start = self.text.len();
        if let (Some(start), Some(end)) = (place(start), place(start + name.len())) {
            self.text.push_str(name);
            self.places.push((kind, start, end));
        }
    }

    /// Whether some element bears that name.
    pub fn has(&self, kind: Kind, name: &str) -> bool {
        self.known.contains(&hash(kind, name))
    }

    /// All names, in the order in which they are first met.
    pub fn all(&self) -> impl Iterator<Item = (Kind, &str)> {
        let text = |from: u32, to: u32| &self.text[from as usize..to as usize];
        self.places
            .iter()
            .map(move |&(kind, from, to)| (kind, text(from, to)))
    }
}

fn hash(kind: Kind, name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), kind as u64)
}

/// What a page must bear for a selector to match anything on it: for each of its alternatives, names that are all
/// there.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs(Vec<Vec<(Kind, String)>>);

impl Needs {
    /// Reads a selector that compiles. Where it asks for more than plain names, less is needed of the page.
    pub(super) fn of(selector: &str) -> Self {
        // what stands in parentheses may be what must not be there; a backslash hides what follows
        if selector.contains(['(', '\\', '"', '\'']) {
            return Self(vec![Vec::new()]);
        }
        Self(selector.split(',').map(names_in).collect())
    }

    /// Whether the page bears enough.
    pub(super) fn are_met_by(&self, index: &Index) -> bool {
        let met = |names: &Vec<(Kind, String)>| names.iter().all(|(kind, n)| index.has(*kind, n));
        self.0.iter().any(met)
    }
}

fn names_in(alternative: &str) -> Vec<(Kind, String)> {
    let mut names = Vec::new();
    let mut rest = alternative;
    while let Some(at) = rest.find(['.', '#', '[']) {
        let kind = match rest.as_bytes()[at] {
            b'.' => Kind::Class,
            b'#' => Kind::Id,
            _ => {
                rest = rest[at..].split_once(']').map_or("", |(_, rest)| rest);
                continue;
            }
        };
        rest = &rest[at + 1..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        names.push((kind, rest[..end].to_owned()));
        rest = &rest[end..];
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_noted_once_and_apart_by_kind() {
        let mut index = Index::default();
        let attributes = [
            ("class", "news  list"),
            ("id", " list "),
            ("title", "x"),
            ("class", "list"),
        ];
        index.note(attributes.into_iter());
        let all: Vec<_> = index.all().collect();
        let expected = [
            (Kind::Class, "news"),
            (Kind::Class, "list"),
            (Kind::Id, "list"),
        ];
        assert_eq!(all, expected);
        assert!(index.has(Kind::Id, "list") && !index.has(Kind::Id, "news"));
    }

    #[test]
    fn a_selector_needs_the_names_of_one_of_its_alternatives() {
        let mut index = Index::default();
        index.note([("class", "a b"), ("id", "c")].into_iter());
        for (selector, met) in [
            ("div", true),
            (".a", true),
            (".a.b > #c li", true),
            (".c", false),
            (".a .d", false),
            (".d, p", true),
            (".d, #c.a", true),
            (".d, #a", false),
            ("a[href$=.htm]", true),
            ("[href$=.htm] .d", false),
            ("p:not(.d)", true),
            (".d:not(.a)", true), // not known, so looked for
            (r##"[title="#d"]"##, true),
        ] {
            assert_eq!(Needs::of(selector).are_met_by(&index), met, "{selector}");
        }
    }
}
