//! Whole behaviours, one file each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod journal;
mod making;
mod store;
mod stories;

mod architecture;
mod feeds;
mod config;
