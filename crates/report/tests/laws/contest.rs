//! The contest of predictions, on made-up records.

use record::{DeleteMany, DeletedCount, DeletedSet, Record};
use report::ReportError;
use serde_json::{Value, json};
use testkit::made_up;

use crate::draws::{FOLDS, IMAGES, measured, tally};
use crate::inside::{Cost, deletions, norms};
use crate::paths::path_gradients;

/// Ten sets of each size up to `most` of `n` units, with an error of `error(set)` percent.
fn sets(
    network: &str,
    options: Value,
    (n, most): (usize, usize),
    error: impl Fn(&[usize]) -> u32,
) -> Record {
    let set = |size: usize, draw: usize| {
        // Spread over the units, differently for each draw.
        let mut units: Vec<usize> = (0..size).map(|i| (i * (draw % 3 + 1) + draw) % n).collect();
        units.sort_unstable();
        units.dedup();
        while units.len() < size {
            let free = (0..n).find(|unit| !units.contains(unit)).unwrap();
            units.push(free);
            units.sort_unstable();
        }
        let tally = tally(draw, error(&units));
        DeletedSet { units, tally }
    };
    let count = |size: usize| DeletedCount {
        deleted: size,
        draws: (0..10).map(|draw| set(size, draw)).collect(),
    };
    let answer = DeleteMany {
        images: IMAGES,
        folds: FOLDS,
        pool: (0..n).collect(),
        intact: made_up::score(IMAGES, 30),
        counts: (1..=most).map(count).collect(),
    };
    made_up::record(network, IMAGES, options, &answer)
}

/// Sets of nine units, whose error grows with their number and a little with which.
pub(crate) fn sets_of_nine(network: &str, options: Value) -> Record {
    sets(network, options, (9, 5), |units| 8 * units.len() as u32 + units[0] as u32)
}

fn r2(records: &[&Record], predictor: &str) -> f64 {
    measured("prediction-contest", &format!("R2 of {predictor}"), records).unwrap()
}

/// Where the error is a function of one predictor, that one explains all of it, and the
/// others less.
#[test]
fn the_predictor_that_makes_the_error_wins() {
    let all = json!({ "pool": "all" });
    // Any two units differ in both, and not in the same order.
    let ratio = |unit: usize| [7.0, 1.0, 5.0, 2.0, 8.0, 3.0, 1.5, 6.0][unit] / 10.0;
    let lost = |unit: usize| [2, 6, 1, 4, 3, 7, 5, 0][unit];
    let ratios: Vec<_> = (0..8).map(|unit| Some(ratio(unit))).collect();
    let costs: Vec<Cost> = (0..8).map(|unit| (0.1, 5 * lost(unit), false)).collect();
    let of_paths = path_gradients("resnet20", 8, 0.3, "random", "train");
    let (of_norms, of_one) = (norms("resnet20", &ratios), deletions("resnet20", &costs, IMAGES));
    let sum =
        |units: &[usize], of: &dyn Fn(usize) -> f64| -> f64 { units.iter().map(|&u| of(u)).sum() };
    let by_k = sets("resnet20", all.clone(), (8, 6), |units| 10 * units.len() as u32);
    let by_norm = sets("resnet20", all.clone(), (8, 6), |u| (20.0 * sum(u, &ratio)).round() as u32);
    let by_lost = sets("resnet20", all, (8, 6), |u| (3.0 * sum(u, &|u| lost(u) as f64)) as u32);
    let cases = [(&by_k, "k"), (&by_norm, "norms"), (&by_lost, "single D")];
    for (made, winner) in cases {
        let records = [made, &of_one, &of_norms, &of_paths];
        for form in ["", ", line"] {
            let of = |predictor: &str| r2(&records, &format!("{predictor}{form}"));
            let best = of(winner);
            assert!(best > 0.98, "{winner}{form}: {best}");
            let others = ["k", "norms", "single D"].into_iter().filter(|other| *other != winner);
            others
                .for_each(|other| assert!(of(other) < best - 0.02, "{other}{form}: {}", of(other)));
        }
    }
}

/// Of n units and norms r^k a deletion of d leaves (1 + r)^-d of the gradient: the part
/// that is lost grows ever more slowly with d.
#[test]
fn the_gradient_that_is_lost_depends_on_how_many_are_deleted() {
    let (n, r) = (8, 0.3_f64);
    let left = |deleted: usize| (1.0 + r).powi(-(deleted as i32));
    let error = |units: &[usize]| (90.0 * (1.0 - left(units.len()))).round() as u32;
    let made = sets("resnet20", json!({ "pool": "all" }), (n, 6), error);
    let costs: Vec<Cost> = (0..n).map(|_| (0.1, 5, false)).collect();
    let others = (deletions("resnet20", &costs, IMAGES), norms("resnet20", &vec![Some(0.5); n]));
    let of_paths = path_gradients("resnet20", n, r, "random", "train");
    let records = [&made, &others.0, &others.1, &of_paths];
    assert!(r2(&records, "gradient, line") > 0.999);
    assert!(r2(&records, "k, line") < 0.99);
    assert_eq!(r2(&records, "gradient"), r2(&records, "k"));
    let mut other_weights = of_paths.clone();
    other_weights.key.networks[0].weights.sha256 = "f9".repeat(32);
    let records = [&made, &others.0, &others.1, &other_weights];
    let error = measured("prediction-contest", "R2 of k", &records).unwrap_err();
    assert!(error.to_string().contains("path gradients of the same weights"), "{error}");
}

#[test]
fn sets_that_cannot_be_predicted_are_lacking() {
    let all = || json!({ "pool": "all" });
    let one = |n: usize| deletions("resnet20", &vec![(0.1, 1, false); n], IMAGES);
    let of = |n: usize| norms("resnet20", &vec![Some(0.5); n]);
    let equal = sets("resnet20", all(), (4, 2), |_| 20);
    let made = sets("resnet20", all(), (4, 2), |units| 10 * units.len() as u32);
    let mut plain = vec![Some(0.5); 4];
    plain[2] = None;
    let cases = [
        ([&equal, &one(4), &of(4)], "needs sets with different errors"),
        ([&made, &one(3), &of(4)], "knows nothing of one of the units"),
        ([&made, &one(4), &norms("resnet20", &plain)], "knows nothing of one of the units"),
        ([&made, &deletions("resnet20", &[(0.1, 1, false); 4], 2_000), &of(4)], "same weights"),
    ];
    let of_paths = path_gradients("resnet20", 4, 0.3, "random", "train");
    let few_paths = path_gradients("resnet20", 3, 0.3, "random", "train");
    let cases =
        cases.map(|([sets, one, norms], expected)| ([sets, one, norms, &of_paths], expected));
    let few = ([&made, &one(4), &of(4), &few_paths], "knows nothing of one of the units");
    for (records, expected) in cases.into_iter().chain([few]) {
        let error = measured("prediction-contest", "R2 of k", &records).unwrap_err();
        assert!(matches!(error, ReportError::Lacking(_)), "{error}");
        assert!(error.to_string().contains(expected), "{expected:?} is not in {error}");
    }
}
