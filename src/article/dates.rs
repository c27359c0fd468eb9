//! Dates as pages show them, read without guessing.

use std::fmt;

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};

/// When something was published: a day, or an instant where the site shows a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Published {
    /// A day in the site's time zone.
    Day(Date),
    /// An instant, with the site's offset.
    At(Timestamp, Offset),
}

/// How a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateFrom {
    /// The article's page shows it.
    Page,
    /// The article's page declares it.
    Meta,
    /// The list shows it.
    List,
    /// The address holds it.
    Url,
}

impl Published {
    /// The instant that stands for it: a day's first moment in `timezone`.
    pub fn instant(self, timezone: &TimeZone) -> Timestamp {
        match self {
            Self::At(at, _) => at,
            // the first moment of a day exists in every zone; only a date at the calendar's end can fail
            Self::Day(day) => day
                .to_zoned_datetime(timezone.clone())
                .map_or(Timestamp::MIN, |z| z.timestamp()),
        }
    }

    /// The calendar day, at the site.
    pub fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::At(at, offset) => offset.to_datetime(at).date(),
        }
    }
}

/// RFC 3339 with the site's offset, or `YYYY-MM-DD`.
impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at, offset) => at.display_with_offset(*offset).fmt(f),
        }
    }
}

impl std::str::FromStr for Published {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 10 {
            return text.parse().map(Self::Day);
        }
        let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text)?;
        let at: Timestamp = text.parse()?;
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        Ok(Self::At(at, offset))
    }
}

impl Serialize for Published {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Published {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
