//! Whole behaviours, one file each.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop there"
)]

mod access;
mod architecture;
mod articles;
mod config;
mod connections;
mod departments;
mod discover;
mod fault_server;
mod faults;
mod feeds;
mod fetch;
mod hostile;
mod journal;
mod lists;
mod making;
mod metrics;
mod pages;
mod paging;
mod politeness;
mod polling;
mod program;
mod reach;
mod recovery;
mod replay;
mod restore;
mod search;
mod serve;
mod site;
mod store;
mod stories;
mod support;
mod telling;
mod validity;
mod websub;
