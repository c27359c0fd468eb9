//! Whole behaviours, one file each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop there")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod journal;
mod making;
mod store;
mod stories;

mod architecture;
mod config;
mod departments;
mod fault_server;
mod feeds;
mod fetch;
mod polling;
mod politeness;
mod program;
mod reach;
mod replay;
mod serve;
mod site;
mod support;
