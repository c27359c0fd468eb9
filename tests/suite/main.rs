//! Whole behaviours, one file each.

mod fault_server;
mod fetch;
