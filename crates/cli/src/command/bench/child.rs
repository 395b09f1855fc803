//! One measurement, in a process that does nothing else.

use std::time::Instant;

use anyhow::{Context, Result};
use data::Split;
use lesion::PrefixTree;
use lesion::experiment::delete_one;
use models::{Arch, Model, Plan, evaluate};
use record::stats::median;
use tensor::{Tensor, threads};
use train::{Job, Measured, Position, Recipe, Trainer};

use super::setting::{BATCH, Sample, WARM_UP, Work};
use crate::source::project_data;

const NO_STEP: &str = "there is no step to measure";
/// Decides initial weights and crops, which time does not depend on.
const SEED: u64 = 1;

/// The architecture called `name`.
pub(super) fn arch(name: &str) -> Arch {
    Arch::parse(name).expect("what is benched has a name")
}

/// Does the work and says what it took.
pub(super) fn measure(work: Work) -> Result<Sample> {
    let resnet110 = arch("resnet110");
    let steps = work.steps();
    let value = match work {
        Work::Train => training(resnet110, BATCH, steps)?,
        Work::TrainVgg15 => training(arch("vgg15"), BATCH, steps)?,
        Work::Evaluate => evaluation(resnet110, BATCH, steps)?,
        Work::TwoThreads => two_threads(resnet110, BATCH, steps)?,
        Work::Deletions => deletions(resnet110, BATCH)?,
    };
    Ok(Sample { value, peak_mb: peak_mb() })
}

/// Images per second of the median training step, on the shipped sample.
fn training(arch: Arch, batch: usize, steps: usize) -> Result<f64> {
    let job = job(arch, batch)?;
    let mut trainer = Trainer::new(&job)?;
    median_speed(batch, steps, || seconds_to_train(&mut trainer, batch))
}

/// Steps that the threads of a new pool take to settle on the processors.
const SETTLE: usize = 1;
/// Steps on the clock before it is the others' turn.
const TURN: usize = 2;

/// The speed of training with two threads over that with one, by the medians of steps.
/// They take short turns, so that both meet the same weather.
fn two_threads(arch: Arch, batch: usize, steps: usize) -> Result<f64> {
    let job = job(arch, batch)?;
    let mut trainer = Trainer::new(&job)?;
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..steps.div_ceil(TURN) {
        for (threads, seconds) in [1, 2].into_iter().zip(&mut seconds) {
            threads::with_threads(threads, || -> Result<()> {
                for step in 0..SETTLE + TURN {
                    let taken = seconds_to_train(&mut trainer, batch)?;
                    if step >= SETTLE {
                        seconds.push(taken);
                    }
                }
                Ok(())
            })??;
        }
    }
    let [one, two] = seconds.map(|seconds| median(&seconds));
    Ok(one.context(NO_STEP)? / two.context(NO_STEP)?)
}

/// A training on the shipped sample.
fn job(arch: Arch, batch: usize) -> Result<Job> {
    let shipped = project_data()?;
    let images = |split| data::load_sample(&shipped, split);
    Ok(Job {
        arch,
        recipe: Recipe { batch, ..Recipe::default_for(arch) },
        seed: SEED,
        train: images(Split::Train)?,
        measured: Measured::Test(images(Split::Test)?),
        out: "unused".into(),
        resume: false,
    })
}

fn seconds_to_train(trainer: &mut Trainer<'_>, batch: usize) -> Result<f64> {
    // The last, smaller batch of an epoch is left out.
    if trainer.position.step + 1 == trainer.steps_per_epoch() {
        trainer.seek(Position::default());
    }
    let start = Instant::now();
    let step = trainer.step()?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(step.images, batch, "only whole batches are timed");
    Ok(seconds)
}

/// Images per second of the median evaluation.
fn evaluation(arch: Arch, batch: usize, steps: usize) -> Result<f64> {
    let model = arch.build::<f32>(SEED);
    let inputs = inputs(batch)?;
    median_speed(batch, steps, || Ok(seconds_to_evaluate(&model, &inputs)))
}

/// The time of all single deletions over that of as many evaluations of the same
/// images. Half of the evaluations come before the sweep and half after it, so that a
/// machine that grows slower or faster meanwhile does not tilt the quotient.
fn deletions(arch: Arch, batch: usize) -> Result<f64> {
    let model = arch.build::<f32>(SEED);
    let inputs = inputs(batch)?;
    let evaluations = |n: usize| (0..n).map(|_| seconds_to_evaluate(&model, &inputs)).sum::<f64>();
    evaluations(WARM_UP);
    let count = deletable(&model).count();
    let before = evaluations(count / 2);
    let batches = [inputs.clone()];
    let tree = PrefixTree::new(&model, delete_one::plans(&model))?;
    let start = Instant::now();
    tree.evaluate(&model, batches, &mut |_| ());
    let sweep = start.elapsed().as_secs_f64();
    Ok(sweep / (before + evaluations(count - count / 2)))
}

/// What [`deletions`] would be if time went by multiplications alone.
pub(super) fn ideal_deletions(model: &Model<f32>) -> f64 {
    let tree = PrefixTree::new(model, delete_one::plans(model));
    let swept = tree.expect("the plans are made for the model").cost(model).macs;
    swept as f64 / (deletable(model).count() as u64 * model.macs()) as f64
}

fn deletable(model: &Model<f32>) -> impl Iterator<Item = usize> {
    (0..model.units.len()).filter(|&id| model.units[id].is_deletable())
}

fn seconds_to_evaluate(model: &Model<f32>, inputs: &(Tensor<f32>, Vec<u8>)) -> f64 {
    let (plan, batches) = (Plan::intact(model), [inputs.clone()]);
    let start = Instant::now();
    evaluate(model, &plan, batches);
    start.elapsed().as_secs_f64()
}

/// The first test images of the shipped sample.
fn inputs(n: usize) -> Result<(Tensor<f32>, Vec<u8>)> {
    let images = data::load_sample(&project_data()?, Split::Test)?.take_first(n)?;
    let description = images.description();
    let mut batches = data::batches(&images, n, &description.normalisation);
    let (pixels, labels) = batches.next().context("the sample is empty")?;
    Ok((Tensor::from_vec(description.batch_shape(n), pixels), labels))
}

/// Images per second by the median of `steps`, which tell their own seconds.
fn median_speed(batch: usize, steps: usize, mut step: impl FnMut() -> Result<f64>) -> Result<f64> {
    for _ in 0..WARM_UP {
        step()?;
    }
    let seconds = (0..steps).map(|_| step()).collect::<Result<Vec<f64>>>()?;
    let seconds = median(&seconds).context(NO_STEP)?;
    Ok(batch as f64 / seconds)
}

/// Peak resident memory of this process so far, in MiB; Linux alone tells it in a file.
fn peak_mb() -> Option<f64> {
    peak_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_in(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SMALL: LazyLock<Arch> = LazyLock::new(|| arch("resnet8"));

    #[test]
    fn every_work_can_be_done_on_a_small_network() {
        for value in [
            training(*SMALL, 8, 2).unwrap(),
            evaluation(*SMALL, 8, 2).unwrap(),
            two_threads(*SMALL, 8, 2).unwrap(),
            deletions(*SMALL, 8).unwrap(),
        ] {
            assert!(value.is_finite() && value > 0.0, "{value}");
        }
    }

    #[test]
    fn only_whole_batches_are_trained_on() {
        // Two batches an epoch, of 600 and of 400 images, and three steps with the warm-up.
        assert!(training(*SMALL, 600, 1).is_ok());
    }

    #[test]
    fn the_warm_up_does_not_count_and_the_median_does() {
        let mut seconds = [100.0, 100.0, 4.0, 1.0, 2.0].into_iter();
        let speed = median_speed(8, 3, || Ok(seconds.next().unwrap())).unwrap();
        assert_eq!(speed, 4.0);
    }

    #[test]
    fn half_of_a_sweep_is_shared() {
        // 54 blocks of nearly equal work: (53 / 2 + 1) / 54.
        let ideal = ideal_deletions(&arch("resnet110").build(SEED));
        assert!((ideal - 27.5 / 54.0).abs() < 0.003, "{ideal}");
        // The intact network once, and three deletions by hand: what follows the unit, and
        // the projections of the two that have one.
        let model = SMALL.build::<f32>(SEED);
        let [_, second, third] = [0, 1, 2].map(|id| model.units[id].macs());
        let projections = 16 * 32 * 256 + 32 * 64 * 64;
        let swept = model.macs() + second + 2 * third + 3 * 640 + projections;
        let expected = swept as f64 / (3 * model.macs()) as f64;
        assert!((ideal_deletions(&model) - expected).abs() < 1e-12);
    }

    #[test]
    fn the_peak_is_read_from_the_systems_table() {
        let status = "Name:\txtask\nVmPeak:\t 9999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!(peak_in(status), Some(2.0));
        assert_eq!(peak_in("Name:\txtask\n"), None);
    }
}
