//! The commands `eval`, `lesion` and `models`, run as a user runs them.

mod answers;
mod bad_input;
mod bench;
