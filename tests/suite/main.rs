//! Whole behaviours, one file each.

mod articles;
mod hostile;
mod lists;
