//! The commands, run as a user runs them.

mod answers;
mod bad_input;
mod bench;
mod doctor;
mod dry_run;
mod foreign;
mod logs;
mod own_plans;
mod pieces;
mod pipes;
mod records;
mod report;
mod speed;
