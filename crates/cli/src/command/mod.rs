//! The commands, one file each.

mod bench;
mod conventions;
mod data;
mod doctor;
mod eval;
pub(crate) mod lesion;
mod models;
mod reproduce;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What the user asks for.
#[derive(Subcommand)]
pub enum Command {
    /// Regenerate every figure, the claims and the page, from shipped weights
    Reproduce(reproduce::ReproduceArgs),
    /// Fetch or import CIFAR-10
    Data(data::DataArgs),
    /// Train a network from scratch
    Train(train::TrainArgs),
    /// The error of a network, intact or under a lesion
    Eval(eval::EvalArgs),
    /// One experiment on any weights
    Lesion(lesion::LesionArgs),
    /// List the networks, or the units of one
    Models(models::ModelsArgs),
    /// How fast it trains and evaluates, alone or against PyTorch
    Bench(bench::BenchArgs),
    /// Whether this machine has what the commands need, and what to do where it has not
    Doctor,
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// Whatever stands in its way, with what to do.
    pub fn run(self) -> Result<ExitCode> {
        let done = match self {
            Command::Reproduce(args) => return reproduce::run(&args),
            Command::Data(args) => data::run(args),
            Command::Train(args) => return train::run(&args),
            Command::Eval(args) => eval::run(&args),
            Command::Lesion(args) => return lesion::run(&args),
            Command::Models(args) => models::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Doctor => doctor::run(),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}
