//! Whole behaviours, one file each.

mod lists;
