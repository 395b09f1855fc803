//! The studies of ensembles, sub-networks and pairs of deletions, on made-up records.

use record::{
    Bits, Committee, DeletePairs, Ensemble, PairDeletion, Profile, Record, SubNetworks,
    UnitDeletion,
};
use report::claims::{Claims, Level, TEXT, results};
use report::study::{self, Estimate};
use report::{Answers, Need, ReportError};
use serde_json::{Value, json};
use testkit::made_up;

use crate::draws::delete_many;

const IMAGES: usize = 500;

/// All but the first `wrong` of the images.
fn right(wrong: usize) -> Bits {
    (0..IMAGES).map(|image| image >= wrong).collect()
}

fn together(member_wrong: Vec<u32>, mean_wrong: usize) -> Committee {
    Committee {
        member_wrong,
        mean: right(mean_wrong),
        vote: right(mean_wrong + 5),
        brier: 0.2,
        member_brier: 0.3,
        ambiguity: 0.1,
        correlation: Some(0.4),
    }
}

fn choose(n: usize, k: usize) -> u32 {
    (0..1_u32 << n).filter(|set| set.count_ones() as usize == k).count() as u32
}

/// An ensemble of which every subset of `i + 1` members misclassifies the first `wrong[i]`
/// images.
fn ensemble(networks: &[String], wrong: &[usize]) -> Record {
    let members = wrong.len();
    let subset = |set: usize| wrong[set.count_ones() as usize - 1] as u32;
    let profile = |image: usize| -> Vec<u32> {
        let of_size = |size: usize| if image < wrong[size - 1] { choose(members, size) } else { 0 };
        (1..=members).map(of_size).collect()
    };
    let mut profiles: Vec<Vec<u32>> = (0..IMAGES).map(profile).collect();
    profiles.sort();
    let profiles = profiles.chunk_by(|a, b| a == b);
    let profiles =
        profiles.map(|equal| Profile { wrong: equal[0].clone(), images: equal.len() as u32 });
    let answer = Ensemble {
        images: IMAGES,
        members: vec![right(wrong[0]); members],
        all: together(vec![wrong[0] as u32; members], wrong[members - 1]),
        subset_wrong: (1..1 << members).map(subset).collect(),
        profiles: profiles.collect(),
    };
    let names: Vec<&str> = networks.iter().map(String::as_str).collect();
    let mut key = made_up::key("ensemble", &names, IMAGES, json!({}));
    key.networks.iter_mut().for_each(|network| network.model.name = networks[0].clone());
    Record::new(format!("ensemble-{members}"), key, &answer).unwrap()
}

/// Eight members: from 50 images wrong with all to 100 with one.
const EIGHT: [usize; 8] = [100, 95, 90, 85, 75, 65, 60, 50];

fn eight(wrong: &[usize]) -> Record {
    let names: Vec<String> = (1..=wrong.len())
        .map(|seed| if seed == 1 { "resnet8".into() } else { format!("resnet8-s{seed}") })
        .collect();
    ensemble(&names, wrong)
}

fn deletions(network: &str, errors: &[u32]) -> Record {
    delete_many(network, json!({ "pool": "all" }), errors)
}

fn sub_networks(network: &str, units: usize) -> Record {
    let wrong = |sub: usize| 50 + 40 * (units as u32 - sub.count_ones()) + sub as u32 % 5;
    let whole = wrong((1 << units) - 1) as usize;
    let group = |kept| SubNetworks::keeping(units, kept).map(wrong).collect();
    let answer = SubNetworks {
        images: IMAGES,
        intact: made_up::score(IMAGES, whole),
        units: (0..units).collect(),
        all: together((0..1 << units).map(wrong).collect(), 150),
        by_kept: (0..=units).map(|kept| together(group(kept), 60 + 30 * (units - kept))).collect(),
    };
    made_up::record(network, IMAGES, json!({}), &answer)
}

/// `units` blocks, three stages; the interaction of blocks `i` and `j` is `i + j - 2`
/// images with a sign that alternates.
fn pairs(network: &str, units: usize) -> Record {
    let unit = |index: usize| UnitDeletion {
        index,
        name: format!("block{index}"),
        stage: 3 * index / units,
        boundary: false,
        deleted: Some(made_up::score(IMAGES, 60)),
    };
    let all = (0..units).flat_map(|i| (i + 1..units).map(move |j| (i, j)));
    let pair = |(first, second): (usize, usize)| {
        let size = ((first + second) as i64 - 2).min(60);
        let interaction = if (first + second) % 2 == 0 { size } else { -size };
        let wrong = (60 + 60 - 30 + interaction) as u32;
        PairDeletion { first, second, wrong, squares: size.unsigned_abs() as u32 + 10 }
    };
    let answer = DeletePairs {
        images: IMAGES,
        intact: made_up::score(IMAGES, 30),
        units: (0..units).map(unit).collect(),
        pairs: all.map(pair).collect(),
    };
    made_up::record(network, IMAGES, json!({}), &answer)
}

/// Some record that meets a need, if its experiment is one of these.
pub(crate) fn made_up_answer(need: &Need) -> Option<Record> {
    let network = need.networks[0].as_str();
    match need.experiment {
        "ensemble" => Some(ensemble(&need.networks, &EIGHT)),
        "sub-networks" => Some(sub_networks(network, 3)),
        "delete-pairs" => Some(pairs(network, 7)),
        _ => None,
    }
}

fn measured(quantity: &str, records: &[&Record]) -> Result<Estimate, ReportError> {
    let study = study::ALL.iter().find(|study| study.name == "ensemble").unwrap();
    (study.quantity(quantity)?.measure)(records)
}

#[test]
fn gaps_are_differences_of_excess_errors_between_neighbouring_numbers_of_blocks() {
    // Excess of the ensemble: 2, 3 and 5 points.
    let ensemble = eight(&EIGHT);
    let cases: [(&[u32], f64, f64); 3] = [
        // Eight blocks: one, two and three of them; excess 4, 8, 14.
        (&[10, 14, 20, 30, 40, 50, 60, 70], 2.0, 9.0),
        // Twelve: 1.5, 3 and 4.5 of them; excess 3, 6, 9.
        (&[8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30], 1.0, 4.0),
        // Four: 0.5, 1 and 1.5; excess half of 2, 2, 8. Nothing deleted has none.
        (&[8, 20, 30, 40], 1.0, 3.0),
    ];
    for (errors, at_one_eighth, largest) in cases {
        let records = [&deletions("resnet110", errors), &ensemble];
        for (quantity, expected) in [("gap at 1/8", at_one_eighth), ("largest gap", largest)] {
            let Estimate { value, low, high } = measured(quantity, &records).unwrap();
            assert!((value - expected).abs() < 1e-9, "{quantity} of {errors:?}: {value}");
            assert!(low <= value && value <= high && low < high, "{low} to {high}");
        }
    }
}

/// Draws of a number of blocks that agree leave the images of the ensemble as the only
/// doubt: a fiftieth of them differ, so the standard error is sqrt(.02 * .98 / 500).
#[test]
fn the_interval_of_a_gap_is_that_of_the_images() {
    let mut network = deletions("resnet110", &[10; 8]);
    // Each fold has the intact error of the whole, so that the draws agree.
    let mut answer: record::DeleteMany = network.answer().unwrap();
    let right = (0..IMAGES).map(|image| image % 100 >= 6).collect();
    answer.intact = record::Score::new(right, 1.0);
    network = Record::new(network.name.clone(), network.key.clone(), &answer).unwrap();
    let Estimate { value, low, high } =
        measured("gap at 1/8", &[&network, &eight(&EIGHT)]).unwrap();
    let half = 196.0 * (0.02_f64 * 0.98 / 500.0).sqrt();
    assert!((value - 2.0).abs() < 1e-9);
    assert!((high - low - 2.0 * half).abs() < 0.2, "{low} to {high}, expected {half} to a side");
}

#[test]
fn what_cannot_be_compared_is_lacking() {
    let network = deletions("resnet110", &[10, 14, 20, 30, 40, 50, 60, 70]);
    let mut elsewhere = eight(&EIGHT);
    elsewhere.key.images[0].sha256 = "0".repeat(64);
    // 16 blocks in the pool, of which at most one was deleted.
    let mut answer: record::DeleteMany = network.answer().unwrap();
    (answer.pool, _) = ((0..16).collect(), answer.counts.truncate(1));
    let short = Record::new("short", network.key.clone(), &answer).unwrap();
    let cases = [
        (&network, elsewhere, "tried on different images"),
        (&network, eight(&EIGHT[..3]), "the ensemble has 3 members, expected 8"),
        (&short, eight(&EIGHT), "no draw deletes 2 blocks or more; the largest 1"),
    ];
    for (network, ensemble, expected) in cases {
        match measured("largest gap", &[network, &ensemble]) {
            Err(ReportError::Lacking(what)) => assert!(what.contains(expected), "{what}"),
            other => panic!("{other:?}, expected {expected:?}"),
        }
    }
    let one = measured("largest gap", &[&network]).unwrap_err();
    assert!(matches!(one, ReportError::Networks { given: 1, .. }), "{one}");
}

#[test]
fn c10_compares_the_network_with_eight_seeds_of_the_member() {
    let judged = |records: &[Record]| {
        let all = results(&Claims::parse(TEXT).unwrap(), study::ALL, &Answers::new(records));
        all.unwrap().into_iter().find(|row| row.id == "c10").unwrap()
    };
    let cases: [(&[u32], Level); 3] = [
        (&[8, 10, 12, 30, 40, 50, 60, 70], Level::Reproduced),
        (&[8, 10, 30, 40, 50, 60, 70, 80], Level::Partly),
        (&[30, 40, 50, 60, 70, 80, 80, 80], Level::Not),
    ];
    for (errors, level) in cases {
        let row = judged(&[deletions("resnet110", errors), eight(&EIGHT)]);
        assert_eq!(row.verdict.level, level, "{errors:?}: {:?}", row.ours);
    }
    let row = judged(&[deletions("resnet110", &[10; 8])]);
    let needed = "not run: needs ensemble of resnet8 with resnet8-s2 with resnet8-s3 with resnet8-s4 \
                  with resnet8-s5 with resnet8-s6 with resnet8-s7 with resnet8-s8";
    assert_eq!(row.verdict.to_string(), needed);
}

#[test]
fn tables_and_json_hold_the_numbers() {
    let cases = [
        (
            eight(&EIGHT),
            &["ensemble: 8 resnet8, 500 images", "      7        8         12.00"][..],
            ("/together/mean_wrong", json!(50)),
        ),
        (
            sub_networks("resnet8", 3),
            &["sub-networks: resnet8, 3 blocks, 500 images", "intact: 52 wrong", "2 blocks kept"],
            ("/by_kept/3/member_wrong", json!([52])),
        ),
        (
            pairs("resnet20", 7),
            &["21 pairs of 7 blocks of resnet20 on 500 test images", "5, 6    16.20        -1.80"],
            ("/pair_wrong/0", json!(91)),
        ),
    ];
    for (record, parts, (pointer, expected)) in cases {
        let table = study::table(&record).unwrap();
        parts.iter().for_each(|part| assert!(table.contains(part), "{part:?} is not in {table}"));
        let json: Value = serde_json::from_str(&study::json(&record).unwrap()).unwrap();
        assert_eq!(json.pointer(pointer), Some(&expected), "{pointer} of {json}");
    }
}

/// The words follow from the numbers.
#[test]
fn the_page_says_how_sub_networks_and_ensembles_compare() {
    let page = |records: &[Record]| {
        let parts = study::ALL.iter().filter_map(|study| {
            (study.part)(&Answers::new(records)).unwrap().section.map(|s| s.body.into_string())
        });
        parts.collect::<String>()
    };
    let text = page(&[
        deletions("resnet20", &[10, 14, 20, 30, 40, 50, 60, 70]),
        eight(&EIGHT),
        sub_networks("resnet20", 3),
        pairs("resnet20", 7),
    ]);
    for expected in [
        "the excess errors of resnet20 and of the ensemble differ by at most 9.0 points",
        "with one member of 8 left it is wrong on 20.0 %, which is a member's own error",
        "resnet20 with 7 of 8 blocks deleted is wrong on 60.0 %",
        "Their mean softmax does worse than the intact network: +19.6 points",
        "Beside it 8 resnet8, trained separately: a member is wrong on 20.0 %",
        "changes a member's error by \u{2212}10.0 points there",
        "21 pairs of 7 blocks of resnet20 on 500 test images: ",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
    assert_eq!(page(&[eight(&EIGHT[..3])]).matches("<h3>3 resnet8").count(), 1);
}
