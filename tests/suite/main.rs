//! Whole behaviours, one file each.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod replay;
mod support;
