//! The commands: `unravel COMMAND`, and in the repository `cargo xtask COMMAND`.
//!
//! Wires the crates together and talks to the terminal; decides nothing that a
//! library could decide.

mod asking;
mod change;
mod command;
mod deletions;
mod forecast;
mod interrupt;
mod options;
pub mod output;
mod plan_text;
mod program;
mod progress;
mod run_info;
mod source;
mod study;
mod text_input;
mod threads;
mod weights;

pub use command::Command;
pub use command::lesion::answer_shown;
pub use program::run;
pub use source::project_root;
