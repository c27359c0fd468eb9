//! What is different on a terminal: colour, and bars that tell how far something is.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Colour on a terminal, unless `NO_COLOR` (no-color.org) is set.
pub fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A bar of so many steps on standard error, where that is a terminal; `words` say what the steps are.
pub(super) fn progress(steps: usize, words: &str) -> ProgressBar {
    let template = format!("{{bar:40}} {{pos}} of {{len}} {words}, {{elapsed}} {{wide_msg}}");
    let bar = ProgressBar::new(steps as u64);
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
