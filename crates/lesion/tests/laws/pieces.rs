//! Laws of pieces on disk: only whole pieces of the same question count.

use std::fs;
use std::path::{Path, PathBuf};

use lesion::{LesionError, Progress, Question, Runner};
use record::{FailAt, Record, Step};
use tensor::threads;

use crate::common::{SMALLEST, delete_one, sample, untrained};

fn asked(images: usize) -> Question {
    delete_one(untrained("resnet8", 6), sample(images))
}

/// Runs, and says which part of the work was found.
fn run(question: &Question, folder: &Path) -> (Record, f64) {
    let mut found = f64::NAN;
    let report = Box::new(|Progress { found_macs, total_macs, .. }: Progress| {
        found = found_macs as f64 / total_macs as f64;
    });
    let folder = Some(folder.to_owned());
    let mut runner = Runner { folder, report, limits: SMALLEST, ..Runner::default() };
    let record = question.run(&mut runner).unwrap();
    drop(runner);
    (record, found)
}

/// The files of a question's pieces.
fn files(folder: &Path, question: &Question) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(question.key().hash())).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

type Damage = fn(&mut Vec<u8>);

#[test]
fn a_damaged_piece_is_computed_again() {
    let (question, folder) = (asked(40), tempfile::tempdir().unwrap());
    let (whole, _) = run(&question, folder.path());
    let damages: [(&str, Damage); 7] = [
        ("a byte less", |bytes| bytes.truncate(bytes.len() - 1)),
        ("a byte more", |bytes| bytes.push(0)),
        ("a flipped bit at the end", |bytes| *bytes.last_mut().unwrap() ^= 1),
        ("a flipped bit at the start", |bytes| bytes[20] ^= 1),
        ("a flipped bit in the middle", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 64;
        }),
        ("nothing but its first line", |bytes| {
            bytes.truncate(bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1);
        }),
        ("nothing", Vec::clear),
    ];
    for (what, damage) in damages {
        let files = files(folder.path(), &question);
        assert_eq!(files.len(), 8, "four lesions, two groups");
        for file in &files {
            let mut bytes = fs::read(file).unwrap();
            damage(&mut bytes);
            fs::write(file, bytes).unwrap();
        }
        let (record, found) = run(&question, folder.path());
        assert!(record == whole, "{what}");
        assert_eq!(found, 0.0, "{what}");
        assert_eq!(run(&question, folder.path()).1, 1.0, "after {what}");
    }
}

/// Another process that answers the same question removes the folder when it is done.
#[test]
fn a_folder_that_disappears_takes_nothing_from_the_answer() {
    let (question, folder) = (asked(40), tempfile::tempdir().unwrap());
    let (whole, _) = run(&question, folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    let report = Box::new(|_: Progress| fs::remove_dir_all(folder.path()).unwrap_or_default());
    let folder = Some(folder.path().to_owned());
    let mut runner = Runner { folder, report, limits: SMALLEST, ..Runner::default() };
    assert!(question.run(&mut runner).unwrap() == whole);
    runner.forget(&question).unwrap();
}

#[test]
fn a_foreign_piece_is_computed_again() {
    let (question, other) = (asked(40), asked(41));
    let folder = tempfile::tempdir().unwrap();
    let (whole, _) = run(&question, folder.path());
    run(&other, folder.path());
    let (ours, theirs) = (files(folder.path(), &question), files(folder.path(), &other));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        fs::copy(theirs, ours).unwrap();
    }
    assert_eq!(run(&question, folder.path()), (whole.clone(), 0.0));
    // Pieces of the same question in each other's places.
    let [first, second] = [0, 2].map(|i| fs::read(&ours[i]).unwrap());
    fs::write(&ours[0], second).unwrap();
    fs::write(&ours[2], first).unwrap();
    let (record, found) = run(&question, folder.path());
    assert!(record == whole);
    assert!(0.0 < found && found < 1.0, "{found}");
}

#[test]
fn a_piece_that_cannot_be_kept_ends_the_run_and_the_others_stay() {
    let (question, folder) = (asked(40), tempfile::tempdir().unwrap());
    let runner =
        || Runner { folder: Some(folder.path().to_owned()), limits: SMALLEST, ..Runner::default() };
    let failed = threads::with_threads(1, || {
        let _full_disk = FailAt::step(Step::Write);
        question.run(&mut runner())
    });
    let error = failed.unwrap().unwrap_err();
    assert!(matches!(error, LesionError::Keep(_)), "{error}");
    assert_eq!(files(folder.path(), &question).len(), 0);

    fs::remove_dir_all(folder.path()).unwrap();
    fs::write(folder.path(), "a file").unwrap();
    let message = question.run(&mut runner()).unwrap_err().to_string();
    assert!(message.starts_with("cannot make the folder for finished pieces"), "{message}");
}
