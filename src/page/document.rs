//! Parsed HTML and what we ask of it: the one file that knows scraper.

use std::fmt;

/// A CSS selector, compiled once.
#[derive(Clone)]
pub struct Selector {
    text: String,
    compiled: scraper::Selector,
}

/// Why a text is no selector.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no CSS selector: {why}")]
pub struct InvalidSelector {
    text: String,
    why: String,
}

impl Selector {
    /// Compiles a selector.
    ///
    /// # Errors
    /// The text is no CSS selector.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        match scraper::Selector::parse(text) {
            Ok(compiled) => Ok(Self {
                text: text.to_owned(),
                compiled,
            }),
            Err(error) => Err(InvalidSelector {
                text: text.to_owned(),
                why: error.to_string(),
            }),
        }
    }

    /// The selector as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({})", self.text)
    }
}

/// `SELECTOR` or `SELECTOR@ATTRIBUTE`: an element's text, or one of its attributes.
#[derive(Clone, Debug)]
pub struct Pick {
    /// The element.
    pub selector: Selector,
    /// The attribute, or the text where absent.
    pub attribute: Option<String>,
}

impl Pick {
    /// Reads `SELECTOR` or `SELECTOR@ATTRIBUTE`.
    ///
    /// # Errors
    /// The part before `@` is no CSS selector.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        // an `@` inside `[href="a@b"]` or `"…"` is no separator
        let (selector, attribute) = match text.rsplit_once('@') {
            Some((selector, name))
                if !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') =>
            {
                (selector, Some(name.to_ascii_lowercase()))
            }
            _ => (text, None),
        };
        Ok(Self {
            selector: Selector::parse(selector)?,
            attribute,
        })
    }
}
