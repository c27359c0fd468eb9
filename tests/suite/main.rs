//! Whole behaviours, one file each.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop there"
)]

mod fault_server;
mod fetch;
mod politeness;
mod reach;

mod architecture;
mod feeds;
mod config;
