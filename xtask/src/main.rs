//! The driver: every command of the project, `cargo xtask COMMAND`.
//!
//! Wires the crates together and talks to the terminal; decides nothing that a
//! library could decide.

mod asking;
mod change;
mod cli;
mod command;
mod deletions;
mod forecast;
mod interrupt;
mod options;
mod output;
mod plan_text;
mod progress;
mod run_info;
mod source;
mod study;
mod text_input;
mod threads;
mod weights;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => run(cli),
        // Help and version are results; what is wrong with the arguments is not.
        Err(told) if told.use_stderr() => told.exit(),
        Err(told) => output::print(told.render()).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) if output::is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("error: {}", in_words(&error)));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, except for causes that it names already.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        known if known.contains(&cause) => text,
        known => format!("{known}: {cause}"),
    })
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    tensor::simd::set_level_from_env()?;
    let done = match cli.command {
        Command::Reproduce(args) => return command::reproduce::run(&args),
        Command::Data(args) => command::data::run(args),
        Command::Train(args) => return command::train::run(&args),
        Command::Eval(args) => command::eval::run(&args),
        Command::Lesion(args) => return command::lesion::run(&args),
        Command::Models(args) => command::models::run(&args),
        Command::Bench(args) => command::bench::run(&args),
        Command::Test => command::test::test(),
        Command::Ci => command::test::ci(),
    };
    done.map(|()| ExitCode::SUCCESS)
}
