//! Bytes to text: the one place that chooses a charset.
