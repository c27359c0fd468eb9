//! One table of a file while it is read: keys are asked for one by one, and what was never asked for is unknown.
//!
//! Reading goes on after a mistake, so that one run finds them all; the default stands in for the bad value.

use std::sync::Arc;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    keys,
    mistake::{File, Mistake, Place, SHOWN_MISTAKES},
};

/// A value with its key and its place.
pub(super) struct Value<'a> {
    pub(super) key: &'a str,
    pub(super) toml: &'a DeValue<'a>,
    pub(super) place: Place,
}

/// Why a value cannot be taken.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) help: Option<String>,
    /// The part of the value that is wrong, if not the whole.
    pub(super) place: Option<Place>,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            help: None,
            place: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The mistake, at `place` where the value does not say better.
    pub(super) fn into_mistake(self, place: &Place) -> Mistake {
        let place = self.place.unwrap_or_else(|| place.clone());
        Mistake::new(place, self.what, self.expected).help(self.help)
    }
}

impl Value<'_> {
    /// The mistake of a value of another type.
    pub(super) fn not(&self, expected: impl Into<String>) -> Wrong {
        Wrong::new(
            format!("`{}` is {}", self.key, type_name(self.toml)),
            expected,
        )
    }
}

/// A table while it is read.
pub(super) struct Section<'a> {
    title: &'static str,
    known: &'static [&'static str],
    table: Option<&'a DeTable<'a>>,
    file: &'a Arc<File>,
    /// Whether the file could be parsed to its end, so that what is absent is really absent.
    whole: bool,
    asked: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Section<'a> {
    /// The top of a file.
    pub(super) fn top(
        file: &'a Arc<File>,
        table: &'a DeTable<'a>,
        known: &'static [&'static str],
        whole: bool,
    ) -> Self {
        Self {
            title: "",
            known,
            table: Some(table),
            file,
            whole,
            asked: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Whether the file could be parsed to its end.
    pub(super) fn whole(&self) -> bool {
        self.whole
    }

    pub(super) fn add(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// Ends a section below this one.
    pub(super) fn close(&mut self, below: Self) {
        self.mistakes.extend(below.finish());
    }

    /// A key's value, if it is there.
    pub(super) fn value(&mut self, key: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.known.contains(&key), "`{key}` is missing in keys.rs");
        self.asked.push(key);
        let value = self.table?.get(key)?;
        Some(Value {
            key,
            toml: value.get_ref(),
            place: self.place(value),
        })
    }

    /// A key's value as `read` understands it; absent when it is not there or wrong.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'a>) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.get_placed(key, read).map(|(value, _)| value)
    }

    /// The same, with its place.
    pub(super) fn get_placed<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'a>) -> Result<T, Wrong>,
    ) -> Option<(T, Place)> {
        let value = self.value(key)?;
        match read(&value) {
            Ok(read) => Some((read, value.place)),
            Err(wrong) => {
                self.add(wrong.into_mistake(&value.place));
                None
            }
        }
    }

    /// A list whose members `read` understands; bad members are left out. Absent when the key is not there.
    pub(super) fn get_list<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        mut read: impl FnMut(&Value<'a>) -> Result<T, Wrong>,
    ) -> Option<Vec<(T, Place)>> {
        let value = self.value(key)?;
        let Some(array) = value.toml.as_array() else {
            let help = value.toml.is_str().then(|| {
                format!(
                    "write `{key} = [{}]`",
                    super::values::cut(value.place.text())
                )
            });
            self.add(value.not(expected).help(help).into_mistake(&value.place));
            return None;
        };
        let mut members = Vec::new();
        for member in array {
            let member = Value {
                key,
                toml: member.get_ref(),
                place: self.place(member),
            };
            match read(&member) {
                Ok(read) => members.push((read, member.place)),
                Err(wrong) => self.add(wrong.into_mistake(&member.place)),
            }
        }
        Some(members)
    }

    /// A section below this one; empty when it is not there.
    pub(super) fn section(
        &mut self,
        key: &'static str,
        title: &'static str,
        known: &'static [&'static str],
    ) -> Self {
        let table = self.get(key, |value| {
            value.toml.as_table().ok_or_else(|| {
                let help = value
                    .toml
                    .is_array()
                    .then(|| format!("write `{title}` with single brackets"));
                value
                    .not(format!("expected a section `{title}`"))
                    .help(help)
            })
        });
        self.below(title, known, table)
    }

    /// The blocks of a `[[repeated]]` section, each with the place of its header.
    pub(super) fn blocks(
        &mut self,
        key: &'static str,
        title: &'static str,
        known: &'static [&'static str],
    ) -> Vec<(Self, Place)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let expected = format!("expected blocks headed `{title}`");
        let Some(array) = value.toml.as_array() else {
            let help = value
                .toml
                .is_table()
                .then(|| format!("write `{title}`, with two brackets on each side"));
            self.add(value.not(expected).help(help).into_mistake(&value.place));
            // its keys are checked all the same
            let Some(table) = value.toml.as_table() else {
                return Vec::new();
            };
            return vec![(self.below(title, known, Some(table)), value.place)];
        };
        let mut blocks = Vec::new();
        for member in array {
            let place = self.place(member);
            let value = Value {
                key,
                toml: member.get_ref(),
                place: place.clone(),
            };
            match value.toml.as_table() {
                Some(table) => blocks.push((self.below(title, known, Some(table)), place)),
                None => self.add(value.not(expected.as_str()).into_mistake(&place)),
            }
        }
        blocks
    }

    /// Ends the reading: keys that were not asked for are unknown. Gives all mistakes.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        debug_assert!(
            self.known.iter().all(|key| self.asked.contains(key)),
            "keys.rs knows a key of {} that nothing reads",
            self.title
        );
        for (key, _) in self.table.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let mistake = self.unknown(name, self.place(key));
                self.mistakes.push(mistake);
            }
        }
        self.mistakes
    }

    fn unknown(&self, name: &str, place: Place) -> Mistake {
        let shown = super::values::cut(name);
        let (what, expected) = if self.title.is_empty() {
            (
                format!("unknown key or section `{shown}`"),
                "no such key or section",
            )
        } else {
            (
                format!("unknown key `{shown}` in `{}`", self.title),
                "no such key here",
            )
        };
        let help = if self.mistakes.len() > SHOWN_MISTAKES {
            // nobody will read it, and comparing words takes its time
            None
        } else if self.known == keys::INCLUDED && keys::TOP.contains(&name) {
            Some("an included file holds `[[source]]` blocks; other sections belong in the main file".to_owned())
        } else {
            Some(keys::advice(name, self.title, self.known))
        };
        Mistake::new(place, what, expected).help(help)
    }

    fn below(
        &self,
        title: &'static str,
        known: &'static [&'static str],
        table: Option<&'a DeTable<'a>>,
    ) -> Self {
        Self {
            title,
            known,
            table,
            file: self.file,
            whole: self.whole,
            asked: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    fn place<T>(&self, spanned: &Spanned<T>) -> Place {
        Place {
            file: Arc::clone(self.file),
            span: spanned.span(),
        }
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
