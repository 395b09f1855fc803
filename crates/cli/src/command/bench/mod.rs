//! `cargo xtask bench`: how fast it trains and evaluates, alone or against a peer.
//!
//! Each measurement runs in a process of its own, one at a time: a child of this
//! program, or the peer's script. So no measurement inherits another's memory,
//! threads or warm caches, and peak memory is that of training alone.

mod child;
mod others;
mod process;
mod rounds;
mod setting;
mod summary;
mod table;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use tensor::simd::Level;

use others::Ticks;
use process::Peer;
use rounds::{Results, Rounds};
use setting::{Side, Work};
use summary::{Circumstances, Summary};

use crate::output::{note, print, print_line};
use crate::threads;

/// Options of `bench`.
#[derive(Args)]
pub struct BenchArgs {
    /// Measure this library too, in turn with ours
    #[arg(long, value_name = "LIBRARY", requires = "python")]
    against: Option<Against>,
    /// The Python of an environment with PyTorch
    #[arg(long, value_name = "PATH", requires = "against")]
    python: Option<PathBuf>,
    /// How often everything is measured; medians count
    #[arg(long, value_name = "N", default_value = "3", value_parser = round_number)]
    rounds: NonZeroUsize,
    /// Threads, ours and the peer's [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads::number)]
    threads: Option<NonZeroUsize>,
    /// Print the result as JSON, on the last line
    #[arg(long)]
    json: bool,
    /// Make one measurement in this process
    #[arg(long, hide = true, conflicts_with_all = ["against", "json"])]
    child: Option<Work>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Against {
    /// PyTorch
    Torch,
}

/// A number of rounds, which take minutes each.
fn round_number(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 1000;
    let number: Option<NonZeroUsize> = text.parse().ok();
    number.filter(|n| n.get() <= MOST).ok_or_else(|| format!("expected 1 to {MOST} rounds"))
}

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    let threads = threads::or_all(args.threads);
    if let Some(work) = args.child {
        let sample = threads::run_on(threads, || child::measure(work))??;
        return print_line(serde_json::to_string(&sample)?);
    }
    let peer = args.python.as_deref().map(Peer::find).transpose()?;
    let rounds = Rounds {
        count: args.rounds.get(),
        threads,
        has_peer: peer.is_some(),
        has_avx2: Level::Avx2.is_available(),
    };
    let start = Ticks::now();
    let results = measure(&rounds, peer.as_ref())?;
    let others = start.zip(Ticks::now()).and_then(|(start, end)| start.others(&end));
    let at = Circumstances {
        level: tensor::simd::level().to_string(),
        threads,
        rounds: rounds.count,
        others,
        peer: peer.map(|peer| peer.name),
        deletions_ideal: child::ideal_deletions(&child::arch("resnet110").build(0)),
    };
    if args.json {
        note(table::table(&results, &at).trim_end());
        print_line(serde_json::to_string(&Summary::of(&results, &at))?)
    } else {
        print(table::table(&results, &at))
    }
}

/// Makes the rounds, and tells of each measurement on standard error.
fn measure(rounds: &Rounds, peer: Option<&Peer<'_>>) -> Result<Results> {
    rounds.run(|round, side, setting| {
        let (name, sample) = match (side, peer) {
            (Side::Peer, Some(peer)) => (peer.name.as_str(), peer.measure(setting)?),
            _ => ("ours", process::ours(setting)?),
        };
        let value = match setting.work {
            Work::TwoThreads | Work::Deletions => format!("{:.3}", sample.value),
            _ => format!("{:.1} img/s", sample.value),
        };
        let round = round + 1;
        note(format_args!("round {round} of {}: {name}, {setting}: {value}", rounds.count));
        Ok(sample)
    })
}
