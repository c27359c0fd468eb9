//! Whole behaviours, one file each.
mod config;
