//! Mistakes as data, and how they are shown.
//!
//! In: places in files and words about them. Out: text in the manner of compilers, a caret under each place. A file
//! may be hostile: what is shown of it is one line, cut where long, with control characters made visible.

use std::{fmt, ops::Range, path::PathBuf, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// Mistakes shown in full; of the rest only the number is told.
pub(super) const SHOWN_MISTAKES: usize = 200;

/// A longer line is not shown: the place is told by line and column alone.
const SHOWN_LINE_BYTES: usize = 4_000;

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// There is no such file.
    NotFound {
        /// The paths that were tried, in order.
        looked_at: Vec<PathBuf>,
    },
    /// The file is there and cannot be read.
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why, in words.
        why: String,
    },
    /// What the files say cannot be meant: all mistakes, in the order of the files.
    Mistakes(Vec<Mistake>),
}

/// One mistake: where it is, and what was expected there.
#[derive(Clone, Debug)]
pub struct Mistake {
    pub(super) place: Place,
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) earlier: Option<(Place, String)>,
    pub(super) help: Option<String>,
}

/// A file's name and text.
#[derive(Debug)]
pub(super) struct File {
    /// As the user would write it.
    pub(super) name: String,
    pub(super) text: String,
    /// Its turn among the files.
    pub(super) order: usize,
}

/// A part of a file, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: Arc<File>,
    pub(super) span: Range<usize>,
}

impl ConfigError {
    /// The whole report, for a terminal with `color`, plain without.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        match self {
            Self::NotFound { looked_at } => {
                let paths: Vec<_> = looked_at
                    .iter()
                    .map(|p| format!("`{}`", p.display()))
                    .collect();
                let group = Group::with_title(Level::ERROR.primary_title("no configuration file"))
                    .element(Level::NOTE.message(format!("looked for {}", paths.join(", then "))))
                    .element(Level::HELP.message(
                        "name a file with `--config FILE` or in `SCHOOLBELL_CONFIG`; it needs no more than \
                         `[[source]]` and below it `url = \"http://jyt.example.gov.cn/jynews/\"`",
                    ))
                    .element(Level::HELP.message(
                        "`config/schoolbell.toml` of the project explains every key, see README.md; \
                         `schoolbell demo` needs no file",
                    ));
                renderer.render(&[group])
            }
            Self::Unreadable { path, why } => {
                let title = format!("cannot read `{}`: {why}", path.display());
                renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))])
            }
            Self::Mistakes(mistakes) => render_mistakes(mistakes, &renderer),
        }
    }

    /// The mistakes, if it is for those.
    pub fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Mistakes(mistakes) => mistakes,
            Self::NotFound { .. } | Self::Unreadable { .. } => &[],
        }
    }
}

/// The report without colours.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for ConfigError {}

impl Mistake {
    pub(super) fn new(place: Place, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            place,
            what: what.into(),
            expected: expected.into(),
            earlier: None,
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) fn earlier(mut self, place: Place, words: impl Into<String>) -> Self {
        self.earlier = Some((place, words.into()));
        self
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.place.file.name
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.place.line().number
    }

    /// The column, from 1, in characters.
    pub fn column(&self) -> usize {
        self.place.line().column
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it, if that is known.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What was expected at the place.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What to do, where that is known.
    pub fn help_words(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What mistakes are sorted by: the file's turn, and the place in it.
    pub(super) fn turn(&self) -> (usize, usize) {
        (self.place.file.order, self.place.span.start)
    }

    fn group(&self) -> Group<'_> {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.what.as_str()));
        group = self
            .place
            .show(group, AnnotationKind::Primary, &self.expected);
        if let Some((place, words)) = &self.earlier {
            group = place.show(group, AnnotationKind::Context, words);
        }
        match &self.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

/// The line that a place begins in.
struct Line<'a> {
    text: &'a str,
    start: usize,
    number: usize,
    column: usize,
}

impl Place {
    /// The part of its file that it names; empty at worst.
    pub(super) fn text(&self) -> &str {
        self.file.text.get(self.span.clone()).unwrap_or_default()
    }

    /// A place inside this one. The two ends must be character boundaries, else it is the whole place.
    pub(super) fn inside(&self, part: Range<usize>) -> Self {
        let span = self.span.start + part.start..self.span.start + part.end;
        let fits = span.end <= self.span.end && self.file.text.get(span.clone()).is_some();
        Self {
            file: Arc::clone(&self.file),
            span: if fits { span } else { self.span.clone() },
        }
    }

    fn line(&self) -> Line<'_> {
        let text = self.file.text.as_str();
        let at = text.floor_char_boundary(self.span.start);
        let (before, after) = text.split_at(at);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let end = after.find('\n').map_or(text.len(), |i| at + i);
        // a byte order mark takes no column
        let column = before[start..].chars().filter(|c| *c != '\u{feff}').count() + 1;
        Line {
            text: text[start..end].trim_end_matches('\r'),
            start,
            number: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column,
        }
    }

    /// One line with a caret. A place that reaches over several lines is shown by its first.
    fn show<'a>(&'a self, group: Group<'a>, kind: AnnotationKind, words: &'a str) -> Group<'a> {
        let line = self.line();
        if line.text.len() > SHOWN_LINE_BYTES {
            let origin = Origin::path(self.file.name.as_str())
                .line(line.number)
                .char_column(line.column);
            return group.element(origin).element(Level::NOTE.message(words));
        }
        // the mark would take a column of its own
        let (shown, start) = match line.text.strip_prefix('\u{feff}') {
            Some(rest) => (rest, line.start + '\u{feff}'.len_utf8()),
            None => (line.text, line.start),
        };
        let from = self.span.start.saturating_sub(start).min(shown.len());
        let to = self.span.end.saturating_sub(start).clamp(from, shown.len());
        let caret = shown.floor_char_boundary(from)..shown.ceil_char_boundary(to);
        group.element(
            Snippet::source(shown)
                .path(self.file.name.as_str())
                .line_start(line.number)
                .annotation(kind.span(caret).label(words)),
        )
    }
}

fn render_mistakes(mistakes: &[Mistake], renderer: &Renderer) -> String {
    let mut parts: Vec<String> = mistakes
        .iter()
        .take(SHOWN_MISTAKES)
        .map(|mistake| renderer.render(&[mistake.group()]))
        .collect();
    if mistakes.len() > SHOWN_MISTAKES {
        parts.push(format!("and {} more", mistakes.len() - SHOWN_MISTAKES));
    }
    let mut files: Vec<&str> = mistakes.iter().map(Mistake::file).collect();
    files.dedup();
    parts.push(match (mistakes.len(), files.as_slice()) {
        (1, [file]) => format!("1 mistake in {file}"),
        (n, [file]) => format!("{n} mistakes in {file}"),
        (n, files) => format!("{n} mistakes in {} files", files.len()),
    });
    parts.join("\n\n")
}
