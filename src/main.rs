//! The command: parse, run, print, exit.
fn main() {}
