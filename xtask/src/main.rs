//! The driver: every command of the project.
fn main() {}
