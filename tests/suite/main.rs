//! Whole behaviours, one file each.

mod articles;
mod lists;
