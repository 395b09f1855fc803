//! `cargo xtask trust`: the long checks of what `docs/reliability.md` promises. The suite
//! has the short ones.

mod bits;
mod kill;
mod levels;
mod server;
mod victim;

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

/// The promises that take longer than the test suite may.
#[derive(Subcommand)]
pub(crate) enum Trust {
    /// Train and reproduce again, with 1, 2, 3, 4 and 8 threads: not a bit may differ
    Bits,
    /// Every network of the catalogue at every SIMD level: at most 2 of 10,000 answers may differ
    Levels,
    /// Kill trainings, sweeps, downloads and reports at random moments, until they end as if
    /// nothing had happened
    Kill {
        /// Kills in all
        #[arg(long, default_value_t = 200)]
        times: u32,
        /// Decides the moments
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

pub(crate) fn run(trust: &Trust) -> Result<()> {
    match *trust {
        Trust::Bits => bits::run(),
        Trust::Levels => levels::run(),
        Trust::Kill { times, seed } => kill::run(times, seed),
    }
}

/// This program with other arguments, its state in `state`, and silent.
fn own(args: &[&str], state: &Path) -> Result<Command> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let mut command = Command::new(program);
    command.args(args).env("XDG_STATE_HOME", state);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

/// Runs to the end.
fn finish(mut command: Command) -> Result<()> {
    let output = command.stderr(Stdio::piped()).output().context("cannot start this program")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}: {told}", output.status);
    Ok(())
}

/// A path as an argument.
fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{}: its name is not UTF-8", path.display()))
}
