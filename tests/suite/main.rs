//! Whole behaviours, one file each.

mod architecture;
mod config;
mod feeds;
mod polling;
mod program;
mod serve;
mod support;
