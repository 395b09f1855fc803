//! Laws of the experiment `delete-one`: one law for every network.

use lesion::{LesionError, Progress, Question, Runner};
use models::{Plan, evaluate};
use record::DeleteOne;
use tensor::threads;

use crate::common::{delete_one, run, sample, small_vgg, untrained};

/// One evaluation for each plan, nothing shared.
fn assert_equals_separate_evaluations(question: &Question, answer: &DeleteOne) {
    let (subject, images) = (question.inputs().network(), question.inputs().test());
    let model = &subject.model;
    // Not the groups of the run: no bit depends on them.
    let separately = |plan: &Plan| evaluate(model, plan, subject.batches(images, 50));
    let assert_is = |what: &str, score: &record::Score, plan: &Plan| {
        let expected = separately(plan);
        assert_eq!(score.wrong as usize, expected.wrong(), "{what}");
        assert_eq!(score.right.iter().collect::<Vec<_>>(), expected.is_right, "{what}");
        let bits = [score.cross_entropy, expected.cross_entropy()].map(f64::to_bits);
        assert_eq!(bits[0], bits[1], "{what}");
    };
    let intact = Plan::intact(model);
    assert_eq!(answer.images, images.len());
    assert_is("intact", &answer.intact, &intact);
    assert_eq!(answer.units.len(), model.units.len());
    for (id, (unit, found)) in model.units.iter().zip(&answer.units).enumerate() {
        assert_eq!((found.index, &found.name, found.stage), (id, &unit.name, unit.stage));
        assert_eq!(found.boundary, unit.is_boundary());
        match intact.clone().delete(model, id) {
            Ok(plan) => assert_is(&unit.name, found.deleted.as_ref().unwrap(), &plan),
            Err(_) => assert_eq!(found.deleted, None, "{}", unit.name),
        }
    }
}

#[test]
fn a_run_gives_the_bits_of_separate_evaluations_of_every_image() {
    for subject in [untrained("resnet8", 5), untrained("resnet14-v1", 5), small_vgg(true, 5)] {
        let question = delete_one(subject, sample(131));
        assert_equals_separate_evaluations(&question, &run(&question).answer().unwrap());
    }
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    for subject in [untrained("resnet8", 7), small_vgg(true, 7)] {
        let question = delete_one(subject, sample(64));
        let written = |n: usize| {
            let record = threads::with_threads(n, || run(&question)).unwrap();
            let dir = tempfile::tempdir().unwrap();
            std::fs::read(record.save(dir.path()).unwrap()).unwrap()
        };
        assert!(written(1) == written(2), "{}", question.record_name());
    }
}

#[test]
fn what_cannot_be_deleted_is_none() {
    let question = delete_one(small_vgg(true, 1), sample(2));
    let answer: DeleteOne = run(&question).answer().unwrap();
    let deleted: Vec<bool> = answer.units.iter().map(|unit| unit.deleted.is_some()).collect();
    assert_eq!(deleted, [vec![false], vec![true; 13]].concat());
    assert_eq!((question.plans().count(), question.distinct()), (14, 14));
}

#[test]
fn progress_climbs_to_the_cost() {
    let question = delete_one(untrained("resnet8", 1), sample(130));
    let mut seen: Vec<Progress> = Vec::new();
    let report = Box::new(|progress| seen.push(progress));
    question.run(&mut Runner { report, ..Runner::default() }).unwrap();
    assert!(seen.windows(2).all(|pair| pair[0].done_macs < pair[1].done_macs));
    let total_macs = question.cost().macs;
    assert_eq!(seen[0], Progress { done_macs: 0, total_macs, found_macs: 0 });
    assert_eq!(*seen.last().unwrap(), Progress { done_macs: total_macs, ..seen[0] });
}

#[test]
fn infinite_losses_are_errors() {
    let mut subject = untrained("resnet8", 1);
    // Finite weights whose sums are not.
    let weight = subject.model.params.find("linear.weight").unwrap();
    subject.model.params.value_mut(weight).as_mut_slice().fill(f32::MAX);
    let question = delete_one(subject, sample(2));
    let error = question.run(&mut Runner::default()).unwrap_err();
    assert!(matches!(error, LesionError::NotFinite { .. }), "{error}");
    let message = error.to_string();
    assert!(message.starts_with("resnet8, intact: the mean cross-entropy is"), "{message}");
}
