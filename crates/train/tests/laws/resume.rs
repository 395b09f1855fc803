//! Laws of the training loop: the same bits for any number of threads, and
//! whether it was interrupted or not.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use data::Split;
use models::Arch;
use nn::optim::{Schedule, Shape};
use train::{CHECKPOINT, Ending, Event, LOG, Measured, TrainError, run};

use crate::common::{bytes, finish, images, job, run_for};

/// Three epochs of twenty steps, and every place in them, is 60 stops.
#[test]
fn stopping_after_every_step_and_resuming_changes_no_bit() {
    let (through, halting) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let job = |out: &Path, resume| {
        let mut job = job(out, resume);
        (job.recipe.epochs, job.recipe.batch) = (3, 2);
        job
    };
    let expected = finish(&job(through.path(), false));
    let mut stops = 0;
    let end = loop {
        match run_for(&job(halting.path(), true), Some(1)).unwrap() {
            Ending::Finished(path) => break path,
            Ending::Stopped(_) => stops += 1,
        }
    };
    assert_eq!(stops, 60);
    assert_eq!(bytes(&end), bytes(&expected));
    let [log, expected_log] = [&halting, &through].map(|dir| bytes(&dir.path().join(LOG)));
    assert_eq!(log, expected_log);
    assert_eq!(log.iter().filter(|&&b| b == b'\n').count(), 3);
}

#[test]
fn a_finished_training_that_is_resumed_completes_its_log() {
    let dir = tempfile::tempdir().unwrap();
    finish(&job(dir.path(), false));
    let path = dir.path().join(LOG);
    let whole = bytes(&path);
    let first_line = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
    std::fs::write(&path, &whole[..first_line]).unwrap();
    finish(&job(dir.path(), true));
    assert_eq!(bytes(&path), whole, "cut after the first epoch");
    std::fs::remove_file(&path).unwrap();
    finish(&job(dir.path(), true));
    assert_eq!(bytes(&path), whole, "removed");
}

/// The masks of a step belong to its place, as the crops do.
#[test]
fn stopping_between_steps_with_dropout_changes_no_bit() {
    let (through, halting) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let job = |out: &Path| {
        let mut job = job(out, true);
        (job.arch, job.train) = (Arch::parse("vgg15").unwrap(), images(Split::Train, 8));
        (job.recipe.epochs, job.recipe.batch) = (1, 4);
        job.measured = Measured::Test(images(Split::Test, 8));
        job
    };
    let expected = finish(&job(through.path()));
    let stopped = run_for(&job(halting.path()), Some(1)).unwrap();
    assert!(matches!(stopped, Ending::Stopped(_)), "{stopped:?}");
    let end = finish(&job(halting.path()));
    assert!(bytes(&end) == bytes(&expected), "the final weights differ");
}

/// Half-way the rate is cut, before step 3 of two epochs and before step 5 of three: until
/// then the steps are the same.
#[test]
fn a_training_is_made_longer_while_its_steps_are_those_of_both() {
    let with = |out: &Path, epochs, warm_up, resume| {
        let mut job = job(out, resume);
        let shape = Shape::Step { milestones: vec![0.5], factor: 0.1 };
        job.recipe.schedule = Schedule { peak: 0.05, warm_up, shape };
        job.recipe.epochs = epochs;
        job
    };
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = bytes(&finish(&with(other.path(), 3, 0.0, false)));
    run_for(&with(dir.path(), 2, 0.0, false), Some(2)).unwrap();
    assert_eq!(bytes(&finish(&with(dir.path(), 3, 0.0, true))), whole);

    for (warm_up, steps) in [(0.0, 3), (0.0, 4), (0.5, 1)] {
        let dir = tempfile::tempdir().unwrap();
        run_for(&with(dir.path(), 2, warm_up, false), Some(steps)).unwrap();
        let saved = bytes(&dir.path().join(CHECKPOINT));
        for epochs in [1, 3] {
            let error = run_for(&with(dir.path(), epochs, warm_up, true), None).unwrap_err();
            let expected = matches!(error, TrainError::OtherLength { stated: 2, .. });
            assert!(expected, "{steps} steps, {epochs} epochs: {error}");
        }
        assert_eq!(bytes(&dir.path().join(CHECKPOINT)), saved, "nothing was written");
        finish(&with(dir.path(), 2, warm_up, true));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let finals = [1, 2, 3, 8].map(|threads| {
        let dir = tempfile::tempdir().unwrap();
        let job = job(dir.path(), false);
        tensor::threads::with_threads(threads, || bytes(&finish(&job))).unwrap()
    });
    assert!(finals.iter().all(|f| *f == finals[0]));
}

#[test]
fn a_network_learns_a_few_images_by_heart() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), false);
    job.recipe.epochs = 30;
    let mut errors = Vec::new();
    run(&job, &AtomicBool::new(false), &mut |event| {
        if let Event::Epoch(log) = event {
            errors.push(log.train_error);
        }
    })
    .unwrap();
    assert!(errors[0] > 0.6 && errors[29] < 0.3, "{errors:?}");
}
