//! The study of blocks with several functions, on made-up records.

use record::stats::{Variance, image_bootstrap, paired_arms, t_interval};
use record::{Bits, BranchDeletions, DeleteBranches, DeleteOne, Record, Score};
use report::study::Estimate;
use report::{Answers, ReportError, study};
use serde_json::json;
use testkit::made_up;

const IMAGES: usize = 1_000;

/// A network with these wrong answers, intact, and without each function of each unit; the
/// second unit is a boundary.
fn functions(network: &str, intact: usize, deleted: &[&[usize]]) -> Record {
    let before = made_up::score(IMAGES, intact);
    let without = |wrong: &usize| made_up::changed(&before, wrong + 10 - intact, 10);
    let unit = |(index, wrong): (usize, &&[usize])| BranchDeletions {
        index,
        name: format!("unit{index}"),
        stage: index,
        boundary: index == 1,
        deleted: wrong.iter().map(without).collect(),
    };
    let units = deleted.iter().enumerate().map(unit).collect();
    let answer = DeleteBranches { images: IMAGES, intact: before.clone(), units };
    made_up::record(network, IMAGES, json!({}), &answer)
}

/// Three units of two functions.
pub(crate) fn three_units(network: &str) -> Record {
    functions(network, 110, &[&[120, 124], &[200, 300], &[121, 123]])
}

/// Three blocks of one function; the second is a boundary.
fn blocks(network: &str, intact: usize, deleted: [usize; 3]) -> Record {
    let [a, b, c] = deleted.map(Some);
    made_up::delete_one(
        network,
        &[("a", false, a), ("b", true, b), ("c", false, c)],
        IMAGES,
        intact,
    )
}

/// Median D of blocks 25, 35 and 30 images; of functions 12, 8 and 10.
fn records() -> Vec<Record> {
    vec![
        blocks("resnet38", 100, [120, 300, 130]),
        blocks("resnet38-s2", 104, [134, 300, 144]),
        blocks("resnet38-s3", 102, [132, 300, 132]),
        functions("multires-3x2", 110, &[&[120, 124], &[200, 300], &[121, 123]]),
        functions("multires-3x2-s2", 108, &[&[112, 118], &[200, 300], &[114, 120]]),
        functions("multires-3x2-s3", 112, &[&[120, 124], &[200, 300], &[122, 122]]),
        functions("multires-2x3", 101, &[&[108, 109, 110], &[150, 150, 150]]),
        functions("multires-2x3-s2", 101, &[&[108, 109, 110], &[150, 150, 150]]),
        functions("multires-2x3-s3", 107, &[&[108, 109, 110], &[150, 150, 150]]),
    ]
}

fn measured(
    quantity: &str,
    networks: &[&str],
    records: &[Record],
) -> Result<Estimate, ReportError> {
    let study = study::ALL.iter().find(|study| study.name == "multi-residual").unwrap();
    let networks: Vec<String> = networks.iter().map(|name| name.to_string()).collect();
    let found = Answers::new(records).find_all(&(study.needs)(&networks))?;
    (study.quantity(quantity)?.measure)(&found)
}

fn intact(record: &Record) -> Score {
    let blocks = record.answer::<DeleteOne>().map(|answer| answer.intact);
    blocks.or_else(|_| record.answer::<DeleteBranches>().map(|answer| answer.intact)).unwrap()
}

const ALL: [&str; 3] = ["resnet38", "multires-3x2", "multires-2x3"];

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

/// `SE^2 = paired SE^2 over images + 2/3 s^2`, with `s^2` pooled over both arms.
#[test]
fn the_difference_of_errors_joins_seeds_and_images() {
    let all = records();
    let scores: Vec<Score> = all.iter().map(intact).collect();
    let right = |range: std::ops::Range<usize>| -> Vec<&Bits> {
        scores[range].iter().map(|score| &score.right).collect()
    };
    // Squared deviations in answers from the means 102, 110 and 103.
    for (quantity, arm, squares) in [
        ("upper end of d of 9 x 2", 3..6, 8.0 + 8.0),
        ("upper end of d of 6 x 3", 6..9, 8.0 + 24.0),
    ] {
        let (d, images) = paired_arms(&right(0..3), &right(arm));
        let seeds = Variance { value: 2.0 / 3.0 * squares / 4.0 / 1e6, degrees: 4.0 };
        let expected = 100.0 * t_interval(d, &[images, seeds]).high;
        near(measured(quantity, &ALL, &all).unwrap().value, expected);
        assert!(expected > 100.0 * d + 0.1, "{expected}");
    }
}

/// The median over non-boundary functions, for each seed by itself; then the mean.
#[test]
fn medians_are_of_each_seed_and_without_boundaries() {
    let all = records();
    let two = ["resnet38", "multires-3x2"];
    near(measured("median D of blocks", &two, &all).unwrap().value, 3.0);
    near(measured("ratio of medians", &two, &all).unwrap().value, 10.0 / 30.0);
}

/// To first order, `var (f / b) = (var f + R^2 var b) / b^2`.
#[test]
fn the_interval_of_the_ratio_joins_both_networks_seeds_and_the_images() {
    let all = records();
    let found = measured("ratio of medians", &["resnet38", "multires-3x2"], &all).unwrap();
    // Every score in order: intact, then without each function.
    let scores: Vec<Score> = all[..6]
        .iter()
        .flat_map(|record| match record.answer::<DeleteOne>() {
            Ok(answer) => {
                let units = answer.units.into_iter().map(|unit| unit.deleted.unwrap());
                [answer.intact].into_iter().chain(units).collect::<Vec<_>>()
            }
            Err(_) => {
                let answer: DeleteBranches = record.answer().unwrap();
                let units = answer.units.into_iter().flat_map(|unit| unit.deleted);
                [answer.intact].into_iter().chain(units).collect()
            }
        })
        .collect();
    let right: Vec<&Bits> = scores.iter().map(|score| &score.right).collect();
    assert_eq!(right.len(), 3 * 4 + 3 * 7);
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        (values[half - 1] + values[half]) / 2.0
    };
    let ratio = |errors: &[f64]| {
        let (blocks, functions) = errors.split_at(12);
        let blocks = blocks.chunks(4).map(|e| middle(vec![e[1] - e[0], e[3] - e[0]]));
        let of = |e: &[f64]| middle([1, 2, 5, 6].map(|i| e[i] - e[0]).to_vec());
        let functions = functions.chunks(7).map(of);
        Some(functions.sum::<f64>() / blocks.sum::<f64>())
    };
    let images = image_bootstrap(&right, ratio).unwrap();
    let deviation = (images.high - images.low) / (2.0 * 1.959_963_985);
    let images = Variance { value: deviation * deviation, degrees: 999.0 };
    // Medians of 25, 35, 30 and of 12, 8, 10 answers: variances 25 and 4.
    let (r, b) = (10.0 / 30.0, 30.0f64);
    let part = |variance: f64| Variance { value: variance / 3.0 / (b * b), degrees: 2.0 };
    let expected = t_interval(r, &[images, part(4.0), part(r * r * 25.0)]);
    near(found.low, expected.low);
    near(found.high, expected.high);
}

#[test]
fn records_that_are_missing_or_of_other_images_are_named() {
    let mut all = records();
    let message =
        |all: &[Record]| measured("upper end of d of 9 x 2", &ALL, all).unwrap_err().to_string();
    assert_eq!(message(&all[..7]), "needs delete-branches of multires-2x3-s2 and multires-2x3-s3");
    all[4].key.images[0].sha256 = "d4".repeat(32);
    assert_eq!(message(&all), "needs records on the same images");
    let two = ["resnet38", "multires-3x2"];
    let error = measured("upper end of d of 6 x 3", &two, &records()).unwrap_err().to_string();
    assert_eq!(error, "expected the names of several networks, found 2");
}

#[test]
fn the_figure_has_a_plot_for_each_network_and_the_page_their_paths() {
    let all = records();
    let figure = study::figure("fig-functions").unwrap();
    let found: Vec<&Record> = all.iter().collect();
    let svg = (figure.draw)(&found).unwrap().svg;
    for text in ["resnet38: 1 function a block", "multires-3x2: 2 functions a block"] {
        assert!(svg.contains(text), "{text:?} is not in the figure");
    }
    let study = study::ALL.iter().find(|study| study.name == "multi-residual").unwrap();
    let body = |records: &[Record]| {
        let part = (study.part)(&Answers::new(records)).unwrap();
        part.section.map(|section| section.body.into_string()).unwrap_or_default()
    };
    let page = body(&all);
    // Three blocks of two functions: 3^3 routes, 2^6 subsets.
    for text in ["27", "64", "multires-3x2 minus resnet38", "+0.8 points", "0.33"] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    assert!(!body(&all[3..6]).contains("minus resnet38"));
    assert!(body(&all[..3]).is_empty());
}

#[test]
fn a_record_has_its_table_and_its_json() {
    let record = functions("multires-3x2", 110, &[&[120, 124], &[200, 300]]);
    let table = study::table(&record).unwrap();
    assert!(
        table.contains("delete-branches: multires-3x2, 1000 images\nintact: 110 wrong"),
        "{table}"
    );
    assert!(
        table.contains("   1  unit1          boundary      1    300    30.00      +19.00"),
        "{table}"
    );
    let json = study::json(&record).unwrap();
    for text in [r#""deleted_wrong":[[120,124],[200,300]]"#, r#""intact_wrong":110"#] {
        assert!(json.contains(text), "{json}");
    }
}
