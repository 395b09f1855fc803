//! What a training leaves behind when the disk fails or the process dies while it saves.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use record::{FailAt, Failure};
use train::{CHECKPOINT, Ending, FINAL, LOG, TrainError};

use crate::common::{bytes, finish, job, run_for};

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The folder of a training left alone, and the bytes of all its files.
fn undisturbed() -> (tempfile::TempDir, [Vec<u8>; 3]) {
    let dir = tempfile::tempdir().unwrap();
    finish(&job(dir.path(), false));
    let files = [CHECKPOINT, FINAL, LOG].map(|name| bytes(&dir.path().join(name)));
    (dir, files)
}

/// Goes on to the end, which must be that of a training left alone.
fn ends_as(folder: &Path, expected: &[Vec<u8>; 3], what: &str) {
    finish(&job(folder, true));
    for (name, expected) in [CHECKPOINT, FINAL, LOG].iter().zip(expected) {
        assert!(bytes(&folder.join(name)) == *expected, "{what}: {name} differs");
    }
    assert_eq!(names(folder), [CHECKPOINT, FINAL, LOG], "{what}");
}

/// Creating, writing, flushing, renaming: whichever of all steps of a whole training fails,
/// the error names the file, an older checkpoint loads, and the training goes on.
#[test]
fn whichever_write_fails_the_training_goes_on_from_a_checkpoint() {
    let (_dir, expected) = undisturbed();
    for failure in Failure::ERRORS {
        let mut n = 0;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let armed = FailAt::nth(n, failure);
            let ended = run_for(&job(dir.path(), false), None);
            let is_pending = armed.is_pending();
            drop(armed);
            if is_pending {
                assert!(matches!(ended, Ok(Ending::Finished(_))), "{ended:?}");
                break;
            }
            let what = format!("{failure:?} at step {n}");
            let error = ended.expect_err(&what);
            assert!(matches!(error, TrainError::Write(_)), "{what}: {error}");
            let folder = dir.path().to_str().unwrap();
            assert!(error.to_string().contains(folder), "{what}: {error}");
            let left = names(dir.path());
            assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{what}: {left:?}");
            ends_as(dir.path(), &expected, &what);
            n += 1;
        }
        // First checkpoint; for both epochs a checkpoint and a log; log and final weights.
        assert_eq!(n, 5 * (1 + 2 * 2 + 2), "{failure:?}");
    }
}

/// The place at which the process of [`dying`] dies, and the folder that it trains in.
const DIES: &str = "UNRAVEL_TEST_DIES";

/// Trains in a process of its own that dies at the n-th step of writing; whether it did.
fn dying(n: usize, folder: &Path) -> bool {
    let test = "failures::whenever_it_is_killed_the_training_goes_on_from_a_checkpoint";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(DIES, format!("{n} {}", folder.display()))
        .stdout(File::create("/dev/null").unwrap())
        .stderr(File::create("/dev/null").unwrap())
        .status()
        .unwrap();
    // A test that fails would have an exit code, too.
    assert!(status.success() || status.code().is_none(), "{status}");
    !status.success()
}

#[cfg(unix)]
#[test]
fn whenever_it_is_killed_the_training_goes_on_from_a_checkpoint() {
    if let Ok(told) = std::env::var(DIES) {
        let (n, folder) = told.split_once(' ').unwrap();
        let _armed = FailAt::nth(n.parse().unwrap(), Failure::Death);
        finish(&job(&PathBuf::from(folder), true));
        return;
    }
    let (_dir, expected) = undisturbed();
    let mut n = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        if !dying(n, dir.path()) {
            break;
        }
        let leftovers = names(dir.path()).iter().filter(|name| name.ends_with(".tmp")).count();
        assert!(leftovers <= 1, "step {n}: {leftovers}");
        ends_as(dir.path(), &expected, &format!("killed at step {n}"));
        n += 1;
    }
    assert_eq!(n, 5 * (1 + 2 * 2 + 2));
}

#[test]
fn two_trainings_at_once_in_a_folder_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    folder.lock().unwrap();
    let error = run_for(&job(dir.path(), false), None).unwrap_err();
    assert!(matches!(error, TrainError::InUse(_)), "{error}");
    assert!(names(dir.path()).is_empty());
    drop(folder);
    finish(&job(dir.path(), false));
}
