//! The studies of values inside units, on made-up records.

use record::{
    BranchNorms, DeleteOneOptions, GateUse, Gates, MeanSd, Record, ResidualNorms, Score,
    UnitDeletion, UnitGate, UnitNorms,
};
use report::{Answers, ReportError, claims, page, study};
use serde_json::{Value, json};
use testkit::made_up;

use crate::draws::{IMAGES, measured};

/// A unit by its rise of cross-entropy, wrong answers added and whether it is a boundary.
pub(crate) type Cost = (f64, usize, bool);

/// Each unit deleted in turn, 30 answers of the intact network wrong.
pub(crate) fn deletions(network: &str, costs: &[Cost], images: usize) -> Record {
    deletions_as(DeleteOneOptions::default(), network, costs, images)
}

/// The same with these options.
fn deletions_as(options: DeleteOneOptions, network: &str, costs: &[Cost], images: usize) -> Record {
    let intact = made_up::score(images, 30);
    let unit = |(index, &(rise, added, boundary)): (usize, &Cost)| {
        let right = made_up::changed(&intact, added, 0).right;
        UnitDeletion {
            index,
            name: format!("layer{}.{}", index / 3 + 1, index % 3),
            stage: index / 3,
            boundary,
            deleted: Some(Score::new(right, intact.cross_entropy + rise)),
        }
    };
    let units = costs.iter().enumerate().map(unit).collect();
    made_up::deletions(options, network, intact.clone(), units)
}

/// Units whose branches are so many times as large as their inputs; `None` for a plain
/// layer. Every third from the fourth on is a boundary.
pub(crate) fn norms(network: &str, ratios: &[Option<f64>]) -> Record {
    let number = |mean: f64| MeanSd { mean, sd: 0.1 * mean };
    let unit = |(index, ratio): (usize, &Option<f64>)| UnitNorms {
        index,
        name: format!("layer{}.{}", index / 3 + 1, index % 3),
        stage: index / 3,
        boundary: index > 0 && index % 3 == 0,
        norms: ratio.map(|ratio| BranchNorms {
            input: number(4.0),
            skip: number(2.0),
            branch: number(4.0 * ratio),
            over_input: number(ratio),
            over_skip: number(2.0 * ratio),
            influence: number(ratio * ratio),
        }),
    };
    let units = ratios.iter().enumerate().map(unit).collect();
    made_up::record(network, IMAGES, json!({}), &ResidualNorms { images: IMAGES, units })
}

/// Gated units with these means of T and ratios of norms, T of 0.5 before training.
pub(crate) fn gates(network: &str, units: &[(f64, f64)], has_before: bool) -> Record {
    let gate_use = |t: f64, ratio: f64| {
        let mut histogram = vec![0; GateUse::BINS];
        histogram[(100.0 * t) as usize] = 8 * IMAGES as u64;
        let number = |mean: f64| MeanSd { mean, sd: 0.1 };
        let (gate, transformed, carried) = (number(t), number(ratio), number(1.0));
        GateUse { gate, histogram, transformed, carried, ratio: number(ratio) }
    };
    let unit = |(index, &(t, ratio)): (usize, &(f64, f64))| UnitGate {
        index,
        name: format!("layer1.{index}"),
        stage: 0,
        after: gate_use(t, ratio),
        before: has_before.then(|| gate_use(0.5, 1.0)),
    };
    let units = units.iter().enumerate().map(unit).collect();
    let answer = Gates { images: IMAGES, batches: if has_before { 7 } else { 0 }, units };
    made_up::record(network, IMAGES, json!({}), &answer)
}

const RISES: [f64; 9] = [0.9, 0.05, 0.02, 0.5, 0.3, -0.01, 0.4, 0.1, 0.07];

pub(crate) fn nine_deletions(network: &str) -> Record {
    nine_deletions_as(DeleteOneOptions::default(), network)
}

pub(crate) fn nine_deletions_as(options: DeleteOneOptions, network: &str) -> Record {
    let cost =
        |(i, &rise): (usize, &f64)| (rise, (100.0 * rise).max(0.0) as usize, i > 0 && i % 3 == 0);
    let costs: Vec<Cost> = RISES.iter().enumerate().map(cost).collect();
    deletions_as(options, network, &costs, IMAGES)
}

pub(crate) fn nine_norms(network: &str) -> Record {
    let ratios = [0.8, 0.2, 0.15, 0.9, 0.4, 0.1, 0.7, 0.31, 0.3];
    norms(network, &ratios.map(Some))
}

pub(crate) fn nine_gates(network: &str) -> Record {
    let units = [0.3, 0.2, 0.45, 0.5, 0.1, 0.6, 0.25, 0.35, 0.15].map(|t| (t, 3.0 * t));
    gates(network, &units, true)
}

#[test]
fn the_correlation_of_norms_is_over_non_boundary_units_alone() {
    // Without the boundary units 3 and 6 the orders agree except for one pair of
    // neighbours, units 7 and 8, so d^2 sums to 2 of 7 ranks: 1 - 6 * 2 / (7 * 48).
    let ratios = [0.8, 0.2, 0.15, 0.01, 0.4, 0.1, 0.02, 0.3, 0.31];
    let (costs, of_norms) = (nine_deletions("resnet20"), norms("resnet20", &ratios.map(Some)));
    let rank = measured("residual-norms", "Spearman", &[&costs, &of_norms]).unwrap();
    assert!((rank - (1.0 - 12.0 / 336.0)).abs() < 1e-12, "{rank}");
    let rank = measured("residual-norms", "Spearman of D", &[&costs, &of_norms]).unwrap();
    assert!((rank - (1.0 - 12.0 / 336.0)).abs() < 1e-12, "{rank}");
    let study = study::ALL.iter().find(|study| study.name == "residual-norms").unwrap();
    let measure = study.quantity("Spearman").unwrap().measure;
    let estimate = measure(&[&costs, &of_norms]).unwrap();
    assert!(estimate.low < estimate.value && estimate.value <= estimate.high, "{estimate:?}");
}

#[test]
fn block_influence_is_put_beside_what_deletions_cost_and_the_norms() {
    // Influence is the square of the ratio here, so it has its order. That of D differs in two
    // neighbours of the seven units that are no boundaries.
    let ratios = [0.8, 0.2, 0.15, 0.01, 0.4, 0.1, 0.02, 0.3, 0.31];
    let (costs, of_norms) = (nine_deletions("resnet20"), norms("resnet20", &ratios.map(Some)));
    let of = |quantity| measured("block-influence", quantity, &[&costs, &of_norms]).unwrap();
    assert_eq!(of("Spearman with |f| / |y|"), 1.0);
    let d = of("Spearman with D");
    assert!((d - (1.0 - 12.0 / 336.0)).abs() < 1e-12, "{d}");
    let figure = study::figure("fig-influence").unwrap();
    let drawn = (figure.draw)(&[&costs, &of_norms]).unwrap();
    assert!(drawn.caption.contains("the cosine between what it receives"), "{}", drawn.caption);
    let table = study::table(&of_norms).unwrap();
    assert!(table.contains("0.64000\n"), "{table}");
}

#[test]
fn what_the_records_lack_is_said() {
    let (costs, of_norms) = (nine_deletions("resnet20"), nine_norms("resnet20"));
    let other = deletions("resnet20", &[(0.1, 1, false); 9], 2_000);
    let message = measured("residual-norms", "Spearman", &[&other, &of_norms]).unwrap_err();
    assert!(matches!(message, ReportError::Lacking(_)), "{message}");
    assert!(message.to_string().contains("same weights and test images"), "{message}");
    let equal = deletions("resnet20", &[(0.1, 1, false); 9], IMAGES);
    for quantity in ["Spearman", "Spearman of D"] {
        let error = measured("residual-norms", quantity, &[&equal, &of_norms]).unwrap_err();
        assert!(matches!(error, ReportError::Lacking(_)), "{error}");
    }
    let two = [&costs, &of_norms, &costs, &of_norms];
    let error = measured("residual-norms", "Spearman", &two).unwrap_err();
    assert!(matches!(error, ReportError::Networks { given: 2, .. }), "{error}");
    let none = gates("highway", &[], true);
    let error = measured("gates", "units that favour the skip", &[&costs, &none]).unwrap_err();
    assert!(matches!(error, ReportError::Lacking(_)), "{error}");
}

#[test]
fn quantities_of_gates_are_those_of_the_means() {
    let costs = nine_deletions("highway-b0");
    let open = nine_gates("highway-b0");
    let share = measured("gates", "units that favour the skip", &[&costs, &open]).unwrap();
    assert!((share - 100.0 * 7.0 / 9.0).abs() < 1e-9, "{share}: 0.5 and 0.6 are above 0.45");
    let ratio = measured("gates", "median ratio of norms", &[&costs, &open]).unwrap();
    assert!((ratio - 0.9).abs() < 1e-12, "{ratio}");
    // T in the order of what closing the gates costs.
    let mut sorted = RISES;
    sorted.sort_by(f64::total_cmp);
    let rank = |rise: &f64| sorted.iter().position(|other| other == rise).unwrap();
    let units: Vec<_> = RISES.iter().map(|rise| (0.1 * rank(rise) as f64, 1.0)).collect();
    let agreeing = gates("highway-b0", &units, false);
    assert_eq!(measured("gates", "Spearman", &[&costs, &agreeing]).unwrap(), 1.0);
    // An interval of +-1.96 * 0.1 / sqrt(500) around 0.45 holds values on both sides.
    let study = study::ALL.iter().find(|study| study.name == "gates").unwrap();
    let measure = study.quantity("units that favour the skip").unwrap().measure;
    let share = measure(&[&costs, &open]).unwrap();
    assert!((share.low - 100.0 * 6.0 / 9.0).abs() < 1e-9 && share.high == share.value);
}

/// c22 and c23 as they are written today.
#[test]
fn claims_are_judged_from_the_records() {
    let criteria = claims::Claims::parse(claims::TEXT).unwrap();
    let of_claim = |id: &str, records: &[Record]| {
        let rows = claims::results(&criteria, study::ALL, &Answers::new(records)).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().verdict.to_string()
    };
    let network = |id: &str| {
        let rows = claims::results(&criteria, study::ALL, &Answers::new(&[])).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().networks[0].clone()
    };
    assert!(of_claim("c23", &[]).starts_with("not run: needs delete-one of"));
    let name = network("c23");
    let records = [nine_deletions(&name), norms(&name, &RISES.map(|rise| Some(rise + 0.1)))];
    assert!(of_claim("c23", &records).starts_with("reproduced"));
    let falling = [nine_deletions(&name), norms(&name, &RISES.map(|rise| Some(1.0 - rise)))];
    assert!(of_claim("c23", &falling).starts_with("not"));
    let name = network("c22");
    for (t, verdict) in [(0.2, "reproduced"), (0.9, "not")] {
        let records = [nine_deletions(&name), gates(&name, &[(t, 1.0); 9], true)];
        assert_eq!(of_claim("c22", &records), verdict);
    }
}

#[test]
fn tables_and_json_hold_every_unit() {
    let of_norms = norms("resnet20", &[Some(0.25), None]);
    let table = study::table(&of_norms).unwrap();
    for part in ["residual-norms: resnet20, 500 images", "0.2500", "is not a sum of a skip"] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let json: Value = serde_json::from_str(&study::json(&of_norms).unwrap()).unwrap();
    assert_eq!(json["over_input"], json!([0.25, null]));
    let open = gates("highway", &[(0.25, 2.0)], true);
    let table = study::table(&open).unwrap();
    for part in ["gates: highway, 500 images", "0.25 to 0.26", "statistics from 7 batches"] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let json: Value = serde_json::from_str(&study::json(&open).unwrap()).unwrap();
    assert_eq!((&json["gate"], &json["gate_before"]), (&json!([0.25]), &json!([0.5])));
    let alone = study::table(&gates("highway", &[(0.25, 2.0)], false)).unwrap();
    assert!(alone.contains("nothing before training"), "{alone}");
}

/// What a deletion that does not raise cross-entropy is drawn at is said in the caption.
#[test]
fn figures_say_what_is_not_at_its_place() {
    let figure = study::figure("fig-norms").unwrap();
    let drawn = (figure.draw)(&[&nine_deletions("resnet20"), &nine_norms("resnet20")]).unwrap();
    assert!(drawn.caption.contains("where cross-entropy does not rise: block 6."));
    let count = |tag: &str| drawn.svg.lines().filter(|line| line.starts_with(tag)).count();
    // Seven blocks in each of two plots and one in the legend, each with its rim.
    assert_eq!(count("<circle "), 2 * (2 * 7 + 1));
}

#[test]
fn the_page_has_a_section_for_each_study_whose_records_are_there() {
    let mut records = vec![nine_deletions("resnet20"), nine_norms("resnet20")];
    records.extend([nine_deletions("highway-b0"), nine_gates("highway-b0")]);
    let page = |records: &[Record]| {
        let (studies, figures, claims) = (study::ALL, [].as_slice(), [].as_slice());
        let input =
            page::PageInput { studies, records, figures, claims, pictures: None, preview: true };
        page::render(&input).unwrap()
    };
    let all = page(&records);
    let parts =
        ["The norms of branches", "id=\"gates\"", "T with the rise of cross-entropy, Spearman"];
    assert!(parts.iter().all(|part| all.contains(part)));
    // Norms without deletions of the same images explain nothing.
    let other = deletions("resnet20", &[(0.1, 1, false); 9], 2_000);
    assert!(!page(&[other, nine_norms("resnet20")]).contains("The norms of branches"));
}
