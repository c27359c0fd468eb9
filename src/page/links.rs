//! Addresses, absolute and normalised.
