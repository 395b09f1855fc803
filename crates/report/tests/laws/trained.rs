//! Laws of comparisons of trained networks: effective depth, initial weights, shared weights.

use record::{Bits, BranchScales, Record, ScaledArm, Score};
use report::ReportError;
use report::study;
use serde_json::json;
use testkit::made_up;

use crate::draws::measured;

const IMAGES: usize = 1_000;

/// A network that errs on the first images: so many with running statistics, and so many
/// with re-estimated ones.
fn network(name: &str, running: usize, reestimated: usize) -> Record {
    let score = |wrong: usize| {
        let right: Bits = (0..IMAGES).map(|i| i >= wrong).collect();
        Score::new(right, 0.5)
    };
    let arm = |(scaled, again): (bool, bool)| ScaledArm {
        scaled,
        reestimated: again,
        score: score(if again { reestimated } else { running }),
    };
    let answer =
        BranchScales { images: IMAGES, batches: 50, arms: BranchScales::RULES.map(arm).into() };
    made_up::record(name, IMAGES, json!({}), &answer)
}

/// The records that a study needs, from the errors of each, in order.
fn records(study: &str, wrong: &[[usize; 2]]) -> Vec<Record> {
    let study = study::ALL.iter().find(|known| known.name == study).unwrap();
    let needs = (study.needs)(&[]);
    assert_eq!(needs.len(), wrong.len(), "{}", study.name);
    let pairs = needs.iter().zip(wrong);
    pairs.map(|(need, [running, again])| network(&need.networks[0], *running, *again)).collect()
}

fn value(study: &str, quantity: &str, wrong: &[[usize; 2]]) -> Result<f64, ReportError> {
    let records = records(study, wrong);
    measured(study, quantity, &records.iter().collect::<Vec<_>>())
}

fn interval(study: &str, quantity: &str, wrong: &[[usize; 2]]) -> [f64; 2] {
    let records = records(study, wrong);
    let study = study::ALL.iter().find(|known| known.name == study).unwrap();
    let measure = study.quantity(quantity).unwrap().measure;
    let found = measure(&records.iter().collect::<Vec<_>>()).unwrap();
    [found.low, found.high]
}

#[test]
fn short_paths_are_compared_with_all_and_long_ones_with_short_ones() {
    // All, short and long paths, then the lender.
    let wrong = [[100, 0], [110, 0], [120, 0], [130, 0], [200, 0], [70, 0], [72, 0], [80, 0]];
    let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    close(value("path-limited", "short minus all", &wrong).unwrap(), 2.0);
    close(value("path-limited", "long minus short", &wrong).unwrap(), 7.5);
    // The single seed borrows: a lender without spread makes the interval narrower.
    let [low, high] = interval("path-limited", "long minus short", &wrong);
    let mut calm = wrong;
    calm[5..].fill([74, 0]);
    let [calm_low, calm_high] = interval("path-limited", "long minus short", &calm);
    assert!(high - low > calm_high - calm_low, "{low} to {high}, {calm_low} to {calm_high}");
    // Two arms of two seeds borrow nothing.
    assert_eq!(
        interval("path-limited", "short minus all", &wrong),
        interval("path-limited", "short minus all", &calm)
    );
}

#[test]
fn initial_weights_are_compared_over_their_seeds() {
    let wrong = [[100, 0], [120, 0], [150, 0], [170, 0]];
    let found = value("identity-initialisation", "standard minus small", &wrong).unwrap();
    assert!((found - 5.0).abs() < 1e-9, "{found}");
}

#[test]
fn shared_weights_have_a_share_of_what_depth_gains() {
    // resnet14, shared32, resnet32.
    let of = |few: usize, shared: usize, own: usize| {
        let wrong = [few, few, shared, shared, own, own, own].map(|wrong| [wrong, 0]);
        let quantity = |name| value("shared-weights", name, &wrong);
        [quantity("share of the gain"), quantity("gain of depth")]
    };
    for (few, shared, own, share, gain) in
        [(120, 90, 80, 0.75, 4.0), (120, 120, 80, 0.0, 4.0), (120, 130, 110, -1.0, 1.0)]
    {
        let [found_share, found_gain] = of(few, shared, own).map(Result::unwrap);
        assert!((found_share - share).abs() < 1e-9, "{found_share}, expected {share}");
        assert!((found_gain - gain).abs() < 1e-9, "{found_gain}, expected {gain}");
    }
    let [share, gain] = of(80, 90, 100);
    assert!(matches!(share, Err(ReportError::Lacking(_))), "depth that gains nothing");
    assert!(gain.unwrap() < 0.0);
}

/// The running statistics of a shared norm belong to no step.
#[test]
fn the_naive_network_is_judged_with_statistics_of_each_step() {
    let wrong = [[80, 82], [80, 84], [900, 123], [70, 70], [72, 72], [74, 74]];
    let found = value("shared-weights-naive", "naive minus shared", &wrong).unwrap();
    assert!((found - 4.0).abs() < 1e-9, "{found}");
}
