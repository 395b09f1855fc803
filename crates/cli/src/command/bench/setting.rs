//! What can be measured, and under what circumstances.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tensor::simd::Level;

/// Images in a batch.
pub(super) const BATCH: usize = 128;
/// Steps before the clock counts: buffers are touched, threads are awake.
pub(super) const WARM_UP: usize = 2;

/// What one process measures, and nothing else: peak memory is that of this work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Work {
    /// Training steps of ResNet-110, in images per second.
    #[value(name = "resnet110-train")]
    Train,
    /// Evaluation of ResNet-110, in images per second.
    #[value(name = "resnet110-eval")]
    Evaluate,
    /// Training steps of VGG-15, in images per second.
    #[value(name = "vgg15-train")]
    TrainVgg15,
    /// Training steps of ResNet-110 with one thread and with two in turn: the speed with
    /// two over that with one.
    #[value(name = "resnet110-threads")]
    TwoThreads,
    /// All single deletions of ResNet-110, over as many evaluations of the same images.
    #[value(name = "resnet110-deletions")]
    Deletions,
}

impl Work {
    /// Its name, the same for a child process of this program and for the peer's script.
    pub(super) fn name(self) -> &'static str {
        match self {
            Work::Train => "resnet110-train",
            Work::Evaluate => "resnet110-eval",
            Work::TrainVgg15 => "vgg15-train",
            Work::TwoThreads => "resnet110-threads",
            Work::Deletions => "resnet110-deletions",
        }
    }

    /// Steps on the clock, of which the median counts. An evaluation is a few times
    /// shorter than a training step, so there are more of them; and two threads wait for
    /// the slower of two processors, so their quotient with one needs more of both.
    pub(super) fn steps(self) -> usize {
        match self {
            Work::Evaluate => 80,
            Work::TwoThreads => 21,
            Work::Train | Work::TrainVgg15 | Work::Deletions => 11,
        }
    }
}

/// One measurement to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    /// The work.
    pub(super) work: Work,
    /// On how many threads.
    pub(super) threads: usize,
    /// The level of vector instructions, if it is to be forced.
    pub(super) level: Option<Level>,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.threads == 1 { "" } else { "s" };
        write!(f, "{}, {} thread{plural}", self.work.name(), self.threads)?;
        self.level.map_or(Ok(()), |level| write!(f, ", {level}"))
    }
}

/// Whose program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// This project's.
    Ours,
    /// The one compared with.
    Peer,
}

/// What one process found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// What the work counts.
    pub(super) value: f64,
    /// Peak resident memory of the process, in MiB, where the system tells it.
    pub(super) peak_mb: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_works_are_those_of_the_command_line() {
        for work in Work::value_variants() {
            assert_eq!(Work::from_str(work.name(), false).as_ref(), Ok(work));
        }
    }

    #[test]
    fn the_peer_knows_the_works_that_it_is_asked_for() {
        let script = include_str!("../../../peers/torch_bench.py");
        for work in [Work::Train, Work::Evaluate, Work::TrainVgg15] {
            assert!(script.contains(&format!("    \"{}\": (", work.name())), "{work:?}");
        }
    }
}
