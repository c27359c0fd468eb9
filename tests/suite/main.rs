//! Whole behaviours, one file each.

mod architecture;
mod feeds;
