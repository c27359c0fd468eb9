//! story.
