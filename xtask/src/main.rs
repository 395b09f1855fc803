//! The driver of the repository, `cargo xtask COMMAND`: the commands of `unravel`, the test
//! suite, and what CI checks.

mod browser;
mod ci;
mod files;
mod reference;
mod trust;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Lesion studies of residual networks, on a CPU.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Unravel(Box<cli::Command>),
    /// Run the test suite
    Test,
    /// Run all that CI checks, cheapest first
    Ci,
    /// Check the promises of docs/reliability.md at length
    #[command(subcommand)]
    Trust(trust::Trust),
}

fn main() -> ExitCode {
    cli::run("cargo xtask", |Xtask { command }| match command {
        Command::Unravel(command) => command.run(),
        Command::Test => ci::test().map(|()| ExitCode::SUCCESS),
        Command::Ci => ci::run().map(|()| ExitCode::SUCCESS),
        Command::Trust(trust) => trust::run(&trust).map(|()| ExitCode::SUCCESS),
    })
}
