//! The program starts here.
fn main() {}
