//! Whole behaviours, one file each.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop there"
)]

mod architecture;
mod config;
mod feeds;
mod polling;
mod program;
mod serve;
mod support;
mod fault_server;
mod feeds;
mod fetch;
mod politeness;
mod reach;
