//! Whole behaviours, one file each.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod departments;
mod replay;
mod support;

mod lists;
