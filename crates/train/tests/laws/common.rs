//! What the tests of whole trainings share: a small job, and ways to run it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use data::Split;
use models::Arch;
use train::{Ending, Event, Job, Measured, Recipe, TrainError, run};

/// The first `n` images of a half of the shipped sample.
pub(crate) fn images(split: Split, n: usize) -> data::Dataset {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    data::load_sample(&dir, split).unwrap().take_first(n).unwrap()
}

/// Two epochs of three steps, the last one of each with eight images.
pub(crate) fn job(out: &Path, resume: bool) -> Job {
    let arch = Arch::parse("resnet8").unwrap();
    Job {
        arch,
        recipe: Recipe { epochs: 2, batch: 16, ..Recipe::default_for(arch) },
        seed: 3,
        train: images(Split::Train, 40),
        measured: Measured::Test(images(Split::Test, 40)),
        out: out.to_owned(),
        resume,
    }
}

/// Runs until it ends by itself; `stop_after` steps if given.
pub(crate) fn run_for(job: &Job, stop_after: Option<u64>) -> Result<Ending, TrainError> {
    let stop = AtomicBool::new(false);
    let mut steps = 0;
    run(job, &stop, &mut |event| {
        if let Event::Step(_) = event {
            steps += 1;
            stop.store(Some(steps) == stop_after, Ordering::Relaxed);
        }
    })
}

/// Runs to the end; the file of the final weights.
pub(crate) fn finish(job: &Job) -> PathBuf {
    match run_for(job, None).unwrap() {
        Ending::Finished(path) => path,
        stopped => panic!("{stopped:?}"),
    }
}

/// What a file holds.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
