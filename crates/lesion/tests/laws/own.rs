//! An experiment from outside of the crate runs like any other.

use lesion::{Question, Runner};
use models::evaluate;
use serde_json::json;

use crate::common::{SMALLEST, question, run, sample, untrained};
use crate::folds::{Folds, Found, Options, plans, sum_of_logits};

fn folds(n: usize) -> Question {
    question(&Folds, json!({}), untrained("resnet8", 3), sample(n))
}

#[test]
fn lesions_see_their_range_of_the_images_and_items_their_number() {
    let (question, n) = (folds(83), 83);
    let (record, inputs) = (run(&question), question.inputs());
    let subject = inputs.network();
    let wrong = |fold: usize| {
        let images = fold * n / 5..(fold + 1) * n / 5;
        let plans = plans(inputs, &Options::default(), fold);
        let wrong = |plan| {
            let batches = subject.batches_of(inputs.test(), images.clone(), 7);
            evaluate(&subject.model, plan, batches).wrong()
        };
        plans.iter().map(wrong).collect()
    };
    let expected = Found {
        wrong: (0..5).map(wrong).collect(),
        sums: (0..n).map(|image| sum_of_logits(inputs, image)).collect(),
    };
    assert_eq!(record.answer::<Found>().unwrap(), expected);
    let network = &record.key.networks[0].weights.sha256[..8];
    assert_eq!(record.name, format!("folds-resnet8-{network}-sample-first-83"));
    assert!(record.is_up_to_date(question.key()));
}

#[test]
fn its_cost_and_its_plans_are_known_before() {
    let question = folds(83);
    assert_eq!((question.plans().count(), question.work().len()), (15, 6));
    let distinct = (0..5).map(|fold| {
        let mut plans = plans(question.inputs(), &Options::default(), fold);
        plans.sort_by_key(|plan| {
            plan.routes.iter().map(|r| (r.skip, r.branches)).collect::<Vec<_>>()
        });
        plans.dedup();
        plans.len()
    });
    assert_eq!(question.distinct(), distinct.sum::<usize>());
    let mut total = 0;
    let report = Box::new(|progress: lesion::Progress| total = progress.total_macs);
    question.run(&mut Runner { report, ..Runner::default() }).unwrap();
    assert_eq!(total, question.cost().macs);
}

#[test]
fn it_is_cut_and_kept_like_any_other() {
    let (question, folder) = (folds(40), tempfile::tempdir().unwrap());
    let kept =
        || Runner { folder: Some(folder.path().to_owned()), limits: SMALLEST, ..Runner::default() };
    let whole = run(&question);
    assert_eq!(question.run(&mut kept()).unwrap(), whole);
    let mut found = (0, 1);
    let report = Box::new(|p: lesion::Progress| found = (p.found_macs, p.total_macs));
    assert_eq!(question.run(&mut Runner { report, ..kept() }).unwrap(), whole);
    assert_eq!(found.0, found.1);
}
