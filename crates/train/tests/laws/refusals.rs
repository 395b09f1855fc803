//! Trainings that are refused or given up, and what they leave behind.

use std::path::Path;

use data::Split;
use models::Arch;
use nn::optim::{Schedule, Shape};
use nn::state::StateDict;
use tensor::Tensor;
use train::{CHECKPOINT, FINAL, Job, LOG, TrainError, Trainer};

use crate::common::{bytes, finish, images, job, run_for};

#[test]
fn other_settings_are_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&job(dir.path(), false), Some(2)).unwrap();
    let saved = bytes(&dir.path().join(CHECKPOINT));

    let error = run_for(&job(dir.path(), false), None).unwrap_err();
    assert!(matches!(error, TrainError::Exists(_)) && error.to_string().contains("--resume"));

    let changed = Job { seed: 4, ..job(dir.path(), true) };
    let message = run_for(&changed, None).unwrap_err().to_string();
    assert!(message.contains("seed: 4, then 3") && !message.contains("model:"), "{message}");
    assert_eq!(bytes(&dir.path().join(CHECKPOINT)), saved, "nothing was written");
}

/// A new training replaces neither a checkpoint nor what a finished training has left.
#[test]
fn final_weights_without_a_checkpoint_are_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let weights = finish(&job(dir.path(), false));
    let saved = bytes(&weights);
    std::fs::remove_file(dir.path().join(CHECKPOINT)).unwrap();
    for resume in [false, true] {
        let error = run_for(&job(dir.path(), resume), None).unwrap_err();
        assert!(matches!(error, TrainError::Finished(_)), "{error}");
    }
    assert_eq!(bytes(&weights), saved);
}

#[test]
fn damaged_checkpoints_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&job(dir.path(), false), Some(1)).unwrap();
    let path = dir.path().join(CHECKPOINT);
    let whole = bytes(&path);
    for cut in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = run_for(&job(dir.path(), true), None).unwrap_err();
        assert!(matches!(error, TrainError::Damaged { .. }), "{cut} bytes: {error}");
    }
    std::fs::write(&path, &whole).unwrap();
    finish(&job(dir.path(), true));
}

#[test]
fn checkpoints_that_contradict_themselves_are_damaged() {
    let dir = tempfile::tempdir().unwrap();
    // Two steps into the second epoch.
    run_for(&job(dir.path(), false), Some(3)).unwrap();
    run_for(&job(dir.path(), true), Some(2)).unwrap();
    let path = dir.path().join(CHECKPOINT);
    let whole = StateDict::from_bytes(&bytes(&path)).unwrap();
    let text = |from: &'static str, to: &'static str| {
        move |state: &mut StateDict| {
            let changed = state.metadata.as_ref().unwrap().replacen(from, to, 1);
            assert_ne!(Some(&changed), state.metadata.as_ref(), "{from}");
            state.metadata = Some(changed);
        }
    };
    let one = || Tensor::zeros([1]);
    type Change = Box<dyn Fn(&mut StateDict)>;
    let cases: Vec<(Change, &str)> = vec![
        (
            Box::new(text("{\"epoch\":1,\"step\"", "{\"epoch\":3,\"step\"")),
            "3 epochs are done, of 2",
        ),
        (
            Box::new(text("{\"epoch\":1,\"step\"", "{\"epoch\":2,\"step\"")),
            "2 epochs are done, but 1 logged",
        ),
        (Box::new(text("\"step\":2", "\"step\":4")), "4 steps of an epoch are done, of 3"),
        (
            Box::new(|state| drop(state.tensors.remove("bn.bias"))),
            "the weights do not fit the network: missing: bn.bias",
        ),
        (
            Box::new(|state| {
                state.tensors.get_mut("bn.bias").unwrap().as_mut_slice().fill(f32::NAN)
            }),
            "bn.bias is NaN in channel 0",
        ),
        (
            Box::new(move |state| {
                drop(state.tensors.insert("velocity.bn.running_var".into(), one()))
            }),
            "it has a velocity for bn.running_var",
        ),
        (
            Box::new(move |state| drop(state.tensors.insert("velocity.bn.bias".into(), one()))),
            "the velocity of bn.bias has shape [1]",
        ),
        (
            Box::new(|state| {
                state
                    .tensors
                    .get_mut("velocity.bn.bias")
                    .unwrap()
                    .as_mut_slice()
                    .fill(f32::INFINITY);
            }),
            "the velocity of bn.bias holds NaN or infinity",
        ),
    ];
    for (change, expected) in cases {
        let mut state = whole.clone();
        change(&mut state);
        std::fs::write(&path, state.to_bytes()).unwrap();
        let error = run_for(&job(dir.path(), true), None).unwrap_err();
        assert!(matches!(error, TrainError::Damaged { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(expected), "expected {expected:?} in {message:?}");
        assert!(message.contains(CHECKPOINT), "{message}");
    }
}

/// Of features without pixels a batch of one image has no variance; of images it has.
#[test]
fn impossible_recipes_are_errors() {
    let check = |model: &str, epochs: u32, batch: usize| {
        let arch = Arch::parse(model).unwrap();
        let mut job =
            Job { arch, train: images(Split::Train, 40), ..job("unused".as_ref(), false) };
        (job.recipe.epochs, job.recipe.batch) = (epochs, batch);
        Trainer::new(&job).map(|_| ())
    };
    assert!(matches!(check("resnet8", 0, 8), Err(TrainError::NoEpochs)));
    assert!(matches!(check("resnet8", u32::MAX, 8), Err(TrainError::TooManyEpochs { .. })));
    assert!(matches!(check("resnet8", 1, 0), Err(TrainError::EmptyBatch)));
    for batch in [1, 3, 13, 39] {
        for model in ["resnet8", "resnet8-v1", "vgg15-nobn"] {
            check(model, 1, batch).unwrap();
        }
        let error = check("vgg15", 1, batch).unwrap_err();
        let fits =
            matches!(error, TrainError::OneValuePerChannel { images: 40, batch: b } if b == batch);
        assert!(fits, "{batch}: {error}");
    }
    for batch in [2, 40, 41] {
        check("vgg15", 1, batch).unwrap();
    }
}

#[test]
fn a_batch_of_one_image_trains_a_network_that_norms_images_alone() {
    for model in ["resnet8", "resnet8-v1"] {
        let dir = tempfile::tempdir().unwrap();
        let mut job = job(dir.path(), false);
        (job.arch, job.recipe.batch) = (Arch::parse(model).unwrap(), 39);
        finish(&job);
    }
}

/// A training that goes well until `part` of its steps are done; then the rate is
/// infinite.
fn diverging(out: &Path, part: f64) -> Job {
    let mut job = job(out, true);
    let shape = Shape::Step { milestones: vec![part], factor: 1e60 };
    job.recipe.schedule = Schedule { peak: 0.01, warm_up: 0.0, shape };
    job
}

/// In the second epoch of three steps: a step later the loss tells, at the end of the
/// epoch the test loss, and where a training is stopped at once, only the weights.
#[test]
fn a_diverged_training_keeps_the_checkpoint_from_before() {
    let cases = [
        (0.5, None, "after 1 epochs and 1 steps: the loss is NaN"),
        (0.8, None, "after 1 epochs and 3 steps: the test loss is NaN"),
        (0.5, Some(4), "after 1 epochs and 1 steps: bn.bias holds NaN or infinity"),
    ];
    for (part, stop_after, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let job = diverging(dir.path(), part);
        run_for(&job, Some(3)).unwrap();
        let error = run_for(&job, stop_after.map(|steps| steps - 3)).unwrap_err();
        assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
        assert!(error.to_string().contains(expected), "expected {expected:?} in {error}");
        assert!(!dir.path().join(FINAL).exists(), "{expected}");
        let log = String::from_utf8(bytes(&dir.path().join(LOG))).unwrap();
        assert!(log.lines().count() == 1 && !log.contains("null"), "{log}");
        // It goes on from the end of the first epoch, and comes to the same again.
        let saved = bytes(&dir.path().join(CHECKPOINT));
        let again = run_for(&job, None).unwrap_err().to_string();
        assert!(again.contains("after 1 epochs"), "{again}");
        assert_eq!(bytes(&dir.path().join(CHECKPOINT)), saved, "{expected}");
    }
}
