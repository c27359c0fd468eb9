//! Site families as data.
