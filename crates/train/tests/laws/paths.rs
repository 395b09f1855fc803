//! Laws of trainings on random sub-networks, and along short paths.

use std::path::Path;

use data::Split;
use models::{Arch, Choices, Loaded, Metadata, Model, Plan, Route, load_weights};
use nn::ParamId;
use tensor::random::Stream;
use testkit::close::{Tolerance, check_close};
use train::{
    Backward, CHECKPOINT, Ending, Job, LOG, Measured, Position, TrainError, TrainedPaths, Trainer,
};

use crate::common::{bytes, finish, images, job, run_for};

const SD: TrainedPaths = TrainedPaths::StochasticDepth { p_last: 0.5 };

fn arch(name: &str) -> Arch {
    Arch::parse(name).unwrap()
}

/// Which units survive the steps of one epoch.
fn survivors(paths: TrainedPaths, model: &Model<f32>, steps: u64) -> Vec<Vec<bool>> {
    let mut plan = Plan::intact(model);
    let stream = Stream::new(1, "paths");
    let survives = |step| {
        paths.fill(&mut plan, model, stream, 7, step);
        plan.check(model).unwrap();
        plan.routes.iter().map(|&route| route != Route::SKIP).collect()
    };
    (0..steps).map(survives).collect()
}

#[test]
fn blocks_survive_at_the_rate_that_inference_scales_them_by() {
    let model = arch("resnet20").build::<f32>(0);
    let steps = 4_000;
    for (paths, rates) in [
        (TrainedPaths::All, vec![1.0; 9]),
        (SD, (1..=9).map(|l| 1.0 - f64::from(l) / 18.0).collect()),
        (TrainedPaths::Subset { m: 3 }, vec![1.0 / 3.0; 9]),
    ] {
        let seen = survivors(paths, &model, steps);
        for (id, &expected) in rates.iter().enumerate() {
            let rate: f64 = paths.rate(id, 9);
            assert!((rate - expected).abs() < 1e-15, "{paths}, unit {id}: {rate}");
            let count = seen.iter().filter(|survives| survives[id]).count();
            // Five standard deviations of the binomial count.
            let spread = 5.0 * (rate * (1.0 - rate) / steps as f64).sqrt();
            let found = count as f64 / steps as f64;
            assert!((found - rate).abs() <= spread, "{paths}, unit {id}: {found}, not {rate}");
        }
    }
}

#[test]
fn a_subset_has_exactly_its_size_and_every_pair_its_turn() {
    let model = arch("resnet20").build::<f32>(0);
    for m in 1..=9 {
        let seen = survivors(TrainedPaths::Subset { m }, &model, 50);
        assert!(seen.iter().all(|s| s.iter().filter(|&&survives| survives).count() == m), "{m}");
    }
    let mut pairs = std::collections::BTreeMap::new();
    for survives in survivors(TrainedPaths::Subset { m: 2 }, &model, 3_600) {
        *pairs.entry(survives).or_insert(0_i32) += 1;
    }
    // 36 pairs, 100 times each; the standard deviation is 9.9.
    assert_eq!(pairs.len(), 36);
    assert!(pairs.values().all(|count| (count - 100).abs() < 50), "{pairs:?}");
}

#[test]
fn the_plan_of_a_step_belongs_to_its_place() {
    let model = arch("resnet20").build::<f32>(0);
    let (all, stream) = (Plan::intact(&model), Stream::new(1, "paths"));
    for paths in [SD, TrainedPaths::Subset { m: 4 }] {
        let at = |mut plan: Plan, epoch, step| {
            paths.fill(&mut plan, &model, stream, epoch, step);
            plan
        };
        let earlier = at(all.clone(), 0, 0);
        assert_eq!(at(earlier.clone(), 3, 5), at(all.clone(), 3, 5), "whatever was drawn before");
        let others = [(3, 6), (4, 5), (0, 0)].map(|(epoch, step)| at(all.clone(), epoch, step));
        assert!(others.iter().any(|other| *other != at(all.clone(), 3, 5)), "{paths}");
    }
}

/// Every number of a unit's branch: parameters, velocities and running statistics. Of a
/// boundary block `bn1` and the projection belong to the skip as well.
fn branch_of(trainer: &Trainer<'_>, unit: &str, is_boundary: bool) -> Vec<(String, Vec<u32>)> {
    let ids: Vec<(ParamId, String)> =
        trainer.model.params.iter().map(|(id, param)| (id, param.name.clone())).collect();
    let is_shared = |name: &str| name.contains(".bn1.") || name.contains(".shortcut.");
    let of_branch =
        |name: &str| name.starts_with(&format!("{unit}.")) && !(is_boundary && is_shared(name));
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    ids.into_iter()
        .filter(|(_, name)| of_branch(name))
        .map(|(id, name)| {
            let velocity = trainer.optimiser.velocity(id).map_or(&[][..], |v| v.as_slice());
            let value = trainer.model.params.value(id).as_slice();
            (name, [bits(value), bits(velocity)].concat())
        })
        .collect()
}

#[test]
fn a_skipped_branch_is_left_alone_and_all_else_moves() {
    for (model, paths) in [("resnet8", SD), ("resnet8-v1", TrainedPaths::Subset { m: 1 })] {
        let mut job = job("unused".as_ref(), false);
        (job.arch, job.recipe.paths, job.recipe.batch) = (arch(model), paths, 2);
        let mut trainer = Trainer::new(&job).unwrap();
        let mut plan = Plan::intact(&trainer.model);
        let mut times_skipped = 0;
        for step in 0..12 {
            paths.fill(&mut plan, &trainer.model, Stream::new(job.seed, "paths"), 0, step);
            let units: Vec<(String, bool)> = trainer
                .model
                .units
                .iter()
                .map(|unit| (unit.name.clone(), unit.is_boundary() && model == "resnet8"))
                .collect();
            let state = |trainer: &Trainer<'_>| {
                units.iter().map(|(unit, b)| branch_of(trainer, unit, *b)).collect::<Vec<_>>()
            };
            let before = state(&trainer);
            trainer.step().unwrap();
            for (id, (before, after)) in before.iter().zip(state(&trainer)).enumerate() {
                assert!(!before.is_empty());
                let is_skipped = plan.routes[id] == Route::SKIP;
                times_skipped += usize::from(is_skipped);
                for ((name, before), (_, after)) in before.iter().zip(&after) {
                    assert_eq!(before == after, is_skipped, "{model}, step {step}: {name}");
                }
            }
        }
        assert!((6..=30).contains(&times_skipped), "{model}: {times_skipped}");
    }
}

/// While training a survivor counts in full: a step in which all blocks survive is an
/// ordinary one, though inference scales them.
#[test]
fn survivors_are_not_scaled_in_a_step_and_are_in_a_measurement() {
    let mut ordinary = job("unused".as_ref(), false);
    ordinary.recipe.paths = TrainedPaths::All;
    let all_survive = Job { recipe: ordinary.recipe.clone(), ..job("unused".as_ref(), false) };
    let mut sometimes = job("unused".as_ref(), false);
    sometimes.recipe.paths = SD;
    let (mut a, mut b) = (Trainer::new(&ordinary).unwrap(), Trainer::new(&sometimes).unwrap());
    assert_eq!(Trainer::new(&all_survive).unwrap().model, a.model);
    // A place at which all three blocks survive.
    let mut plan = Plan::intact(&a.model);
    let place = (0..100).find(|&epoch| {
        SD.fill(&mut plan, &a.model, Stream::new(sometimes.seed, "paths"), epoch, 0);
        plan == Plan::intact(&a.model)
    });
    let epoch = place.unwrap() as u32;
    for trainer in [&mut a, &mut b] {
        trainer.seek(Position { epoch, ..Position::default() });
        trainer.step().unwrap();
    }
    assert_eq!(a.model.params, b.model.params);
    let rates: Vec<f64> = (0..3).map(|id| SD.rate(id, 3)).collect();
    assert_eq!(b.model.branch_scale, rates);
    assert_ne!(a.measure(), b.measure());
    b.model.branch_scale.fill(1.0);
    assert_eq!(a.measure(), b.measure());
}

/// The last epoch's error is that of the weights as they are loaded again.
#[test]
fn the_weights_say_how_they_were_trained_and_scale_their_branches() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), false);
    job.recipe.paths = TrainedPaths::Subset { m: 2 };
    job.recipe.schedule.peak = 0.07;
    let path = finish(&job);
    let Loaded { model, metadata, .. } =
        load_weights(job.arch, &bytes(&path), &Choices::default()).unwrap();
    let metadata: Metadata = metadata.unwrap();
    assert_eq!((metadata.paths.as_deref(), metadata.peak_rate), (Some("subset:2"), Some(0.07)));
    assert_eq!(metadata.branch_scale, [2.0 / 3.0; 3]);
    let mut trainer = Trainer::new(&job).unwrap();
    trainer.model = model;
    let measured = trainer.measure();
    let log = String::from_utf8(bytes(&dir.path().join(LOG))).unwrap();
    let last: train::EpochLog = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last.test_loss, Some(measured.cross_entropy()));
}

/// A checkpoint is weights like others, without its optimiser.
#[test]
fn a_checkpoint_is_the_network_of_its_place_in_the_training() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), true);
    job.recipe.paths = SD;
    let load = |path: &Path| load_weights(job.arch, &bytes(path), &Choices::default()).unwrap();
    run_for(&job, Some(4)).unwrap();
    let checkpoint = dir.path().join(CHECKPOINT);
    let halfway = load(&checkpoint);
    assert_eq!(halfway.notes, ["a checkpoint after 1 of 2 epochs and 1 steps"]);
    let end = load(&finish(&job));
    let last = load(&checkpoint);
    assert_eq!(last.model, end.model, "values and branch scales");
    assert_ne!(halfway.model, end.model);
    assert_eq!(last.normalisation, end.normalisation);
    let (last, end) = (last.metadata.unwrap(), end.metadata.unwrap());
    assert_eq!((last.seed, last.epochs, last.paths), (end.seed, end.epochs, end.paths));
    assert_eq!((last.recipe, last.backward), (end.recipe, end.backward));
    assert!(load_weights(arch("resnet14"), &bytes(&checkpoint), &Choices::default()).is_err());
}

#[test]
fn stopping_after_every_step_changes_no_bit() {
    let short = Backward { max: Some(1), ..Backward::default() };
    let long = Backward { min: 2, ..Backward::default() };
    let raw = Backward { raw: true, ..short };
    for (paths, backward) in [
        (SD, Backward::default()),
        (TrainedPaths::Subset { m: 1 }, Backward::default()),
        (TrainedPaths::All, short),
        (TrainedPaths::All, long),
        (SD, raw),
    ] {
        let (through, halting) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let job = |out: &Path| {
            let mut job = job(out, true);
            (job.recipe.paths, job.recipe.backward) = (paths, backward);
            job.measured = Measured::Test(images(Split::Test, 8));
            job
        };
        let expected = finish(&job(through.path()));
        let mut stops = 0;
        let end = loop {
            match run_for(&job(halting.path()), Some(1)).unwrap() {
                Ending::Finished(path) => break path,
                Ending::Stopped(_) => stops += 1,
            }
        };
        assert_eq!(stops, 6);
        assert!(bytes(&end) == bytes(&expected), "{paths}, {backward}: the final weights differ");
    }
}

#[test]
fn other_paths_are_other_settings() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&job(dir.path(), false), Some(1)).unwrap();
    let mut changed = job(dir.path(), true);
    changed.recipe.paths = SD;
    let message = run_for(&changed, None).unwrap_err().to_string();
    assert!(message.contains("\"paths\":\"stochastic-depth:0.5\""), "{message}");
}

#[test]
fn what_a_network_cannot_be_trained_by_is_refused() {
    let check = |model: &str, paths| {
        let mut job = job("unused".as_ref(), false);
        (job.arch, job.recipe.paths) = (arch(model), paths);
        Trainer::new(&job).map(|_| ())
    };
    let subset = |m| TrainedPaths::Subset { m };
    for paths in [TrainedPaths::All, SD, subset(1), subset(3)] {
        check("resnet8", paths).unwrap();
    }
    for paths in [SD, subset(1)] {
        let error = check("vgg15", paths).unwrap_err();
        assert!(matches!(&error, TrainError::NoSkip { model, .. } if model == "vgg15"), "{error}");
    }
    let beyond = TrainedPaths::StochasticDepth { p_last: 1.5 };
    for paths in [subset(0), subset(4), beyond] {
        let error = check("resnet8", paths).unwrap_err();
        assert!(matches!(error, TrainError::Paths { blocks: 3, .. }), "{error}");
    }
}

/// With as many branches as there are blocks the first step's weights are the ordinary
/// ones up to rounding; with none, no branch moves.
#[test]
fn gradients_along_short_paths_train_what_they_reach() {
    let after_a_step = |backward| {
        let mut job = job("unused".as_ref(), false);
        job.recipe.backward = backward;
        let mut trainer = Trainer::new(&job).unwrap();
        let before = trainer.model.params.clone();
        trainer.step().unwrap();
        (before, trainer.model.params)
    };
    let (before, ordinary) = after_a_step(Backward::default());
    let up_to = |branches| after_a_step(Backward { max: Some(branches), ..Backward::default() }).1;
    let (all, none) = (up_to(3), up_to(0));
    for (id, param) in before.iter().filter(|(_, param)| param.is_trained) {
        let name = &param.name;
        let tolerance = Tolerance::scaled(1e-5);
        check_close(name, all.value(id), ordinary.value(id), tolerance);
        let is_of_branch = name.contains(".conv") || name.contains(".bn2.");
        let is_of_branch = is_of_branch || name.starts_with("layer1.0.");
        assert_eq!(*none.value(id) == param.value, is_of_branch, "{name}");
    }
}

/// Plain gradient descent moves each parameter by its gradient times the rate: rescaled, the
/// whole move is as long as with all paths, and each parameter's part of it is as it was raw.
#[test]
fn rescaled_gradients_have_the_norm_of_the_ordinary_one() {
    let move_of = |backward| {
        let mut job = job("unused".as_ref(), false);
        job.recipe.backward = backward;
        (job.recipe.momentum, job.recipe.nesterov, job.recipe.weight_decay) = (0.0, false, 0.0);
        let mut trainer = Trainer::new(&job).unwrap();
        let before = trainer.model.params.clone();
        trainer.step().unwrap();
        let after = &trainer.model.params;
        let moved = before.iter().filter(|(_, param)| param.is_trained).flat_map(|(id, param)| {
            let pairs = param.value.as_slice().iter().zip(after.value(id).as_slice());
            pairs.map(|(a, b)| f64::from(b - a)).collect::<Vec<_>>()
        });
        (moved.collect::<Vec<f64>>(), trainer.position.gradient_ratio)
    };
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let (ordinary, none) = move_of(Backward::default());
    assert_eq!(none, None);
    for lengths in [
        Backward { max: Some(1), ..Backward::default() },
        Backward { min: 2, ..Backward::default() },
    ] {
        let (rescaled, ratio) = move_of(lengths);
        let (raw, none) = move_of(Backward { raw: true, ..lengths });
        let ratio = ratio.unwrap();
        assert!(none.is_none() && (ratio - 1.0).abs() > 0.01, "{lengths}: {ratio}");
        // Weights are of order 1, so a move in f32 is rough in its last digits.
        assert!((norm(&rescaled) / norm(&ordinary) - 1.0).abs() < 1e-4, "{lengths}");
        let worst = rescaled.iter().zip(&raw).map(|(a, b)| (a - ratio * b).abs());
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 1e-5 * ratio.max(1.0), "{lengths}: {worst}");
    }
}

#[test]
fn paths_longer_than_the_network_are_refused() {
    let mut job = job("unused".as_ref(), false);
    job.recipe.backward = Backward { min: 4, ..Backward::default() };
    let error = Trainer::new(&job).map(|_| ()).unwrap_err();
    assert!(matches!(error, TrainError::Lengths { blocks: 3, .. }), "{error}");
    job.recipe.backward.min = 3;
    Trainer::new(&job).unwrap();
}

#[test]
fn other_gradients_are_other_settings_and_in_the_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), true);
    run_for(&job, Some(1)).unwrap();
    job.recipe.backward = Backward { max: Some(1), ..Backward::default() };
    let message = run_for(&job, None).unwrap_err().to_string();
    assert!(message.contains("\"backward\":\"max:1\""), "{message}");
    let dir = tempfile::tempdir().unwrap();
    job.out = dir.path().to_owned();
    let Loaded { metadata, .. } =
        load_weights(job.arch, &bytes(&finish(&job)), &Choices::default()).unwrap();
    let metadata: Metadata = metadata.unwrap();
    assert_eq!((metadata.paths, metadata.backward.as_deref()), (None, Some("max:1")));
    assert_eq!(metadata.peak_rate, None, "the recipe's");
    job.arch = arch("vgg15");
    assert!(matches!(Trainer::new(&job).map(|_| ()), Err(TrainError::NoSkip { .. })));
}
