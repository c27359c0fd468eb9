//! Where a record lies.

use std::fmt;

/// Where a record lies: in which segment, and at which byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The segment's number, from 1.
    pub segment: u32,
    /// The record's first byte.
    pub offset: u32,
}

impl Position {
    /// Before all records.
    pub const START: Self = Self {
        segment: 0,
        offset: 0,
    };

    /// Both in one number, in the same order.
    pub fn to_u64(self) -> u64 {
        u64::from(self.segment) << 32 | u64::from(self.offset)
    }

    /// The reverse of [`Position::to_u64`].
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the two halves are taken apart"
    )]
    pub fn from_u64(packed: u64) -> Self {
        Self {
            segment: (packed >> 32) as u32,
            offset: packed as u32,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}.log at byte {}", self.segment, self.offset)
    }
}
