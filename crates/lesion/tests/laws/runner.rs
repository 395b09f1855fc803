//! Laws of runs: cut, stopped, resumed.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use lesion::experiment::Plans;
use lesion::{Lesion, LesionError, Limits, Progress, Question, Runner, Statistics};
use models::{EVAL_GROUP, Plan};
use record::Record;
use serde_json::json;
use tensor::threads;

use crate::common::{SMALLEST, delete_one, lived_in, question, sample, small_vgg, untrained};

/// Lesions of all kinds, among them equal ones.
fn of_all_kinds() -> Question {
    let mut subject = untrained("resnet14", 4);
    subject.model = lived_in(subject.model, 4);
    let intact = Plan::intact(&subject.model);
    let mut lesions: Vec<Lesion> = (0..6)
        .flat_map(|id| {
            let plan = intact.clone().delete(&subject.model, id).unwrap();
            let scaled = Lesion { branch_scale: Some(vec![0.5; 6]), ..plan.clone().into() };
            [plan.into(), scaled]
        })
        .collect();
    for (place, batches) in [(2, 1), (5, 2), (2, 1)] {
        let statistics = Statistics::Reestimated { batches };
        lesions.push(Lesion { statistics, ..lesions[place].clone() });
    }
    lesions.push(intact.into());
    lesions.push(lesions[4].clone());
    question(&Plans, json!({ "plans": lesions }), subject, sample(2 * EVAL_GROUP + 9))
}

#[test]
fn pieces_and_threads_change_no_bit() {
    let questions = [of_all_kinds(), delete_one(small_vgg(true, 3), sample(70))];
    for question in questions {
        let expected = question.run(&mut Runner::default()).unwrap();
        let a_few = question.cost().macs / 7;
        for (limits, n) in [
            (Limits { macs: u64::MAX, parts: 1 }, 1),
            (Limits { macs: a_few, parts: 2 }, 2),
            (Limits { macs: a_few, parts: 64 }, 3),
            (SMALLEST, 2),
            (Limits::default(), 3),
        ] {
            let run = || question.run(&mut Runner { limits, ..Runner::default() }).unwrap();
            let record = threads::with_threads(n, run).unwrap();
            assert!(record == expected, "{}: {limits:?}, {n} threads", record.name);
        }
    }
}

/// A run that is stopped when its progress has been reported so often.
fn stopped_after(
    question: &Question,
    runner: Runner<'_>,
    reports: usize,
) -> Result<Record, LesionError> {
    let (stop, mut left) = (AtomicBool::new(false), reports);
    let report = Box::new(|_| {
        left = left.saturating_sub(1);
        stop.store(left == 0, Ordering::Relaxed);
    });
    question.run(&mut Runner { stop: Some(&stop), report, ..runner })
}

/// A run with what it found and what it did.
fn measured(question: &Question, runner: Runner<'_>) -> (Record, Progress, u64) {
    let (mut first, mut last) = (None, 0);
    let report = Box::new(|progress: Progress| {
        last = progress.done_macs;
        first.get_or_insert(progress);
    });
    let record = question.run(&mut Runner { report, ..runner }).unwrap();
    let first = first.unwrap();
    (record, first, last - first.done_macs)
}

#[test]
fn a_run_goes_on_where_another_one_has_stopped() {
    let question = of_all_kinds();
    let whole = question.run(&mut Runner { limits: SMALLEST, ..Runner::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept =
        || Runner { folder: Some(folder.path().to_owned()), limits: SMALLEST, ..Runner::default() };
    let mut finished = 0;
    // One thread, so that the number of pieces under way is known.
    for reports in [1, 4, 40] {
        let stopped = threads::with_threads(1, || stopped_after(&question, kept(), reports));
        let Err(LesionError::Stopped { done, pieces }) = stopped.unwrap() else {
            panic!("the run was not stopped");
        };
        assert!(done < pieces && done >= finished, "{done} of {pieces}, before {finished}");
        assert_eq!(done == 0, reports == 1, "a run that is stopped at once does nothing");
        finished = done;
    }
    let (record, start, done) = measured(&question, kept());
    assert!(record == whole);
    assert!(0 < start.found_macs && start.found_macs < start.total_macs, "{start:?}");
    assert_eq!((start.done_macs, done), (start.found_macs, start.total_macs - start.found_macs));

    // All is there now.
    let (record, start, done) = measured(&question, kept());
    assert!(record == whole);
    assert_eq!((start.found_macs, done), (start.total_macs, 0));

    kept().forget(&question).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    kept().forget(&question).unwrap();
    assert_eq!(measured(&question, kept()).1.found_macs, 0);
}

#[test]
fn pieces_of_another_cut_are_not_mixed_up() {
    let question = of_all_kinds();
    let folder = tempfile::tempdir().unwrap();
    let kept =
        |limits| Runner { folder: Some(folder.path().to_owned()), limits, ..Runner::default() };
    let (small, ..) = measured(&question, kept(SMALLEST));
    let (default, ..) = measured(&question, kept(Limits::default()));
    assert!(small == default);
}

#[test]
fn a_run_without_a_folder_keeps_nothing_and_forgets_nothing() {
    let question = delete_one(untrained("resnet8", 1), sample(40));
    let count = Cell::new(0);
    for _ in 0..2 {
        let (_, start, _) = measured(&question, Runner::default());
        count.set(count.get() + start.found_macs);
    }
    assert_eq!(count.get(), 0);
    Runner::default().forget(&question).unwrap();
}
