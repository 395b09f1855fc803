//! The same bits, whatever the number of threads and however often.

use std::path::Path;

use anyhow::{Result, ensure};
use cli::output::print_line;

use super::{finish, own, text};
use crate::ci::QUICK;
use crate::files::identity_files;

/// The first run, a repetition, and other numbers of threads.
const THREADS: [&str; 6] = ["2", "2", "1", "3", "4", "8"];

/// Trainings of 104 steps: 13 epochs of the 1,000 images of the sample in batches of 128.
const TRAININGS: [(&str, &[&str]); 4] = [
    ("a training", &["resnet8"]),
    ("one with stochastic depth", &["resnet8", "--paths", "stochastic-depth"]),
    ("one on random subsets", &["resnet8", "--paths", "subset:2"]),
    ("one along short paths", &["resnet8", "--max-path", "2"]),
];

pub(super) fn run() -> Result<()> {
    for (what, args) in TRAININGS {
        let fixed = ["train", "--data", "sample", "--epochs", "13"];
        compare(what, &[&fixed, args].concat())?;
    }
    compare("a report", &["reproduce", "--only", QUICK])
}

/// Runs the command once for each number of threads.
fn compare(what: &str, command: &[&str]) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let left = |i: usize| {
        let out = dir.path().join(i.to_string());
        finish(own(
            &[command, &["--threads", THREADS[i], "--out", text(&out)?]].concat(),
            &state(&out),
        )?)?;
        identity_files(&out)
    };
    let first = left(0)?;
    for (i, threads) in THREADS.iter().enumerate().skip(1) {
        let other = left(i)?;
        ensure!(first.len() == other.len(), "{what}: {} files, and {}", first.len(), other.len());
        for ((name, a), (other, b)) in first.iter().zip(&other) {
            ensure!(name == other && a == b, "{what}: {name} differs with {threads} threads");
        }
    }
    let (runs, files) = (THREADS.len(), first.len());
    print_line(format_args!("{what}: {runs} runs, {files} files each, 0 differing bits"))
}

/// Pieces of a run stay apart from those of the others.
fn state(out: &Path) -> std::path::PathBuf {
    out.with_extension("state")
}
