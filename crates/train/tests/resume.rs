//! Laws of the training loop: the same bits for any number of threads, and
//! whether it was interrupted or not.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use data::Split;
use models::Arch;
use record::{FailAt, Step};
use train::{CHECKPOINT, Ending, Event, Job, LOG, Recipe, TrainError, run};

fn job(out: &Path, resume: bool) -> Job {
    let arch = Arch::parse("resnet8").unwrap();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let images = |split| data::load_sample(&dir, split).unwrap().take_first(40).unwrap();
    Job {
        arch,
        recipe: Recipe { epochs: 2, batch: 16, ..Recipe::default_for(arch) },
        seed: 3,
        train: images(Split::Train),
        test: images(Split::Test),
        out: out.to_owned(),
        resume,
    }
}

/// Runs until it ends by itself; `stop_after` steps if given.
fn run_for(job: &Job, stop_after: Option<u64>) -> Result<Ending, TrainError> {
    let stop = AtomicBool::new(false);
    let mut steps = 0;
    run(job, &stop, &mut |event| {
        if let Event::Step(_) = event {
            steps += 1;
            stop.store(Some(steps) == stop_after, Ordering::Relaxed);
        }
    })
}

fn finish(job: &Job) -> PathBuf {
    match run_for(job, None).unwrap() {
        Ending::Finished(path) => path,
        stopped => panic!("{stopped:?}"),
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn stopping_after_every_step_and_resuming_changes_no_bit() {
    let (through, halting) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = finish(&job(through.path(), false));
    let mut stops = 0;
    let end = loop {
        match run_for(&job(halting.path(), true), Some(1)).unwrap() {
            Ending::Finished(path) => break path,
            Ending::Stopped(_) => stops += 1,
        }
    };
    // Two epochs of three steps, the last one of each with eight images.
    assert_eq!(stops, 6);
    assert_eq!(bytes(&end), bytes(&expected));
    let [log, expected_log] = [&halting, &through].map(|dir| bytes(&dir.path().join(LOG)));
    assert_eq!(log, expected_log);
    assert_eq!(log.iter().filter(|&&b| b == b'\n').count(), 2);
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

#[test]
fn a_failed_write_leaves_the_last_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&job(dir.path(), false), Some(2)).unwrap();
    let saved = bytes(&dir.path().join(CHECKPOINT));
    for step in [Step::Create, Step::Write, Step::Sync, Step::Rename] {
        let guard = FailAt::step(step);
        let error = run_for(&job(dir.path(), true), Some(1)).unwrap_err();
        assert!(matches!(error, TrainError::Write(_)), "{step:?}: {error}");
        drop(guard);
        assert_eq!(bytes(&dir.path().join(CHECKPOINT)), saved, "{step:?}");
    }
    finish(&job(dir.path(), true));
}

#[test]
fn damaged_checkpoints_and_impossible_recipes_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&job(dir.path(), false), Some(1)).unwrap();
    let path = dir.path().join(CHECKPOINT);
    let whole = bytes(&path);
    for cut in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = run_for(&job(dir.path(), true), None).unwrap_err();
        assert!(matches!(error, TrainError::Damaged { .. }), "{cut} bytes: {error}");
    }
    let fresh = tempfile::tempdir().unwrap();
    let mut none = job(fresh.path(), false);
    none.recipe.epochs = 0;
    assert!(matches!(run_for(&none, None), Err(TrainError::NoEpochs)));
    let mut odd = job(fresh.path(), false);
    odd.recipe.batch = 13;
    assert!(matches!(
        run_for(&odd, None),
        Err(TrainError::OneValuePerChannel { images: 40, batch: 13 })
    ));
}
