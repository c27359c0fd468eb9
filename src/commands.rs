//! One short file for each command.

pub mod extract;
