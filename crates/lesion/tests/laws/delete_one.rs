//! Laws of the experiment `delete-one`: one law for every network.

use data::Dataset;
use lesion::{
    Inputs, LesionError, Progress, Question, RECALIBRATION_BATCH, Runner, Subject, experiment,
};
use models::{Model, Plan, Route, evaluate, recalibrated};
use record::{DeleteOne, DeleteOneOptions, NormStatistics, Term};
use tensor::threads;

use crate::common::{
    delete_one, foreign, lived_in, question, run, sample, small_vgg, training, untrained,
};

/// What a unit can lose, by hand: the plan without it, where there is one.
fn without(model: &Model<f32>, id: usize, term: Term) -> Option<Plan> {
    let mut plan = Plan::intact(model);
    match term {
        Term::Branch => plan.delete(model, id).ok(),
        Term::Skip => {
            plan.routes[id] = Route::BRANCH;
            model.units[id].has_skip().then_some(plan)
        }
    }
}

/// One evaluation for each plan, nothing shared, each with statistics of its own where they
/// are re-estimated.
fn assert_equals_separate_evaluations(question: &Question, options: DeleteOneOptions) {
    let answer: DeleteOne = run(question).answer().unwrap();
    let (subject, images) = (question.inputs().network(), question.inputs().test());
    let model = &subject.model;
    let batches = (options.statistics == NormStatistics::Reestimated).then_some(2);
    assert_eq!((answer.images, answer.batches), (images.len(), batches));
    let separately = |plan: &Plan| {
        let mut model = model.clone();
        if let Some(batches) = batches {
            let images = training(batches * RECALIBRATION_BATCH);
            let images = subject.batches(&images, RECALIBRATION_BATCH).map(|(images, _)| images);
            model = recalibrated(&model, plan, images);
        }
        // Not the groups of the run: no bit depends on them.
        evaluate(&model, plan, subject.batches(images, 50))
    };
    let assert_is = |what: &str, score: &record::Score, plan: &Plan| {
        let expected = separately(plan);
        assert_eq!(score.wrong as usize, expected.wrong(), "{what}, {options:?}");
        assert_eq!(
            score.right.iter().collect::<Vec<_>>(),
            expected.is_right,
            "{what}, {options:?}"
        );
        let bits = [score.cross_entropy, expected.cross_entropy()].map(f64::to_bits);
        assert_eq!(bits[0], bits[1], "{what}, {options:?}");
    };
    assert_is("intact", &answer.intact, &Plan::intact(model));
    assert_eq!(answer.units.len(), model.units.len());
    for (id, (unit, found)) in model.units.iter().zip(&answer.units).enumerate() {
        assert_eq!((found.index, &found.name, found.stage), (id, &unit.name, unit.stage));
        assert_eq!(found.boundary, unit.is_boundary());
        match without(model, id, options.term) {
            Some(plan) => assert_is(&unit.name, found.deleted.as_ref().unwrap(), &plan),
            None => assert_eq!(found.deleted, None, "{}", unit.name),
        }
    }
}

fn arm(term: Term, statistics: NormStatistics) -> DeleteOneOptions {
    DeleteOneOptions { term, statistics }
}

/// A question with these options on so many images, statistics on 2 batches.
fn ask(options: DeleteOneOptions, subject: Subject, images: usize) -> Question {
    let options = serde_json::to_value(options).unwrap();
    question(&experiment::DeleteOne, options, subject, sample(images))
}

/// With the norms of [`lived_in`] the two kinds of statistics, and the two terms, differ.
fn changed(mut subject: Subject) -> Subject {
    subject.model = lived_in(subject.model, 3);
    subject
}

#[test]
fn a_run_gives_the_bits_of_separate_evaluations_of_every_image() {
    for subject in [untrained("resnet8", 5), untrained("resnet14-v1", 5), small_vgg(true, 5)] {
        let default = DeleteOneOptions::default();
        assert_equals_separate_evaluations(&delete_one(subject, sample(131)), default);
    }
}

#[test]
fn skips_and_statistics_of_their_own_give_the_bits_of_separate_evaluations() {
    let (skip, branch) = (Term::Skip, Term::Branch);
    for (subject, term, statistics) in [
        (changed(untrained("resnet8", 5)), skip, NormStatistics::Running),
        (changed(untrained("resnet8-v1", 5)), skip, NormStatistics::Reestimated),
        (changed(untrained("resnet8", 5)), branch, NormStatistics::Reestimated),
        (small_vgg(true, 5), branch, NormStatistics::Reestimated),
        (changed(untrained("highway", 5)), skip, NormStatistics::Running),
    ] {
        let options = arm(term, statistics);
        assert_equals_separate_evaluations(&ask(options, subject, 33), options);
    }
}

#[test]
fn each_choice_has_a_record_of_its_own_and_the_default_the_short_name() {
    let name = |term, statistics| {
        let question = ask(arm(term, statistics), untrained("resnet8", 1), 7);
        let trained = question.key().images.get(1).map(|images| images.name.clone());
        let end = foreign(&question, "delete-one-resnet8");
        let end = question.record_name().strip_prefix(&end).unwrap().to_owned();
        (end, trained)
    };
    let (running, reestimated) = (NormStatistics::Running, NormStatistics::Reestimated);
    let training = Some("cifar10-train".to_owned());
    let cases = [
        (Term::Branch, running, "", None),
        (Term::Skip, running, "-termskip", None),
        (Term::Branch, reestimated, "-training-first-256-statisticsreestimated", training.clone()),
        (Term::Skip, reestimated, "-training-first-256-termskip-statisticsreestimated", training),
    ];
    for (term, statistics, end, training) in cases {
        assert_eq!(name(term, statistics), (format!("-sample-first-7{end}"), training));
    }
}

#[test]
fn what_a_network_does_not_have_is_not_asked_of_it() {
    let refused = |options: DeleteOneOptions, subject: Subject, training: Dataset| {
        let (test, training) = (Some(sample(2)), Some(training));
        let inputs = Inputs { networks: vec![subject], test, training, ..Inputs::default() };
        let options = serde_json::to_value(options).unwrap();
        Question::new(&experiment::DeleteOne, options, inputs).unwrap_err().to_string()
    };
    let skip = arm(Term::Skip, NormStatistics::Running);
    let reestimated = arm(Term::Branch, NormStatistics::Reestimated);
    let cases = [
        (skip, small_vgg(true, 1), 128, "of vgg15-narrow: it needs a unit with a skip"),
        (reestimated, small_vgg(false, 1), 128, "of vgg15-narrow: it needs batch norms"),
        (reestimated, untrained("resnet8", 1), 127, "at least 128 training images"),
    ];
    for (options, subject, images, expected) in cases {
        let message = refused(options, subject, training(images));
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
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
