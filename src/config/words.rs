//! Durations and sizes in words: `15m`, `1h 30m`, `8 MiB`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a duration: ISO 8601 or jiff's friendly format, a day being 24 hours. None for what is no duration, is
/// below zero or names months and years, which have no fixed length.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.try_into().ok()
}

/// Reads a size in bytes: a number, a space or none, and a unit of powers of 1000 (`MB`) or 1024 (`MiB`).
pub(super) fn size(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 10] = [
        ("", 1),
        ("b", 1),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
    ];
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*bytes)
}

/// A duration as one would write it.
pub(super) fn duration_in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A size as one would write it.
pub(super) fn size_in_words(bytes: u64) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_words() {
        for (text, seconds) in [
            ("30s", 30),
            ("15m", 900),
            ("15 minutes", 900),
            ("1h 30m", 5_400),
            ("1h30m", 5_400),
            ("12h", 43_200),
            ("1d", 86_400),
            ("7 days", 604_800),
            ("2 weeks", 1_209_600),
            ("PT2H", 7_200),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
    }

    #[test]
    fn no_durations() {
        for text in [
            "",
            " ",
            "15",
            "15 minuets",
            "-5m",
            "5m ago",
            "1 month",
            "1y",
            "十分钟",
            "9999999999999h",
            "m",
            "\0",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_in_words() {
        for (text, bytes) in [
            ("8 MiB", 8 << 20),
            ("64MB", 64_000_000),
            ("500 KiB", 500 << 10),
            ("1 kb", 1_000),
            ("2GiB", 2 << 30),
            ("12", 12),
            ("12 B", 12),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "MiB",
            "8M",
            "1.5 MiB",
            "-1 B",
            "8 MiB!",
            "八 MiB",
            "99999999999 TiB",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn words_read_back() {
        for seconds in [1, 60, 90, 3_600, 86_400, 86_401] {
            let length = Duration::from_secs(seconds);
            assert_eq!(duration(&duration_in_words(length)), Some(length));
        }
        for bytes in [1 << 10, 8 << 20, 3 << 30, 1 << 40] {
            assert_eq!(size(&size_in_words(bytes)), Some(bytes));
        }
    }
}
