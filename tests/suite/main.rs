//! Whole behaviours, one file each.

mod architecture;
mod feeds;
mod config;
