//! The commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Lesion studies of residual networks, on a CPU.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Train a network from scratch
    Train(TrainArgs),
}

/// Options of `train`.
#[derive(Args)]
pub(crate) struct TrainArgs {
    /// The network, for instance resnet20 (`cargo xtask models` lists them)
    pub(crate) model: String,
    /// How to train: one-cycle or he2015
    #[arg(long, default_value = train::Recipe::NAMES[0])]
    pub(crate) recipe: String,
    /// Epochs [default: the recipe's]
    #[arg(long)]
    pub(crate) epochs: Option<u32>,
    /// Decides initial weights, order of images and crops
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The folder with CIFAR-10, or `sample` for the shipped sample [default: where `data` put it]
    #[arg(long, value_name = "DIR|sample")]
    pub(crate) data: Option<String>,
    /// Where checkpoint, log and final weights go [default: the user's state folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on from the checkpoint in the folder, if there is one
    #[arg(long)]
    pub(crate) resume: bool,
    /// Threads [default: all cores]; the result does not depend on them
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}
