//! Whole behaviours, one file each.
