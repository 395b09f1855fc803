//! The driver: every command of the project, `cargo xtask COMMAND`.
//!
//! Wires the crates together and talks to the terminal; decides nothing that a
//! library could decide.

mod cli;
mod command;
mod progress;
mod run_info;
mod source;
mod study;
mod weights;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    tensor::simd::set_level_from_env()?;
    match cli.command {
        Command::Reproduce(args) => command::reproduce::run(&args),
        Command::Data(args) => command::data::run(args),
        Command::Train(args) => command::train::run(&args),
        Command::Eval(args) => command::eval::run(&args),
        Command::Lesion(args) => command::lesion::run(&args),
        Command::Models(args) => command::models::run(&args),
        Command::Test => command::test::test(),
        Command::Ci => command::test::ci(),
    }
}
