//! What several behaviours' tests need.

pub(crate) mod replay;
