//! The study of networks trained on part of their blocks, on made-up records.

use record::stats::{Variance, paired_arms, t_interval};
use record::{BranchScales, Record, ScaledArm, Score};
use report::{Answers, ReportError, study};
use serde_json::json;
use testkit::made_up;

const IMAGES: usize = 1_000;

/// A network with `wrong` wrong answers under the first rule, and 10, 20 and 30 more under
/// the others.
pub(crate) fn branch_scales(network: &str, wrong: usize) -> Record {
    let arms = BranchScales::RULES.into_iter().enumerate().map(|(place, rule)| {
        let score = made_up::score(IMAGES, wrong + 10 * place);
        ScaledArm { scaled: rule.0, reestimated: rule.1, score }
    });
    let answer = BranchScales { images: IMAGES, batches: 50, arms: arms.collect() };
    made_up::record(network, IMAGES, json!({}), &answer)
}

/// Wrong answers of the pair under study and of the replicates, trained in full and short.
fn records(pair: [usize; 2], full: [usize; 3], short: [usize; 3]) -> Vec<Record> {
    let names = ["resnet32", "resnet32-s2", "resnet32-s3"];
    let shorts = ["resnet32-short", "resnet32-short-s2", "resnet32-short-s3"];
    let pair = ["resnet110", "resnet110-short"].into_iter().zip(pair);
    let all = pair.chain(names.into_iter().zip(full)).chain(shorts.into_iter().zip(short));
    all.map(|(name, wrong)| branch_scales(name, wrong)).collect()
}

fn measured(quantity: &str, networks: &[&str], records: &[Record]) -> Result<f64, ReportError> {
    let study = study::ALL.iter().find(|study| study.name == "effective-paths").unwrap();
    let networks: Vec<String> = networks.iter().map(|name| name.to_string()).collect();
    let found = Answers::new(records).find_all(&(study.needs)(&networks))?;
    (study.quantity(quantity)?.measure)(&found).map(|estimate| estimate.value)
}

fn score(record: &Record) -> Score {
    record.answer::<BranchScales>().unwrap().arms[0].score.clone()
}

/// `SE^2 = paired SE^2 over images + 2 s^2`, with `s^2` pooled over the six replicates.
#[test]
fn the_interval_of_a_pair_borrows_the_variance_over_seeds() {
    let all = records([60, 64], [80, 84, 88], [90, 90, 93]);
    let (full, short) = (score(&all[0]), score(&all[1]));
    let (d, images) = paired_arms(&[&full.right], &[&short.right]);
    assert!((d - 0.004).abs() < 1e-15, "{d}");
    // Squared deviations of the two arms in answers: 32 and 6, four degrees of freedom.
    let variance = (32.0 + 6.0) / 4.0 / 1e6;
    let expected = t_interval(d, &[images, Variance { value: 2.0 * variance, degrees: 4.0 }]);
    let high = measured("upper end of d", &["resnet110"], &all).unwrap();
    let low = measured("lower end of d", &["resnet110"], &all).unwrap();
    assert!((high - 100.0 * expected.high).abs() < 1e-9, "{high}, {expected:?}");
    assert!((low - 100.0 * expected.low).abs() < 1e-9, "{low}, {expected:?}");
}

#[test]
fn the_replicated_difference_is_that_of_the_means() {
    let all = records([60, 64], [80, 84, 88], [90, 90, 93]);
    let read =
        |range: std::ops::Range<usize>| -> Vec<Score> { all[range].iter().map(score).collect() };
    let (full, short) = (read(2..5), read(5..8));
    let bits = |scores: &[Score]| scores.iter().map(|s| s.right.clone()).collect::<Vec<_>>();
    let (full, short) = (bits(&full), bits(&short));
    let (d, images) =
        paired_arms(&full.iter().collect::<Vec<_>>(), &short.iter().collect::<Vec<_>>());
    assert!((d - 0.007).abs() < 1e-12, "{d}");
    let variance = Variance { value: 2.0 / 3.0 * 38.0 / 4.0 / 1e6, degrees: 4.0 };
    let expected = 100.0 * t_interval(d, &[images, variance]).high;
    let high = measured("upper end of d at 32", &["resnet32", "resnet110"], &all).unwrap();
    assert!((high - expected).abs() < 1e-9, "{high}, {expected}");
    // The claim that has a second depth asks for its difference by the same name.
    let single = measured("d at 56", &["resnet32", "resnet110"], &all).unwrap();
    assert!((single - 0.4).abs() < 1e-12, "{single}");
}

#[test]
fn a_comparison_without_its_replicates_says_what_it_needs() {
    let all = records([60, 64], [80, 84, 88], [90, 90, 93]);
    let message = measured("d at 56", &["resnet56"], &all[..4]).unwrap_err().to_string();
    assert_eq!(
        message,
        "needs branch-scales of resnet56, resnet56-short, resnet32-s3, resnet32-short, \
         resnet32-short-s2 and resnet32-short-s3"
    );
}

/// As many images are not the same images.
#[test]
fn networks_that_saw_other_images_are_not_compared() {
    let mut all = records([60, 64], [80, 84, 88], [90, 90, 93]);
    all[1].key.images[0].sha256 = "d4".repeat(32);
    let message = measured("lower end of d", &["resnet110"], &all).unwrap_err().to_string();
    assert_eq!(message, "needs records on the same images");
}

#[test]
fn the_page_gives_the_differences_of_the_pairs_that_are_there() {
    let all = records([60, 64], [80, 84, 88], [90, 90, 93]);
    let study = study::ALL.iter().find(|study| study.name == "effective-paths").unwrap();
    let body = |records: &[Record]| {
        let part = (study.part)(&Answers::new(records)).unwrap();
        part.section.unwrap().body.into_string()
    };
    let page = body(&all);
    for text in ["resnet32 (3 seeds), trained in part minus trained in full", "+0.7", "+0.4"] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    assert!(!body(&all[..2]).contains("minus trained in full"));
}
