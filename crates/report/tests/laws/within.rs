//! The studies that look inside networks for the systems around the paper, on made-up records.

use record::{Additivity, Median, NeighbourPair, PairIndex, Record};
use report::{Answers, Need, ReportError, claims, study};
use serde_json::{Value, json};
use testkit::made_up;

use crate::draws::{IMAGES, measured};

/// Pairs of neighbours with these indices, each in a stage of three units; `None` where a unit
/// changes nothing.
fn additivity(network: &str, indices: &[Option<f64>]) -> Record {
    let around = |value: f64| Median { value, low: 0.9 * value, high: 1.1 * value };
    let index = |index: Option<f64>| PairIndex {
        index: index.map(around),
        without: if index.is_some() { 3 } else { IMAGES },
        effect: Some(around(0.02)),
    };
    let pair = |(first, &value): (usize, &Option<f64>)| NeighbourPair {
        first,
        second: first + 1,
        stage: first / 3,
        trained: index(value),
        initial: index(Some(0.1)),
    };
    let pairs = indices.iter().enumerate().map(pair).collect();
    let answer = Additivity { images: IMAGES, batches: 7, pairs };
    made_up::record(network, IMAGES, json!({ "pair-images": 1000 }), &answer)
}

/// Some record that meets a need, if its experiment is one of these.
pub(crate) fn made_up_answer(need: &Need) -> Option<Record> {
    let network = need.networks[0].as_str();
    match need.experiment {
        "additivity" => Some(additivity(network, &[Some(0.4), Some(0.9), None, Some(0.6)])),
        _ => None,
    }
}

#[test]
fn the_index_is_the_median_over_the_pairs_that_have_one() {
    let record = additivity("resnet110", &[Some(0.4), Some(0.9), None, Some(0.6)]);
    let measure = |record: &Record| measured("additivity", "additivity index", &[record]);
    assert_eq!(measure(&record).unwrap(), 0.6);
    let study = study::ALL.iter().find(|study| study.name == "additivity").unwrap();
    let estimate = (study.quantity("additivity index").unwrap().measure)(&[&record]).unwrap();
    assert!((estimate.low - 0.54).abs() < 1e-12 && (estimate.high - 0.66).abs() < 1e-12);
    let none = measure(&additivity("resnet110", &[None])).unwrap_err();
    assert!(matches!(none, ReportError::Lacking(_)), "{none}");
    let table = study::table(&record).unwrap();
    assert!(table.contains("Median over pairs: 0.600 (0.540 to 0.660); control 0.100"), "{table}");
    let json: Value = serde_json::from_str(&study::json(&record).unwrap()).unwrap();
    assert_eq!(json["index"], json!([0.4, 0.9, null, 0.6]));
    assert_eq!(json["without"], json!([3, 3, IMAGES, 3]));
    // What is left out is said below the figure.
    let figure = study::figure("fig-additivity").unwrap();
    let caption = (figure.draw)(&[&record]).unwrap().caption;
    assert!(caption.contains("no logit: 509 of 2,000 image-pairs"), "{caption}");
}

/// The claims of these studies as they are written today.
#[test]
fn claims_are_judged_from_the_records() {
    let criteria = claims::Claims::parse(claims::TEXT).unwrap();
    let verdict = |id: &str, record: Record| {
        let records = [record];
        let rows = claims::results(&criteria, study::ALL, &Answers::new(&records)).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().verdict.to_string()
    };
    for (index, expected) in [(0.9, "reproduced"), (0.4, "partly"), (0.1, "not")] {
        assert_eq!(verdict("c34", additivity("resnet110", &[Some(index); 4])), expected);
    }
}
