//! Every key, by section: what an unknown one is compared with.

/// The main file's top.
pub(super) const TOP: &[&str] = &[
    "lang", "include", "server", "store", "fetch", "schedule", "feed", "dedup", "websub", "source",
];
/// An included file's top.
pub(super) const INCLUDED: &[&str] = &["include", "source"];
/// `[server]`.
pub(super) const SERVER: &[&str] = &["listen", "public_url", "token", "remote_pictures"];
/// `[store]`.
pub(super) const STORE: &[&str] = &["path", "cache", "keep_days", "keep_per_source"];
/// `[fetch]`.
pub(super) const FETCH: &[&str] = &[
    "user_agent",
    "concurrency",
    "per_host",
    "delay",
    "timeout",
    "max_body",
    "robots",
    "proxy",
    "allow_private",
];
/// `[schedule]`.
pub(super) const SCHEDULE: &[&str] = &["min", "max"];
/// `[feed]`.
pub(super) const FEED: &[&str] = &["entries", "content"];
/// `[dedup]`.
pub(super) const DEDUP: &[&str] = &["across"];
/// `[websub]`.
pub(super) const WEBSUB: &[&str] = &["hub"];
/// `[[source]]`.
pub(super) const SOURCE: &[&str] = &[
    "url",
    "id",
    "aliases",
    "title",
    "groups",
    "every",
    "kind",
    "preset",
    "timezone",
    "pages",
    "full_text",
    "tls",
    "headers",
    "enabled",
    "delay",
    "timeout",
    "user_agent",
    "proxy",
    "robots",
    "max_body",
    "content",
    "list",
    "article",
    "filter",
];
/// `[source.list]`.
pub(super) const LIST: &[&str] = &["item", "link", "title", "date", "next"];
/// `[source.article]`.
pub(super) const ARTICLE: &[&str] = &["title", "date", "origin", "author", "body", "remove"];
/// `[source.filter]`.
pub(super) const FILTER: &[&str] = &["include", "exclude"];

/// All sections, by the title that a file gives them.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("[server]", SERVER),
    ("[store]", STORE),
    ("[fetch]", FETCH),
    ("[schedule]", SCHEDULE),
    ("[feed]", FEED),
    ("[dedup]", DEDUP),
    ("[websub]", WEBSUB),
    ("[[source]]", SOURCE),
    ("[source.list]", LIST),
    ("[source.article]", ARTICLE),
    ("[source.filter]", FILTER),
];

/// The candidate most like `word`, if one is like it at all.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    const LONGEST_WORD_CHARS: usize = 60;
    let length = word.chars().count();
    if length > LONGEST_WORD_CHARS {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= (length / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to do about a key that the section does not know.
pub(super) fn advice(unknown: &str, section: &str, known: &[&str]) -> String {
    // a key after the header of the next section is the commonest slip of TOML
    let home = |title: &&(&str, &[&str])| title.0 != section && title.1.contains(&unknown);
    if let Some((title, _)) = SECTIONS.iter().find(home) {
        return match (section, *title) {
            ("[source.list]" | "[source.article]" | "[source.filter]", "[[source]]") => {
                format!("`{unknown}` is a key of `[[source]]`: write it above `{section}`")
            }
            _ => format!("`{unknown}` is a key of `{title}`"),
        };
    }
    if let Some(near) = nearest(unknown, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let near_in = |(title, known): &(&'static str, &'static [&'static str])| {
        nearest(unknown, known.iter().copied()).map(|near| (*title, near))
    };
    if let Some((title, near)) = SECTIONS.iter().find_map(near_in) {
        return format!("did you mean `{near}`, a key of `{title}`?");
    }
    let known: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    format!("the keys here are {}", known.join(", "))
}
