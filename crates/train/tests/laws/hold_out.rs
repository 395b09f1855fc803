//! A training that holds images out: measured on them, and on nothing else.

use std::path::Path;

use data::Split;
use nn::state::StateDict;
use train::{CHECKPOINT, Job, LOG, Measured};

use crate::common::{bytes, finish, images, job, run_for};

fn held_out(out: &Path) -> Job {
    let (train, validation) = images(Split::Train, 56).hold_out(16).unwrap();
    Job { train, measured: Measured::Validation(validation), ..job(out, true) }
}

/// The same 40 images are learned from, so what is measured on has no part in a weight.
#[test]
fn the_images_measured_on_decide_no_weight() {
    let [with_test, with_held_out] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let weights = |path: &Path| StateDict::from_bytes(&bytes(path)).unwrap();
    let expected = weights(&finish(&job(with_test.path(), false)));
    let found = weights(&finish(&held_out(with_held_out.path())));
    assert!(found.tensors == expected.tensors);
}

#[test]
fn the_log_tells_the_error_on_the_images_held_out() {
    let dir = tempfile::tempdir().unwrap();
    finish(&held_out(dir.path()));
    let log = String::from_utf8(bytes(&dir.path().join(LOG))).unwrap();
    assert_eq!(log.lines().count(), 2);
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let wrong = 16.0 * entry["validation_error"].as_f64().unwrap();
        assert!(wrong.fract() == 0.0 && entry["validation_loss"].as_f64().unwrap() > 0.0, "{line}");
        assert!(!line.contains("test"), "{line}");
    }
}

#[test]
fn a_training_is_not_resumed_with_other_images_to_measure_on() {
    let dir = tempfile::tempdir().unwrap();
    run_for(&held_out(dir.path()), Some(1)).unwrap();
    let saved = bytes(&dir.path().join(CHECKPOINT));
    let message = run_for(&job(dir.path(), true), None).unwrap_err().to_string();
    assert!(
        message.contains("test: {") && message.contains("validation: null, then {"),
        "{message}"
    );
    assert_eq!(bytes(&dir.path().join(CHECKPOINT)), saved);
    finish(&held_out(dir.path()));
}
