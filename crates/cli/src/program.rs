//! A program with commands: its arguments in, its errors and its exit code out.

use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::Result;
use clap::Parser;

use crate::output;

/// What messages call the program.
const WRITTEN: &str = "cargo xtask";

/// What the user calls the program.
static NAME: OnceLock<&str> = OnceLock::new();

/// Runs a program that is called `name` on the arguments of this process.
///
/// Errors go to standard error in one line; a reader of the results that has gone away is
/// none. Messages of all crates name commands as `cargo xtask COMMAND`; the user reads
/// `NAME COMMAND`.
pub fn run<C: Parser>(name: &'static str, command: impl FnOnce(C) -> Result<ExitCode>) -> ExitCode {
    NAME.get_or_init(|| name);
    let done = match C::try_parse() {
        Ok(arguments) => tensor::simd::set_level_from_env()
            .map_err(anyhow::Error::from)
            .and_then(|_| command(arguments)),
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

/// A message as this program says it.
pub(crate) fn named(message: String) -> String {
    match NAME.get() {
        Some(&name) if name != WRITTEN => message.replace(WRITTEN, name),
        _ => message,
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
