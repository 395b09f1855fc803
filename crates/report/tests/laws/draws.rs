//! The studies of random draws, on made-up records.

use record::stats::kendall_tau;
use record::{DeleteMany, DeletedCount, DeletedSet, RandomOrder, Record, Reorder, Tally, fold};
use report::study;
use report::{Need, ReportError};
use serde_json::{Value, json};
use testkit::made_up;

use crate::committees;
use crate::effective_paths::branch_scales;
use crate::paths::{before_training, path_gradients};
use crate::{
    cardinality, contest, inside, linear, masks, multi_residual, probes, training, within,
};

pub(crate) const IMAGES: usize = 500;
pub(crate) const FOLDS: usize = 5;

/// The tally of a draw with this number of wrong answers among the 100 of its fold.
pub(crate) fn tally(draw: usize, wrong: u32) -> Tally {
    let (fold, images) = (draw % FOLDS, fold(IMAGES, FOLDS, draw % FOLDS).len());
    Tally { fold, images, wrong, cross_entropy: 1.0 }
}

/// Five draws of each number of deleted units, with an error of `error` percent each.
pub(crate) fn delete_many(network: &str, options: Value, errors: &[u32]) -> Record {
    let count = |(place, &error): (usize, &u32)| DeletedCount {
        deleted: place + 1,
        draws: (0..5)
            .map(|draw| DeletedSet { units: (0..=place).collect(), tally: tally(draw, error) })
            .collect(),
    };
    let answer = DeleteMany {
        images: IMAGES,
        folds: FOLDS,
        pool: (0..errors.len()).collect(),
        intact: made_up::score(IMAGES, 30),
        counts: errors.iter().enumerate().map(count).collect(),
    };
    made_up::record(network, IMAGES, options, &answer)
}

/// Twenty orders of `n` units for each disorder: `i` exchanges of neighbours give the tau
/// of `i` inversions and an error of `errors[i]` percent.
pub(crate) fn reorder(network: &str, n: usize, errors: &[u32]) -> Record {
    let orders = errors.iter().enumerate().flat_map(|(inversions, &error)| {
        (0..20).map(move |draw| {
            let mut order: Vec<usize> = (0..n).collect();
            (0..inversions).for_each(|i| order.swap(2 * i, 2 * i + 1));
            let tau = kendall_tau(&order);
            RandomOrder { swaps: inversions, order, tau, tally: tally(draw, error) }
        })
    });
    let answer = Reorder {
        images: IMAGES,
        folds: FOLDS,
        pairs: vec![(0, 1)],
        intact: made_up::score(IMAGES, 30),
        orders: orders.collect(),
    };
    made_up::record(network, IMAGES, json!({}), &answer)
}

/// Some record that meets a need.
pub(crate) fn made_up_answer(need: &Need) -> Record {
    if need.networks.is_empty() {
        return linear::made_up_answer();
    }
    if let Some(record) = cardinality::made_up_answer(need) {
        return record;
    }
    let network = &need.networks[0];
    match need.experiment {
        "delete-one" => {
            let options = serde_json::from_value(need.options.clone()).unwrap();
            inside::nine_deletions_as(options, network)
        }
        "delete-many" => contest::sets_of_nine(network, need.options.clone()),
        "reorder" => reorder(network, 54, &[6, 10, 20]),
        "branch-scales" => branch_scales(network, 80),
        "path-gradients" => {
            let word = |option: &str| need.options[option].as_str().unwrap();
            let mut record = path_gradients(network, 9, 0.3, word("choice"), word("mode"));
            // A state of a network during its training is of the same architecture.
            record.key.networks[0].model.name = network.split("-e").next().unwrap().into();
            if word("state") == "initial" { before_training(record) } else { record }
        }
        "residual-norms" => inside::nine_norms(network),
        "training-log" => training::record(network, false),
        "gates" => inside::nine_gates(network),
        "masks" => masks::record(network, need.options["of"].as_str().unwrap(), [109, 100, 140]),
        "delete-branches" => multi_residual::three_units(network),
        other => committees::made_up_answer(need)
            .or_else(|| within::made_up_answer(need))
            .or_else(|| probes::made_up_answer(need))
            .unwrap_or_else(|| panic!("nothing is made up for {other}")),
    }
}

pub(crate) fn measured(
    study: &str,
    quantity: &str,
    records: &[&Record],
) -> Result<f64, ReportError> {
    let study = study::ALL.iter().find(|known| known.name == study).unwrap();
    (study.quantity(quantity)?.measure)(records).map(|estimate| estimate.value)
}

#[test]
fn quantities_of_random_deletions_are_those_of_the_mean_errors() {
    // 2, 4, … 40 percent, with a step of 12 points after the tenth.
    let errors: Vec<u32> = (1..=20).map(|k| 2 * k + if k > 10 { 10 } else { 0 }).collect();
    let record = delete_many("resnet110", json!({ "pool": "all" }), &errors);
    let cases = [
        ("Spearman", 1.0),
        ("largest step", 12.0),
        ("mean error at 10", 0.2),
        ("mean error at 20", 0.5),
        ("mean error at 20 over that at 10", 2.5),
    ];
    for (quantity, expected) in cases {
        let found = measured("delete-many", quantity, &[&record]).unwrap();
        assert!((found - expected).abs() < 1e-12, "{quantity}: {found}");
    }
    let short = delete_many("resnet20", json!({ "pool": "all" }), &errors[..9]);
    let message = measured("delete-many", "mean error at 10", &[&short]).unwrap_err().to_string();
    assert_eq!(message, "no draw deletes 10 units; the largest 9");
    let two = measured("delete-many", "Spearman", &[&record, &short]).unwrap_err();
    assert!(matches!(two, ReportError::Networks { given: 2, .. }), "{two}");
}

#[test]
fn quantities_of_orders_are_those_of_the_bins_of_tau() {
    // Tau of i inversions is 1 - 4 i / (54 * 53).
    let errors: Vec<u32> = (0..20).map(|inversions| 6 + 2 * inversions).collect();
    let record = reorder("resnet110", 54, &errors);
    assert_eq!(measured("reorder", "Spearman", &[&record]).unwrap(), -1.0);
    // From 0.97 to 0.99 are 8 to 21 inversions; here at most 19.
    let slight = measured("reorder", "error at tau 0.97 to 0.99", &[&record]).unwrap();
    assert!((slight - 0.33).abs() < 1e-12, "{slight}");
    // Bins hold 0 to 14 and 15 to 19 inversions: means of 20 and 40 percent.
    let step = measured("reorder", "largest step", &[&record]).unwrap();
    assert!((step - 20.0).abs() < 1e-9, "{step}");
}

#[test]
fn tables_and_json_hold_every_draw() {
    let deletions = delete_many("resnet20", json!({ "pool": "all" }), &[10, 30]);
    let table = study::table(&deletions).unwrap();
    for part in ["resnet20, of 2 blocks, 500 images in 5 folds", "intact: 30 wrong, error 6.00 %"] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let json: Value = serde_json::from_str(&study::json(&deletions).unwrap()).unwrap();
    assert_eq!(json["counts"][1]["errors"], json!([0.3, 0.3, 0.3, 0.3, 0.3]));
    let orders = reorder("resnet20", 9, &[6, 10]);
    let table = study::table(&orders).unwrap();
    assert!(table.contains("40 orders") && table.contains("0.98 to 1.00"), "{table}");
    let json: Value = serde_json::from_str(&study::json(&orders).unwrap()).unwrap();
    assert_eq!(json["errors"].as_array().unwrap().len(), 40);
}
