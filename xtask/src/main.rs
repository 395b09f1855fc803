//! The driver: every command of the project, `cargo xtask COMMAND`.
//!
//! Wires the crates together and talks to the terminal; decides nothing that a
//! library could decide.

mod cli;
mod command;
mod progress;
mod source;

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
        Command::Train(args) => command::train::run(&args),
    }
}
