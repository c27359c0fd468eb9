//! What a person or a monitor is told of a source: `/api/sources`, `schoolbell status`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Source, Tls,
    rhythm::Rhythm,
    state::{Fault, Outcome, Reason, Recent, SourceState},
};

/// A source's health, in the words of the contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its id.
    pub id: String,
    /// Its title: configured, else the page's own.
    pub title: String,
    /// Its list page.
    pub url: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Whether it is polled.
    pub enabled: bool,
    /// How many articles are kept of it.
    pub articles: u64,
    /// Items on its list when that was last understood.
    pub items: u32,
    /// When it was last polled.
    pub last_poll: Option<Timestamp>,
    /// When it was last reached and understood.
    pub last_success: Option<Timestamp>,
    /// Its health in a word: `ok`, `waiting` before the first poll, `off`, or the fault's kind.
    pub health: String,
    /// What is wrong with it, if anything is.
    pub last_error: Option<Fault>,
    /// How many polls have failed in a row.
    pub failures: u32,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
    /// What is asked of its server's TLS: `strict`, `legacy`, `insecure`; absent for a list page by http.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Where its list page redirects to for good: what to put into the configuration.
    #[serde(default)]
    pub moved_to: Option<String>,
    /// Why it is due then.
    pub next_poll_reason: Option<NextPollReason>,
    /// How the last polls went, the latest last: `n` something new, `-` nothing new, `f` failed.
    #[serde(default)]
    pub recent: Vec<Recent>,
    /// How many articles a week are expected of it at present, once its list was read.
    pub articles_a_week: Option<f64>,
}

/// Why a source is due when it is, in a word for machines and in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextPollReason {
    /// What decided it.
    pub kind: Reason,
    /// The same in words.
    pub words: String,
}

impl SourceReport {
    /// Puts together what the configuration and the store know.
    pub fn new(source: &Source, state: Option<SourceState>, articles: u64) -> Self {
        let state = state.unwrap_or_default();
        let health = health(source, Some(&state)).to_owned();
        let next_poll_reason = state
            .reason
            .filter(|_| source.enabled)
            .map(|kind| NextPollReason {
                kind,
                words: reason(kind, source, &state),
            });
        Self {
            id: source.id.to_string(),
            title: source.shown_title(state.title.as_deref()).to_owned(),
            url: source.url.to_string(),
            groups: source.groups.clone(),
            enabled: source.enabled,
            articles,
            items: state.items,
            health,
            last_poll: state.last_poll,
            last_success: state.last_success,
            last_error: state.outcome.and_then(|outcome| match outcome {
                Outcome::Failed(fault) => Some(fault),
                Outcome::Read { .. } | Outcome::Unchanged => None,
            }),
            failures: state.failures,
            next_poll: state.next_poll.filter(|_| source.enabled),
            tls: (source.url.scheme() == "https").then_some(source.request.tls),
            moved_to: state.moved_to.map(String::from),
            next_poll_reason,
            recent: state.recent,
            articles_a_week: state.rhythm.as_ref().map(rounded_rate),
        }
    }
}

impl SourceReport {
    /// What a person should know of how the source is reached, although it works.
    pub fn notes(&self) -> Vec<String> {
        let moved = self
            .moved_to
            .as_ref()
            .map(|to| format!("{} has moved for good: set url = \"{to}\"", self.url));
        let loose = match self.tls {
            None | Some(Tls::Strict) => None,
            Some(tls @ Tls::Legacy) => Some(format!(
                "tls = \"{}\": old protocols and ciphers are spoken",
                tls.as_str()
            )),
            Some(tls @ Tls::Insecure) => Some(format!(
                "tls = \"{}\": any certificate is taken",
                tls.as_str()
            )),
        };
        moved.into_iter().chain(loose).collect()
    }
}

fn reason(kind: Reason, source: &Source, state: &SourceState) -> String {
    match kind {
        Reason::Every => {
            let every = source.every.or(state.interval).unwrap_or_default();
            format!("polled every {}, as configured", span(every))
        }
        Reason::Rhythm => match &state.rhythm {
            Some(rhythm) => format!(
                "{} articles a week expected, most of them {}",
                rounded_rate(rhythm),
                rhythm.habits()
            ),
            None => "its rhythm is not known yet".to_owned(),
        },
        Reason::Failures => match state.failures {
            1 => "the last poll failed".to_owned(),
            failures => format!("the last {failures} polls failed"),
        },
        Reason::RetryAfter => "the server asks to be left alone until then".to_owned(),
        Reason::MaxAge => "the server says that the page stays as it is until then".to_owned(),
    }
}

/// As much of it as means anything.
fn rounded_rate(rhythm: &Rhythm) -> f64 {
    (rhythm.articles_a_week() * 10.0).round() / 10.0
}

fn span(duration: Duration) -> String {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let rounded = SignedDuration::from_secs(seconds);
    format!("{rounded:#}")
}

/// A source's health in a word: see [`SourceReport::health`].
pub fn health(source: &Source, state: Option<&SourceState>) -> &'static str {
    if !source.enabled {
        return "off";
    }
    match state.and_then(|state| state.outcome.as_ref()) {
        None => "waiting",
        Some(Outcome::Failed(fault)) => fault.kind.as_str(),
        Some(Outcome::Read { .. } | Outcome::Unchanged) => "ok",
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::config::Config;

    #[test]
    fn loose_tls_and_a_new_address_are_told() {
        let report = |url: &str, tls: &str, moved_to: Option<&str>| {
            let text = format!("[[source]]\nurl = '{url}'\ntls = '{tls}'\n");
            let source = &Config::parse(&text, "test").unwrap().sources[0];
            let state = SourceState {
                moved_to: moved_to.map(|to| Url::parse(to).unwrap()),
                ..SourceState::default()
            };
            SourceReport::new(source, Some(state), 0)
        };
        let (http, https) = ("http://a.example/", "https://a.example/");
        assert_eq!(report(https, "strict", None).notes(), [""; 0]);
        assert_eq!(report(http, "insecure", None).notes(), [""; 0]);
        assert_eq!(
            report(https, "insecure", None).notes(),
            ["tls = \"insecure\": any certificate is taken"]
        );
        assert_eq!(
            report(https, "legacy", Some("https://b.example/")).notes(),
            [
                "https://a.example/ has moved for good: set url = \"https://b.example/\"",
                "tls = \"legacy\": old protocols and ciphers are spoken"
            ]
        );
        assert_eq!(report(https, "legacy", None).tls, Some(Tls::Legacy));
        assert_eq!(report(http, "legacy", None).tls, None);
    }
}
