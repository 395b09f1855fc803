//! The commands.

use clap::{Parser, Subcommand};

use crate::command::bench::BenchArgs;
use crate::command::data::DataArgs;
use crate::command::eval::EvalArgs;
use crate::command::lesion::LesionArgs;
use crate::command::models::ModelsArgs;
use crate::command::reproduce::ReproduceArgs;
use crate::command::train::TrainArgs;

/// Lesion studies of residual networks, on a CPU.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Regenerate every figure, the claims and the page, from shipped weights
    Reproduce(ReproduceArgs),
    /// Fetch or import CIFAR-10
    Data(DataArgs),
    /// Train a network from scratch
    Train(TrainArgs),
    /// The error of a network, intact or under a lesion
    Eval(EvalArgs),
    /// One experiment on any weights
    Lesion(LesionArgs),
    /// List the networks, or the units of one
    Models(ModelsArgs),
    /// How fast it trains and evaluates, alone or against PyTorch
    Bench(BenchArgs),
    /// Run the test suite
    Test,
    /// Run all that CI checks, cheapest first
    Ci,
}
