//! Whole behaviours, one file each.

mod architecture;
mod config;
mod feeds;
mod serve;
mod support;
