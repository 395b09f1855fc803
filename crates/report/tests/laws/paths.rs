//! The studies of paths, on made-up gradients that fall by one factor for each branch.

use record::stats::choose;
use record::{LengthBatch, PathBatch, PathGradients, PathNorms, Record};
use report::claims::{Claims, TEXT, results};
use report::{Answers, ReportError, study};
use serde_json::{Value, json};
use testkit::made_up;

use crate::draws::delete_many;

/// The factor at which the paper's effective paths would have their centre at 11.5 of 54.
const R: f64 = 0.27;

/// Norms `r^k` for paths of length `k` of `n` blocks, times 1 to 4 on four batches; of the
/// whole gradient 10 % come from length 1, 90 % from length `n / 5`.
pub(crate) fn path_gradients(network: &str, n: usize, r: f64, choice: &str, mode: &str) -> Record {
    let scales = [1.0, 2.0, 3.0, 4.0, 5.0];
    let norms = |k: usize, scale: f64| {
        let norm = scale * r.powi(k as i32);
        // Two paths about the mean, and one alone where there is no other.
        let all = k == 0 || k == n;
        let norms = if all { vec![norm] } else { vec![0.5 * norm, 1.5 * norm] };
        let at_stem = norms.iter().map(|norm| 3.0 * norm).collect();
        PathNorms { all, at_images: norms, at_stem }
    };
    let paths = scales
        .iter()
        .map(|&scale| PathBatch { loss: 0.1, lengths: (0..=n).map(|k| norms(k, scale)).collect() });
    let exact = scales.iter().map(|&scale| {
        let mut products = vec![0.0; n + 1];
        products[1] += 0.1 * scale;
        products[n / 5] += 0.9 * scale;
        LengthBatch { norms: products.clone(), products, squared: scale }
    });
    let units = (0..n).collect();
    let answer = PathGradients { units, batch: 16, paths: paths.collect(), exact: exact.collect() };
    record(network, choice, mode, &answer)
}

/// The same numbers as if of the network before its training.
pub(crate) fn before_training(mut record: Record) -> Record {
    record.key.options["state"] = json!("initial");
    record.name += "-stateinitial";
    record
}

fn record(network: &str, choice: &str, mode: &str, answer: &PathGradients) -> Record {
    let options = json!({
        "batches": answer.paths.len(), "batch-size": answer.batch, "choice": choice, "paths": 2,
        "long-paths": 2, "exact-batches": answer.exact.len(), "mode": mode, "state": "trained",
        "seed": 0,
    });
    let mut key = made_up::key("path-gradients", &[network], 50_000, options);
    key.images[0].name = "cifar10-train".into();
    Record::new(format!("path-gradients-{network}-{choice}-{mode}"), key, answer).unwrap()
}

fn deep() -> Record {
    path_gradients("resnet110", 54, R, "random", "train")
}

/// The record with its answer changed.
fn changed(of: &Record, change: impl Fn(&mut PathGradients)) -> Record {
    let mut answer: PathGradients = of.answer().unwrap();
    change(&mut answer);
    record(&of.key.networks[0].name, "random", "train", &answer)
}

fn measured(quantity: &str, record: &Record) -> Result<study::Estimate, ReportError> {
    let study = study::ALL.iter().find(|study| study.name == "path-gradients").unwrap();
    (study.quantity(quantity)?.measure)(&[record])
}

/// Closed forms: `C(n, k) r^k` is binomial with `p = r / (1 + r)`, and of 54 blocks 10
/// deletions leave `(1 + r)^44 / (1 + r)^54` of it.
#[test]
fn quantities_of_an_exponential_have_closed_forms() {
    let record = deep();
    let p = R / (1.0 + R);
    let mass: f64 =
        (5..=17).map(|k| choose(54, k) * p.powi(k as i32) * (1.0 - p).powi(54 - k as i32)).sum();
    let cases = [
        ("R2", 1.0),
        ("ratio of slopes", 1.0),
        ("factor per block", R),
        ("mass of 5 to 17", 100.0 * mass),
        ("centre", 54.0 * p),
        ("centre over n", p),
        ("sum of shares", 0.9),
        ("effective paths left", 100.0 * (1.0 + R).powi(-10)),
    ];
    for (quantity, expected) in cases {
        let found = measured(quantity, &record).unwrap();
        assert!((found.value - expected).abs() < 1e-9 * expected, "{quantity}: {found:?}");
        // Batches differ by a factor alone, which none of these sees.
        let width = found.high - found.low;
        assert!((0.0..1e-9).contains(&width), "{quantity}: {found:?}");
    }
}

/// What the batches disagree about has an interval.
#[test]
fn intervals_are_those_over_batches() {
    let record = changed(&deep(), |answer| {
        for (batch, r) in answer.paths.iter_mut().zip([0.2, 0.25, 0.3, 0.35]) {
            for (k, length) in batch.lengths.iter_mut().enumerate() {
                length.at_images.fill(f64::powi(r, k as i32));
            }
        }
        answer.exact[0].products[10] = 0.5;
    });
    for quantity in ["R2", "factor per block", "centre", "sum of shares", "effective paths left"] {
        let found = measured(quantity, &record).unwrap();
        assert!(found.low < found.value && found.value <= found.high, "{quantity}: {found:?}");
        assert!(found.low < found.high, "{quantity}: {found:?}");
    }
}

#[test]
fn what_a_record_does_not_hold_is_lacking() {
    let short = path_gradients("resnet20", 9, R, "random", "train");
    let one_batch = changed(&deep(), |answer| {
        answer.paths.truncate(1);
        answer.exact.truncate(1);
    });
    let zero = changed(&deep(), |answer| {
        for batch in &mut answer.paths {
            batch.lengths[35].at_images.fill(0.0);
        }
    });
    let inexact = changed(&deep(), |answer| answer.exact.clear());
    let all: Vec<&str> = { study::ALL.iter().find(|study| study.name == "path-gradients") }
        .map(|study| study.quantities.iter().map(|quantity| quantity.name).collect())
        .unwrap();
    let kept: [(&Record, &[&str]); 4] = [
        (&short, &["centre", "centre over n"]),
        (&one_batch, &[]),
        (
            &zero,
            &[
                "mass of 5 to 17",
                "centre",
                "centre over n",
                "sum of shares",
                "effective paths left",
            ],
        ),
        (&inexact, &all[..6]),
    ];
    for (place, (record, kept)) in kept.into_iter().enumerate() {
        for quantity in &all {
            let found = measured(quantity, record);
            let is_lacking = matches!(found, Err(ReportError::Lacking(_)));
            let is_kept = kept.contains(quantity) || place == 3 && *quantity != "sum of shares";
            assert_eq!(is_lacking, !is_kept, "record {place}, {quantity}: {found:?}");
        }
    }
    let message = measured("R2", &short).unwrap_err().to_string();
    assert_eq!(message, "the record of resnet20 lacks 40 blocks or more, but it has 9");
}

#[test]
fn claims_about_paths_are_judged() {
    let verdict = |record: Record, id: &str| {
        let records = [record];
        let claims = Claims::parse(TEXT).unwrap();
        let rows = results(&claims, study::ALL, &Answers::new(&records)).unwrap();
        rows.iter().find(|row| row.id == id).unwrap().verdict.to_string()
    };
    for (id, expected) in [
        ("c13", "reproduced"),
        ("c14", "reproduced"),
        ("c15", "reproduced"),
        ("c16", "reproduced, borderline"),
        ("c19", "partly"),
    ] {
        let found = verdict(deep(), id);
        // 0.9 is the threshold itself.
        assert!(found.starts_with(expected.split(',').next().unwrap()), "{id}: {found}");
    }
    let steep = || path_gradients("resnet110", 54, 0.05, "random", "train");
    // The centre is at 2.6 of 54; of the effective paths 61 % are left.
    assert_eq!(verdict(steep(), "c15"), "partly");
    assert_eq!(verdict(steep(), "c19"), "reproduced");
    // The second arm, and all paths of a small network, are never taken for the first.
    let lacks =
        "not run: needs path-gradients of resnet110 (choice random, mode train, state trained)";
    let eval = path_gradients("resnet110", 54, R, "random", "eval");
    assert_eq!(verdict(eval, "c14"), lacks);
    let all = path_gradients("resnet110", 54, R, "all", "train");
    assert_eq!(verdict(all, "c14"), lacks);
}

#[test]
fn the_table_and_the_json_hold_every_length() {
    let record = path_gradients("resnet20", 9, R, "random", "train");
    let table = study::table(&record).unwrap();
    for part in [
        "path-gradients: resnet20, batch statistics; 5 batches of 16 training images",
        "exact shares sum to 1.0000; none of 90 paths gives exactly 0",
        "     0     1*    3.000e0    3.000e0    0.0 %  11.64 %       0.00 %      0.000e0",
    ] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let json: Value = serde_json::from_str(&study::json(&record).unwrap()).unwrap();
    assert_eq!(json["mean_norm"].as_array().unwrap().len(), 10);
    assert_eq!(json["exact_share"][1], json!(1.0));
    assert_eq!(json["all"][9], json!(true));
}

fn drawn(name: &str, records: &[&Record]) -> Result<report::figure::Figure, ReportError> {
    (study::figure(name).unwrap().draw)(records)
}

#[test]
fn figures_show_networks_of_any_depth_with_zeros_and_negative_shares() {
    let (train, eval) = (deep(), path_gradients("resnet110", 54, 0.2, "random", "eval"));
    let svg = drawn("fig6b", &[&train, &eval]).unwrap().svg;
    for text in ["mean at the images, running statistics", "none of 540 paths gives exactly 0"] {
        assert!(svg.contains(text), "{text}");
    }
    let holes = changed(&train, |answer| {
        for batch in &mut answer.paths {
            batch.lengths[20].at_images.fill(0.0);
            batch.lengths[21].at_images[0] = 0.0;
        }
        for batch in &mut answer.exact {
            batch.products[3] = -batch.squared;
            batch.products[4] = batch.squared;
        }
    });
    let found = drawn("fig6b", &[&holes]).unwrap();
    assert!(found.caption.contains("15 of 540 paths give exactly 0"), "{}", found.caption);
    let plain = drawn("fig6c", &[&train]).unwrap().svg;
    assert!(plain.contains("product: centre 11.5, 95 % at 6 to 18 branches"), "{plain}");
    let negative = drawn("fig6c", &[&holes]).unwrap().svg;
    assert!(negative.contains("\u{2212}100\n</text>"), "an axis below 0");
}

#[test]
fn random_paths_are_held_against_all_of_them_on_the_same_batches() {
    let random = path_gradients("resnet20", 9, R, "random", "train");
    let all = path_gradients("resnet20", 9, R, "all", "train");
    let figure = drawn("fig6b-check", &[&random, &all]).unwrap();
    assert!(figure.svg.contains("Random paths of resnet20 against all 512"));
    let eval = path_gradients("resnet20", 9, R, "all", "eval");
    assert!(matches!(drawn("fig6b-check", &[&random, &eval]), Err(ReportError::Unfit { .. })));
}

#[test]
fn earlier_states_of_a_network_are_drawn_beside_the_trained_one() {
    let after = path_gradients("resnet110", 54, R, "random", "train");
    let before = before_training(path_gradients("resnet110", 54, 1.0, "random", "train"));
    let mut halfway = path_gradients("resnet110-e32", 54, R, "random", "train");
    halfway.key.networks[0].model = after.key.networks[0].model.clone();
    let weights = &mut halfway.key.networks[0].weights;
    (weights.epochs, weights.of_epochs) = (Some(32), Some(64));
    weights.sha256 = "e3".repeat(32);
    let drawn = |records: &[&Record]| drawn("fig6c-training", records);
    let figure = drawn(&[&before, &halfway, &after]).unwrap();
    let words = "before training, 95 % lie at 20 to 34 branches (centre 27.0); \
                 after 32 of 64 epochs, 95 % lie at 6 to 18 branches (centre 11.5); \
                 after training, 95 % lie at 6 to 18 branches (centre 11.5)";
    assert!(figure.caption.contains(words), "{}", figure.caption);
    assert_eq!(figure.svg.matches("\nafter 32 of 64 epochs\n").count(), 1, "{}", figure.svg);

    for wrong in [[&after, &halfway, &before], [&before, &before, &after]] {
        assert!(matches!(drawn(&wrong), Err(ReportError::Unfit { .. })));
    }
    let mut other = halfway.clone();
    other.key.networks[0].model.name = "resnet56".into();
    assert!(matches!(drawn(&[&before, &other, &after]), Err(ReportError::Unfit { .. })));
    other = halfway.clone();
    other.key.images[0].sha256 = "f9".repeat(32);
    assert!(matches!(drawn(&[&before, &other, &after]), Err(ReportError::Unfit { .. })));
    other = before.clone();
    other.key.networks[0].weights.sha256 = "f9".repeat(32);
    assert!(matches!(drawn(&[&other, &halfway, &after]), Err(ReportError::Lacking(_))));
}

/// The curves stop at the network's size, and the legend names those that there are.
#[test]
fn what_deletions_leave_is_drawn_for_any_number_of_blocks() {
    let errors: Vec<u32> = (1..=54).map(|k| (6 + 2 * k).min(90)).collect();
    let deep = delete_many("resnet110", json!({ "pool": "all" }), &errors);
    let svg = drawn("fig7", &[&deep]).unwrap().svg;
    assert!(svg.contains("\n20 deleted\n") && svg.contains("chance 90 %"), "{svg}");
    let short = delete_many("resnet20", json!({ "pool": "all" }), &errors[..9]);
    let svg = drawn("fig7", &[&short]).unwrap().svg;
    assert!(svg.contains("\n5 deleted\n") && !svg.contains("\n10 deleted\n"));
}

#[test]
fn the_unravelled_view_counts_its_paths() {
    let fig1 = drawn("fig1", &[]).unwrap();
    assert!(fig1.svg.contains("(b) The same network unravelled: 8 paths"));
    let fig2 = drawn("fig2", &[]).unwrap();
    assert!(fig2.svg.contains("(b) Residual network: 4 of 8 paths are left"));
    assert_eq!(drawn("fig2", &[]).unwrap(), fig2);
    let fig6a = drawn("fig6a", &[]).unwrap().svg;
    for text in ["19 to 35 blocks: 98.0 % of the paths", "5 to 17 blocks: 0.45 % of the paths"] {
        assert!(fig6a.contains(text), "{text}");
    }
}
