//! The study of cardinality, on made-up records.

use record::stats::{Comparison, Variance, image_bootstrap, t_interval};
use record::{Bits, BranchDeletions, DeleteBranches, EpochLog, LogId, Record, Score, TrainingLog};
use report::study::Estimate;
use report::{Answers, Need, ReportError, claims, study};
use serde_json::json;
use testkit::made_up;

const IMAGES: usize = 1_000;
const INTACT: usize = 100;

/// The log of a training that ends with this loss.
fn log(name: &str, last: f64, epochs: u32) -> Record {
    let mut key = made_up::key("training-log", &[], 1, json!({}));
    key.images.clear();
    key.log = Some(LogId { name: name.into(), sha256: "d4".repeat(32) });
    let epoch = |epoch: u32| EpochLog {
        epoch,
        rate: 0.1,
        train_loss: if epoch == epochs { last } else { 2.0 },
        train_error: 0.5,
        test_error: Some(0.5),
        test_loss: Some(1.0),
        validation_error: None,
        validation_loss: None,
    };
    let answer = TrainingLog { epochs: (1..=epochs).map(epoch).collect() };
    Record::new(format!("training-log-{name}"), key, &answer).unwrap()
}

fn logs(a: [f64; 3], b: [f64; 3]) -> Vec<Record> {
    let names = |name: &str| ["", "-s2", "-s3"].map(|seed| format!("{name}{seed}"));
    let of = |name: &str, losses: [f64; 3]| -> Vec<Record> {
        names(name).iter().zip(losses).map(|(name, loss)| log(name, loss, 3)).collect()
    };
    [of("resnext29-4x6", a), of("resnext29-1x16", b)].concat()
}

/// What a block's deletion adds in wrong answers, and the deletion of each of its groups. The
/// first block of two is a boundary.
type Blocks = [(usize, [usize; 2])];

/// The deletions of groups and of blocks of a network.
fn deleted(name: &str, blocks: &Blocks) -> [Record; 2] {
    let before = made_up::score(IMAGES, INTACT);
    let unit = |(index, (_, groups)): (usize, &(usize, [usize; 2]))| BranchDeletions {
        index,
        name: format!("unit{index}"),
        stage: index / 2,
        boundary: index == 0,
        deleted: groups.map(|more| made_up::changed(&before, more + 10, 10)).to_vec(),
    };
    let units = blocks.iter().enumerate().map(unit).collect();
    let answer = DeleteBranches { images: IMAGES, intact: before.clone(), units };
    let groups = made_up::record(name, IMAGES, json!({}), &answer);
    let names = ["unit0", "unit1", "unit2", "unit3", "unit4"];
    let units: Vec<made_up::Unit> = blocks
        .iter()
        .enumerate()
        .map(|(i, (whole, _))| (names[i], i == 0, Some(INTACT + whole)))
        .collect();
    [groups, made_up::delete_one(name, &units, IMAGES, INTACT)]
}

fn three(blocks: [&Blocks; 3]) -> Vec<Record> {
    let names = ["", "-s2", "-s3"].map(|seed| format!("resnext29-15x2{seed}"));
    names.iter().zip(blocks).flat_map(|(name, blocks)| deleted(name, blocks)).collect()
}

/// Shares of 0.5, 0.2 and 0.8; the boundary's is 2.
const SOME: [(usize, [usize; 2]); 4] =
    [(100, [100, 100]), (100, [20, 30]), (200, [20, 20]), (100, [60, 20])];

/// Some record that meets a need about a ResNeXt.
pub(crate) fn made_up_answer(need: &Need) -> Option<Record> {
    let name = need.networks.first().filter(|name| name.starts_with("resnext29"))?;
    let [groups, blocks] = deleted(name, &SOME);
    match need.experiment {
        "delete-branches" => Some(groups),
        "delete-one" => Some(blocks),
        _ => None,
    }
}

fn of(quantity: &str, records: &[Record]) -> Result<Estimate, ReportError> {
    let study = study::ALL.iter().find(|known| known.name == "cardinality").unwrap();
    (study.quantity(quantity)?.measure)(&records.iter().collect::<Vec<_>>())
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

#[test]
fn losses_of_the_last_epoch_differ_by_their_means_over_seeds() {
    let records = logs([0.50, 0.52, 0.54], [0.60, 0.61, 0.62]);
    let found = of("difference of losses", &records).unwrap();
    near(found.value, -0.09);
    // Variances of 4e-4 and 1e-4, pooled to 2.5e-4, over three seeds each.
    let variance = Variance { value: 2.5e-4 * 2.0 / 3.0, degrees: 4.0 };
    let expected = t_interval(-0.09, &[variance]);
    near(found.low, expected.low);
    near(found.high, expected.high);
    near(
        of("difference in standard errors", &records).unwrap().value,
        -0.09 / variance.value.sqrt(),
    );
    let equal = logs([0.5; 3], [0.5; 3]);
    let none = of("difference in standard errors", &equal);
    assert!(matches!(none, Err(ReportError::Lacking(_))), "{none:?}");
    let mut short = records;
    short[5] = log("resnext29-1x16-s3", 0.62, 2);
    let found = of("difference of losses", &short).unwrap_err().to_string();
    assert_eq!(found, "needs trainings of as many epochs");
}

#[test]
fn the_share_is_the_median_over_blocks_and_the_mean_over_seeds() {
    let halves: &Blocks = &[(100, [0, 0]), (100, [45, 45]), (100, [70, 70]), (100, [50, 50])];
    let records = three([&SOME, &SOME, halves]);
    let found = of("median share of single groups", &records).unwrap();
    near(found.value, (0.5 + 0.5 + 1.0) / 3.0);
    // The interval, from all scores of the blocks that are not boundaries.
    let scores: Vec<Score> = [&SOME[..], &SOME, halves]
        .iter()
        .flat_map(|blocks| {
            let before = made_up::score(IMAGES, INTACT);
            let more =
                blocks[1..].iter().flat_map(|(whole, groups)| [*whole, groups[0], groups[1]]);
            let after = more.map(|more| made_up::changed(&before, more + 10, 10));
            [vec![before.clone()], after.collect()].concat()
        })
        .collect();
    let right: Vec<&Bits> = scores.iter().map(|score| &score.right).collect();
    let middle = |e: &[f64]| {
        let mut shares: Vec<f64> = (0..3)
            .map(|b| (e[3 * b + 2] + e[3 * b + 3] - 2.0 * e[0]) / (e[3 * b + 1] - e[0]))
            .collect();
        shares.sort_by(f64::total_cmp);
        shares[1]
    };
    let of_all = |errors: &[f64]| Some(errors.chunks(10).map(middle).sum::<f64>() / 3.0);
    let images = image_bootstrap(&right, of_all).unwrap();
    let deviation = (images.high - images.low) / (2.0 * 1.959_963_985);
    let images = Variance { value: deviation * deviation, degrees: 999.0 };
    // Seeds of 0.5, 0.5 and 1: a variance of 1 / 12.
    let seeds = Variance { value: 1.0 / 36.0, degrees: 2.0 };
    let expected = t_interval(2.0 / 3.0, &[images, seeds]);
    near(found.low, expected.low);
    near(found.high, expected.high);
}

/// Without damage of the block there is nothing to divide by.
#[test]
fn blocks_without_a_damage_that_can_be_told_are_left_out_and_half_have_to_stay() {
    // 3 more wrong answers, with 10 changed either way, can be none.
    let told = |whole: usize| {
        Comparison::of(
            &made_up::score(IMAGES, INTACT).right,
            &made_up::changed(&made_up::score(IMAGES, INTACT), whole + 10, 10).right,
        )
        .interval()
        .low > 0.0
    };
    assert!(!told(3) && told(100));
    let one_out: &Blocks = &[(100, [0, 0]), (3, [50, 50]), (100, [20, 20]), (100, [40, 40])];
    let records = three([one_out; 3]);
    near(of("median share of single groups", &records).unwrap().value, 0.6);
    let two_out: &Blocks = &[(100, [0, 0]), (3, [50, 50]), (0, [20, 20]), (100, [40, 40])];
    let few = of("median share of single groups", &three([one_out, one_out, two_out]));
    let message = few.unwrap_err().to_string();
    assert!(message.ends_with("of resnext29-15x2-s3; 1 of 3 have one"), "{message}");
    let figure = study::figure("fig-groups").unwrap();
    let caption = (figure.draw)(&records.iter().collect::<Vec<_>>()).unwrap().caption;
    assert!(caption.contains("resnext29-15x2: 2; resnext29-15x2-s2: 2;"), "{caption}");
}

#[test]
fn deletions_of_other_images_or_another_network_are_not_compared() {
    let lacking = |change: fn(&mut Record)| {
        let mut records = three([&SOME; 3]);
        change(&mut records[3]);
        let found = of("median share of single groups", &records);
        assert!(matches!(found, Err(ReportError::Lacking(_))), "{found:?}");
    };
    lacking(|record| record.key.images[0].sha256 = "d4".repeat(32));
    lacking(|record| record.key.networks[0].weights.sha256 = "d4".repeat(32));
}

#[test]
fn the_page_has_what_there_is_and_the_claims_their_verdicts() {
    let study = study::ALL.iter().find(|study| study.name == "cardinality").unwrap();
    let body = |records: &[Record]| {
        let part = (study.part)(&Answers::new(records)).unwrap();
        part.section.map(|section| section.body.into_string()).unwrap_or_default()
    };
    let all = [logs([0.50, 0.52, 0.54], [0.60, 0.61, 0.62]), three([&SOME; 3])].concat();
    let page = body(&all);
    for text in ["0.5200", "\u{2212}0.0900", "Median share", "0.50", "1 (boundary)"] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    assert!(body(&[]).is_empty() && !body(&all[..6]).contains("share"));
    let criteria = claims::Claims::parse(claims::TEXT).unwrap();
    let verdict = |id: &str, records: &[Record]| {
        let rows = claims::results(&criteria, study::ALL, &Answers::new(records)).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().verdict.to_string()
    };
    assert_eq!(verdict("c27", &all), "reproduced");
    assert!(verdict("c28", &all).starts_with("reproduced"));
    let close = logs([0.60, 0.62, 0.64], [0.63, 0.64, 0.65]);
    assert!(verdict("c27", &close).starts_with("partly"), "{}", verdict("c27", &close));
    assert_eq!(verdict("c27", &logs([0.72; 3], [0.60, 0.61, 0.62])), "not");
    let additive: &Blocks = &[(100, [0, 0]), (100, [50, 50]), (100, [45, 50]), (100, [60, 60])];
    assert!(verdict("c28", &three([additive; 3])).starts_with("not"));
    let less: &Blocks = &[(100, [0, 0]), (100, [30, 40]), (100, [45, 25]), (100, [10, 60])];
    assert!(verdict("c28", &three([less; 3])).starts_with("partly"));
}
