//! Laws of random deletions.

use lesion::{Inputs, LesionError, Question, Runner, experiment};
use models::{Plan, evaluate};
use record::{DeleteMany, fold};
use serde_json::{Value, json};

use crate::common::{however_cut, sample, small_vgg, untrained};

fn question(
    network: lesion::Subject,
    images: usize,
    options: Value,
) -> Result<Question, LesionError> {
    let inputs =
        Inputs { networks: vec![network], test: Some(sample(images)), ..Inputs::default() };
    Question::new(experiment::named("delete-many").unwrap(), options, inputs)
}

fn answer(network: lesion::Subject, images: usize, options: Value) -> DeleteMany {
    let question = question(network, images, options).unwrap();
    question.run(&mut Runner::default()).unwrap().answer().unwrap()
}

/// Each draw has the outcome of its plan alone on its fold.
#[test]
fn a_draw_is_an_evaluation_of_its_plan_on_its_fold() {
    let network = untrained("resnet20", 3);
    let found = answer(network.clone(), 23, json!({ "draws": 4, "max-deleted": 3, "folds": 3 }));
    assert_eq!(found.pool, (0..9).collect::<Vec<_>>());
    let sizes: Vec<_> =
        found.counts.iter().map(|count| (count.deleted, count.draws.len())).collect();
    assert_eq!(sizes, [(1, 4), (2, 4), (3, 4)]);
    let (model, images) = (&network.model, sample(23));
    for count in &found.counts {
        for (draw, set) in count.draws.iter().enumerate() {
            let delete = |plan: Plan, &id: &usize| plan.delete(model, id).unwrap();
            let plan = set.units.iter().fold(Plan::intact(model), delete);
            let places = fold(23, 3, draw % 3);
            let alone = evaluate(model, &plan, network.batches_of(&images, places.clone(), 32));
            assert_eq!((set.tally.fold, set.tally.images), (draw % 3, places.len()), "{set:?}");
            assert_eq!(set.tally.wrong as usize, alone.wrong(), "{set:?}");
            let bits = [set.tally.cross_entropy, alone.cross_entropy()].map(f64::to_bits);
            assert_eq!(bits[0], bits[1], "{set:?}");
        }
    }
    let intact = evaluate(model, &Plan::intact(model), network.batches(&images, 32));
    assert_eq!(found.intact.wrong as usize, intact.wrong());
    assert_eq!(found.intact.cross_entropy.to_bits(), intact.cross_entropy().to_bits());
}

/// Of nine units taken singly 9,000 times, each comes about 1,000 times: within five
/// standard deviations.
#[test]
fn every_unit_of_the_pool_is_drawn_as_often_as_the_others() {
    let options = json!({ "draws": 9_000, "max-deleted": 1, "folds": 1 });
    let question = question(untrained("resnet20", 1), 1, options).unwrap();
    let mut times = [0_i64; 9];
    for (_, plan) in question.plans() {
        let deleted = plan.routes.iter().position(|route| *route == models::Route::SKIP);
        deleted.into_iter().for_each(|id| times[id] += 1);
    }
    assert_eq!(times.iter().sum::<i64>(), 9_000);
    let off = times.iter().map(|n| (n - 1_000).abs()).max().unwrap();
    assert!(off <= 5 * 30, "{times:?}");
}

#[test]
fn sizes_end_at_the_pool_and_thin_out_beyond_twenty() {
    let sizes = |model: &str, options: Value| -> Vec<(usize, usize)> {
        let found = answer(untrained(model, 1), 1, options);
        found.counts.iter().map(|count| (count.deleted, count.draws.len())).collect()
    };
    let few = json!({ "draws": 6, "folds": 1, "pool": "non-boundary" });
    let found = answer(untrained("resnet20", 1), 1, few.clone());
    assert_eq!(found.pool, [0, 1, 2, 4, 5, 7, 8]);
    assert_eq!(sizes("resnet20", few).last(), Some(&(7, 6)));
    let deep = json!({ "draws": 6, "folds": 1 });
    let deep = question(untrained("resnet80", 1), 1, deep).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for (_, plan) in deep.plans() {
        let deleted = plan.routes.iter().filter(|route| **route == models::Route::SKIP).count();
        *counts.entry(deleted).or_insert(0) += 1;
    }
    // 39 units; the intact network is one plan more.
    let expected = (1..=20).map(|k| (k, 6)).chain((22..=38).step_by(2).map(|k| (k, 2)));
    assert!(counts.into_iter().eq([(0, 1)].into_iter().chain(expected)));
    // A plain network has no boundary blocks; its first layer cannot be deleted.
    let plain = answer(small_vgg(true, 1), 2, json!({ "draws": 1, "max-deleted": 2, "folds": 2 }));
    assert_eq!(plain.pool, (1..14).collect::<Vec<_>>());
}

#[test]
fn the_seed_decides_the_draws_and_impossible_options_are_refused() {
    let options = |seed: u64| json!({ "draws": 5, "max-deleted": 4, "folds": 1, "seed": seed });
    let drawn = |seed: u64| {
        let question = question(untrained("resnet20", 1), 1, options(seed)).unwrap();
        question.plans().map(|(_, plan)| plan.clone()).collect::<Vec<_>>()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let cases = [
        (json!({ "draws": 0 }), "draws is 0: expected at least 1"),
        (json!({ "max-deleted": 0 }), "max-deleted is 0: expected at least 1"),
        (json!({ "folds": 0 }), "folds is 0: expected 1 to 4"),
        (json!({ "folds": 5 }), "folds is 5: expected 1 to 4"),
        (json!({ "pool": "some" }), "expected `all` or `non-boundary`"),
        (json!({ "draws": -1 }), "draws is -1"),
        (json!({ "drawz": 1 }), "no option \"drawz\""),
    ];
    for (options, expected) in cases {
        let message = question(untrained("resnet8", 1), 4, options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let options = json!({ "draws": 2, "max-deleted": 2, "folds": 2 });
    however_cut(&question(untrained("resnet8", 3), 40, options).unwrap());
}
