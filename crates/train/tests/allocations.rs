//! In the steady state a training step allocates nothing.

use std::alloc::System;
use std::path::Path;

use data::Split;
use models::Arch;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use train::{Backward, Job, Measured, Position, Recipe, TrainedPaths, Trainer};

/// Counts what all threads allocate, so this file has one test alone.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Epochs of a training. By the last one at the latest the steady state is reached.
const EPOCHS: u32 = 6;

fn job(model: &str, paths: TrainedPaths, backward: Backward) -> Job {
    let arch = Arch::parse(model).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let images = |split| data::load_sample(&data, split).unwrap().take_first(44).unwrap();
    Job {
        arch,
        // Three steps, the last one with twelve images.
        recipe: Recipe { epochs: EPOCHS, batch: 16, paths, backward, ..Recipe::default_for(arch) },
        seed: 3,
        train: images(Split::Train),
        measured: Measured::Test(images(Split::Test)),
        out: "unused".into(),
        resume: false,
    }
}

/// Allocations and bytes allocated in the steps of each epoch. What happens between
/// epochs (a new order of the images) is not counted. It is the same epoch each time, so
/// that no plan comes up late and finds no memory of its kind.
fn allocated(job: &Job) -> Vec<(usize, usize)> {
    let mut trainer = Trainer::new(job).unwrap();
    let epoch = |_| {
        trainer.seek(Position::default());
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
/// one wants besides. Later ones find all of it, except for what a thread makes for
/// itself when it first takes part in some work, and when that is, is up to the
/// scheduler. So one epoch without any allocation is required, not a certain one;
/// what a step allocates again and again is in all of them.
#[test]
fn a_training_step_allocates_nothing_in_the_steady_state() {
    let stochastic_depth = TrainedPaths::StochasticDepth { p_last: 0.5 };
    let (all, ordinary) = (TrainedPaths::All, Backward::default());
    for (model, paths, backward) in [
        ("resnet8", all, ordinary),
        ("resnet8-v1", all, ordinary),
        ("vgg15", all, ordinary),
        ("highway", all, ordinary),
        ("multires-1x2", all, ordinary),
        ("shared14", all, ordinary),
        ("shared14-naive", stochastic_depth, ordinary),
        ("resnet8", stochastic_depth, ordinary),
        ("resnet8-v1", TrainedPaths::Subset { m: 2 }, ordinary),
        ("resnet8", all, Backward { max: Some(2), raw: true, ..Backward::default() }),
    ] {
        for threads in [2, 1] {
            let job = job(model, paths, backward);
            let epochs = tensor::threads::with_threads(threads, || allocated(&job)).unwrap();
            assert!(epochs[0] > (0, 0), "the counter counts");
            assert!(
                epochs[1..].contains(&(0, 0)),
                "{model}, {paths}, {backward}, {threads} threads: allocations and their bytes epoch by epoch are \
                 {epochs:?}, never none"
            );
        }
    }
}
