//! Laws of random orders.

use lesion::{Inputs, LesionError, Question, Runner, experiment};
use models::{Plan, evaluate};
use record::stats::kendall_tau;
use record::{Reorder, fold};
use serde_json::{Value, json};

use crate::common::{however_cut, sample, small_vgg, untrained};

fn question(
    network: lesion::Subject,
    images: usize,
    options: Value,
) -> Result<Question, LesionError> {
    let inputs =
        Inputs { networks: vec![network], test: Some(sample(images)), ..Inputs::default() };
    Question::new(experiment::named("reorder").unwrap(), options, inputs)
}

fn answer(network: lesion::Subject, images: usize, options: Value) -> Reorder {
    let question = question(network, images, options).unwrap();
    question.run(&mut Runner::default()).unwrap().answer().unwrap()
}

/// Each order has the outcome of its plan alone on its fold, and its own disorder.
#[test]
fn an_order_is_an_evaluation_of_its_plan_on_its_fold() {
    let network = untrained("resnet20", 3);
    let found = answer(network.clone(), 23, json!({ "draws": 4, "max-swaps": 3, "folds": 3 }));
    assert_eq!(found.orders.len(), 12);
    let (model, images) = (&network.model, sample(23));
    for (place, order) in found.orders.iter().enumerate() {
        let draw = place % 4;
        assert_eq!(order.swaps, place / 4 + 1, "{order:?}");
        assert_eq!(order.tau, kendall_tau(&order.order), "{order:?}");
        let plan = Plan { order: order.order.clone(), ..Plan::intact(model) };
        let places = fold(23, 3, draw % 3);
        let alone = evaluate(model, &plan, network.batches_of(&images, places.clone(), 32));
        assert_eq!((order.tally.fold, order.tally.images), (draw % 3, places.len()), "{order:?}");
        assert_eq!(order.tally.wrong as usize, alone.wrong(), "{order:?}");
        let bits = [order.tally.cross_entropy, alone.cross_entropy()].map(f64::to_bits);
        assert_eq!(bits[0], bits[1], "{order:?}");
    }
}

/// The pairs of claim c11: 18 movable blocks in the first stage, 17 in the others.
#[test]
fn units_change_places_within_their_stage_alone() {
    let options = json!({ "draws": 1, "max-swaps": 1, "folds": 1 });
    let found = answer(untrained("resnet20", 1), 1, options.clone());
    assert_eq!(found.pairs, [(0, 1), (0, 2), (1, 2), (4, 5), (7, 8)]);
    let deep = answer(untrained("resnet110", 1), 1, options);
    assert_eq!(deep.pairs.len(), 153 + 136 + 136);
    assert!(deep.pairs.iter().all(|(a, b)| a / 18 == b / 18 && *a != 18 && *a != 36));
}

/// Of five pairs exchanged 5,000 times in all, each comes about 1,000 times: within five
/// standard deviations.
#[test]
fn every_pair_is_exchanged_as_often_as_the_others() {
    let options = json!({ "draws": 5_000, "max-swaps": 1, "folds": 1 });
    let question = question(untrained("resnet20", 1), 1, options).unwrap();
    let mut times = std::collections::BTreeMap::new();
    for (_, plan) in question.plans() {
        *times.entry(plan.order.clone()).or_insert(0_i64) += 1;
    }
    // The intact order of the intact network is one more.
    assert_eq!(times.remove(&(0..9).collect::<Vec<_>>()), Some(1));
    assert_eq!(times.len(), 5);
    assert!(times.values().all(|n| (n - 1_000).abs() <= 5 * 29), "{times:?}");
}

#[test]
fn the_seed_decides_the_orders_and_impossible_questions_are_refused() {
    let drawn = |seed: u64| {
        let options = json!({ "draws": 5, "max-swaps": 4, "folds": 1, "seed": seed });
        let question = question(untrained("resnet20", 1), 1, options).unwrap();
        question.plans().map(|(_, plan)| plan.clone()).collect::<Vec<_>>()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let cases = [
        (json!({ "draws": 0 }), "draws is 0: expected at least 1"),
        (json!({ "max-swaps": 0 }), "max-swaps is 0: expected at least 1"),
        (json!({ "folds": 5 }), "folds is 5: expected 1 to 4"),
        (json!({ "pool": "all" }), "no option \"pool\""),
    ];
    for (options, expected) in cases {
        let message = question(untrained("resnet20", 1), 4, options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
    // Each stage of a ResNet-8 has one block.
    let message = question(untrained("resnet8", 1), 4, json!({})).unwrap_err().to_string();
    let expected = "reorder cannot be asked of resnet8: it needs two units of one stage";
    assert!(message.starts_with(expected), "{message:?}");
    // Plain layers that keep their shape can change places as well.
    let plain = answer(small_vgg(true, 1), 2, json!({ "draws": 1, "max-swaps": 1, "folds": 1 }));
    assert!(!plain.pairs.is_empty());
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let options = json!({ "draws": 2, "max-swaps": 2, "folds": 2 });
    however_cut(&question(untrained("resnet20", 3), 40, options).unwrap());
}
