//! In the steady state a training step allocates nothing.

use std::alloc::System;
use std::path::Path;

use data::Split;
use models::Arch;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use train::{Job, Measured, Progress, Recipe, Trainer};

/// Counts what all threads allocate, so this file has one test alone.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Epochs of a training. By the last one at the latest the steady state is reached.
const EPOCHS: u32 = 6;

fn job(model: &str) -> Job {
    let arch = Arch::parse(model).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let images = |split| data::load_sample(&data, split).unwrap().take_first(44).unwrap();
    Job {
        arch,
        // Three steps, the last one with twelve images.
        recipe: Recipe { epochs: EPOCHS, batch: 16, ..Recipe::default_for(arch) },
        seed: 3,
        train: images(Split::Train),
        measured: Measured::Test(images(Split::Test)),
        out: "unused".into(),
        resume: false,
    }
}

/// Allocations and bytes allocated in the steps of each epoch. What happens between
/// epochs (a new order of the images) is not counted.
fn allocated(job: &Job) -> Vec<(usize, usize)> {
    let mut trainer = Trainer::new(job).unwrap();
    let epoch = |epoch| {
        trainer.seek(Progress { epoch, ..Progress::default() });
        let region = Region::new(COUNTED);
        while !trainer.is_at_epoch_end() {
            trainer.step().unwrap();
        }
        let seen = region.change();
        (seen.allocations + seen.reallocations, seen.bytes_allocated)
    };
    (0..EPOCHS).map(epoch).collect()
}

/// In the first epoch memory is made: for the full batches, then what the smaller last
/// one wants besides. Later ones find all of it, but for what a thread makes for
/// itself when it first takes part in some work, and when that is, is up to the
/// scheduler. So one epoch without any allocation is asked for, not a certain one;
/// what a step allocates again and again is in all of them.
#[test]
fn a_training_step_allocates_nothing_in_the_steady_state() {
    for model in ["resnet8", "resnet8-v1", "vgg15", "highway"] {
        for threads in [2, 1] {
            let job = job(model);
            let epochs = tensor::threads::with_threads(threads, || allocated(&job)).unwrap();
            assert!(epochs[0] > (0, 0), "the counter counts");
            assert!(
                epochs[1..].contains(&(0, 0)),
                "{model} with {threads} threads: allocations and their bytes epoch by epoch are \
                 {epochs:?}, never none"
            );
        }
    }
}
