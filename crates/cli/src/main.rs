//! The program `unravel`.

use std::process::ExitCode;

use clap::Parser;

/// Lesion studies of residual networks, on a CPU.
#[derive(Parser)]
#[command(name = "unravel", version)]
struct Unravel {
    #[command(subcommand)]
    command: cli::Command,
}

fn main() -> ExitCode {
    cli::run("unravel", |Unravel { command }| command.run())
}
