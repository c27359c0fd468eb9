#![doc = include_str!("../ARCHITECTURE.md")]

// nouns: bytes and values in, values out; no clock, disk, network, log or chance
pub mod article;
pub mod feed;
pub mod list;
pub mod page;
pub mod source;
pub mod story;

// verbs: they touch the world, wait, fail and remember
pub mod discover;
pub mod fetch;
pub mod journal;
pub mod metrics;
pub mod poll;
pub mod schedule;
pub mod serve;
pub mod store;
pub mod websub;

// the frame
pub mod cli;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod demo;
