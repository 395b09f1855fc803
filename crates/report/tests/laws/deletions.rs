//! Records of single deletions with other options: kept apart, compared, judged. All are made
//! up.

use record::{DeleteOneOptions, NormStatistics, Record, Term};
use report::claims::{Claims, Level, TEXT, results};
use report::figure::Figure;
use report::{Answers, ReportError, page, study};
use testkit::made_up::{Unit, delete_one, delete_one_as};

use crate::draws::measured;
use crate::inside::{nine_deletions_as, nine_norms};

const IMAGES: usize = 10_000;

const fn arm(term: Term, statistics: NormStatistics) -> DeleteOneOptions {
    DeleteOneOptions { term, statistics }
}

const PLAIN: DeleteOneOptions = arm(Term::Branch, NormStatistics::Running);
const REESTIMATED: DeleteOneOptions = arm(Term::Branch, NormStatistics::Reestimated);
const SKIP: DeleteOneOptions = arm(Term::Skip, NormStatistics::Running);
const BOTH: DeleteOneOptions = arm(Term::Skip, NormStatistics::Reestimated);

/// A network that is wrong on 600 of 10,000 images, and on so many without each of nine
/// ordinary blocks, around the first number, and without each boundary block.
fn network(options: DeleteOneOptions, name: &str, wrong: usize, boundary: &[usize]) -> Record {
    let ordinary = (0..9).map(|i| ("block", false, Some(wrong + 4 * i - 16)));
    let boundary = boundary.iter().map(|&wrong| ("boundary", true, Some(wrong)));
    let units: Vec<Unit> = ordinary.chain(boundary).collect();
    delete_one_as(options, name, &units, IMAGES, 600)
}

fn judged(id: &str, records: &[Record]) -> (Level, bool, String) {
    let claims = Claims::parse(TEXT).unwrap();
    let rows = results(&claims, study::ALL, &Answers::new(records)).unwrap();
    let row = rows.into_iter().find(|row| row.id == id).unwrap();
    let told = row.ours.or(row.verdict.reason).unwrap();
    (row.verdict.level, row.verdict.borderline, told)
}

#[test]
fn the_contrast_with_statistics_re_estimated() {
    use Level::{Not, Partly, Reproduced};
    let cases = [
        (8_500, 700, Reproduced, false, "difference of medians 78.00 points"),
        (5_750, 700, Reproduced, true, "difference of medians 50.50 points"),
        (5_650, 700, Partly, true, "difference of medians 49.50 points"),
        (4_000, 700, Partly, false, "difference of medians 33.00 points"),
        (1_500, 700, Not, false, "difference of medians 8.00 points"),
    ];
    for (vgg, resnet, level, borderline, ours) in cases {
        let of = |options| {
            // The boundaries of the second network do not count.
            let resnet = network(options, "resnet110", resnet, &[9_000; 20]);
            [network(options, "vgg15", vgg, &[]), resnet]
        };
        let found = judged("c03", &of(REESTIMATED));
        assert_eq!(found, (level, borderline, ours.to_owned()));
        let (level, _, reason) = judged("c03", &of(PLAIN));
        let lacks = "needs delete-one of vgg15 and resnet110 (term branch, statistics reestimated)";
        assert_eq!((level, reason.as_str()), (Level::NotRun, lacks));
    }
}

/// Wrong answers without a branch and without a skip, as is and re-estimated.
#[test]
fn skips_against_branches() {
    use Level::{Not, Partly, Reproduced};
    let cases = [
        ([700, 8_900, 700, 8_000], Reproduced, false, [82.0, 73.0]),
        ([700, 8_900, 700, 4_750], Reproduced, true, [82.0, 40.5]),
        ([700, 8_900, 700, 2_000], Partly, false, [82.0, 13.0]),
        ([700, 1_900, 700, 8_900], Partly, false, [12.0, 82.0]),
        ([1_900, 700, 1_900, 2_000], Not, false, [-12.0, 1.0]),
    ];
    for (wrong, level, borderline, differences) in cases {
        let arms = [PLAIN, SKIP, REESTIMATED, BOTH].into_iter().zip(wrong);
        let records: Vec<Record> =
            arms.map(|(arm, wrong)| network(arm, "resnet110", wrong, &[5_000])).collect();
        let [as_is, reestimated] =
            differences.map(|points: f64| format!("{points:.2} points").replace('-', "\u{2212}"));
        let ours = format!("difference as is {as_is}; difference re-estimated {reestimated}");
        assert_eq!(judged("c24", &records), (level, borderline, ours));
        let (level, _, reason) = judged("c24", &records[..3]);
        let lacks = "needs delete-one of resnet110 (term skip, statistics reestimated)";
        assert_eq!((level, reason.as_str()), (Level::NotRun, lacks));
    }
}

fn pair(full: usize, stochastic: usize, boundary: [[usize; 2]; 2]) -> [Record; 2] {
    let [of_full, of_stochastic] = boundary;
    [
        network(PLAIN, "resnet110", full, &of_full),
        network(PLAIN, "resnet110-sd", stochastic, &of_stochastic),
    ]
}

#[test]
fn stochastic_depth_is_judged_by_its_gain_over_ordinary_blocks() {
    use Level::{Not, Partly, Reproduced};
    let cases = [
        (700, 620, Reproduced, false, "0.80"),
        (1_000, 810, Reproduced, true, "1.90"),
        (1_000, 700, Not, false, "3.00"),
        (650, 649, Partly, true, "0.01"),
        (650, 650, Partly, false, "0.00"),
        (650, 700, Not, false, "\u{2212}0.50"),
    ];
    for (full, stochastic, level, borderline, gain) in cases {
        let records = pair(full, stochastic, [[1_500, 2_000]; 2]);
        let found = judged("c20", &records);
        assert_eq!((found.0, found.1), (level, borderline), "{found:?}");
        assert!(found.2.starts_with(&format!("gain {gain} points")), "{found:?}");
    }
}

#[test]
fn and_by_the_ratio_of_what_boundaries_cost() {
    use Level::{Not, Partly, Reproduced};
    let cases = [
        ([1_500, 1_100], Reproduced, false, "ratio 0.61"),
        ([1_600, 1_230], Partly, true, "ratio 0.71"),
        ([2_000, 1_300], Partly, false, "ratio 0.91"),
        ([3_000, 2_700], Not, false, "ratio 1.96"),
    ];
    for (boundary, level, borderline, ours) in cases {
        let records = pair(650, 640, [[2_000, 1_500], boundary]);
        let found = judged("c21", &records);
        assert_eq!((found.0, found.2.as_str()), (level, ours), "{found:?}");
        assert_eq!(found.1, borderline, "{found:?}");
    }
    let free = pair(650, 640, [[600, 595], [700, 700]]);
    let (level, _, reason) = judged("c21", &free);
    assert_eq!(level, Level::NotRun);
    assert!(reason.contains("whose deletion costs the network trained in full"), "{reason}");
}

/// Nested lesions of 110 and 30 newly wrong images, 10 newly right: the gain is made of 80
/// images of 10,000, so that its deviation is that of their number.
#[test]
fn the_interval_of_the_gain_is_that_of_the_images_that_make_it() {
    let records = pair(700, 620, [[1_500, 2_000]; 2]);
    let study = study::ALL.iter().find(|study| study.name == "stochastic-depth").unwrap();
    let shown: Vec<&Record> = records.iter().collect();
    let gain = (study.quantity("gain").unwrap().measure)(&shown).unwrap();
    assert!((gain.value - 0.8).abs() < 1e-9, "{gain:?}");
    let half = 1.96 * 80.0_f64.sqrt() / 100.0;
    assert!((gain.high - (0.8 + half)).abs() < 0.02, "{gain:?}");
    assert!((gain.low - (0.8 - half)).abs() < 0.02, "{gain:?}");
    for (end, expected) in [("lower", gain.low), ("upper", gain.high)] {
        let found =
            (study.quantity(&format!("{end} end of gain")).unwrap().measure)(&shown).unwrap();
        assert_eq!([found.low, found.value, found.high], [expected; 3]);
    }
}

#[test]
fn other_images_are_not_compared() {
    let mut records = pair(700, 620, [[1_500, 2_000]; 2]);
    records[1].key.images[0].sha256 = "d4".repeat(32);
    let [full, stochastic] = &records;
    for quantity in ["gain", "ratio"] {
        let error = measured("stochastic-depth", quantity, &[full, stochastic]).unwrap_err();
        assert!(matches!(error, ReportError::Lacking(_)), "{error}");
        assert!(error.to_string().contains("of the same test images"), "{error}");
    }
    let one = measured("stochastic-depth", "gain", &[full]).unwrap_err();
    assert!(matches!(one, ReportError::Networks { given: 1, .. }), "{one}");
}

/// Re-estimated lesions may be of fewer images, but not of other weights.
#[test]
fn records_of_other_weights_are_neither_compared_nor_put_on_the_page() {
    let mut records =
        [PLAIN, SKIP, REESTIMATED, BOTH].map(|arm| network(arm, "resnet110", 900, &[]));
    let difference = |records: &[Record; 4]| {
        let [a, b, c, d] = records.each_ref();
        measured("delete-skip", "difference as is", &[a, b, c, d])
    };
    let is_refused = |error: ReportError| {
        let told = error.to_string();
        assert!(
            matches!(error, ReportError::Lacking(_)) && told.contains("same weights"),
            "{told}"
        );
    };
    assert_eq!(difference(&records).unwrap(), 0.0);
    records[2].key.networks[0].weights.sha256 = "d4".repeat(32);
    is_refused(difference(&records).unwrap_err());
    let [plain, _, reestimated, _] = records.each_ref();
    is_refused(
        (study::figure("fig3-reestimated").unwrap().draw)(&[plain, reestimated]).unwrap_err(),
    );
    for name in ["delete-skip", "delete-one-recalibrated"] {
        let study = study::ALL.iter().find(|study| study.name == name).unwrap();
        assert!((study.part)(&Answers::new(&records)).unwrap().section.is_none(), "{name}");
    }
}

/// Whatever reads the paper's lesion refuses the others, rather than taking them for it.
#[test]
fn no_record_stands_in_for_one_with_other_options() {
    let norms = nine_norms("resnet20");
    for options in [REESTIMATED, SKIP, BOTH] {
        let other = nine_deletions_as(options, "resnet20");
        let cases: [(&str, &str, Vec<&Record>); 3] = [
            ("delete-one", "median D", vec![&other]),
            ("stochastic-depth", "gain", vec![&other, &other]),
            ("residual-norms", "Spearman", vec![&other, &norms]),
        ];
        for (study, quantity, records) in cases {
            let error = measured(study, quantity, &records).unwrap_err();
            assert!(matches!(error, ReportError::Unfit { .. }), "{study}: {error}");
        }
        let drawn = (study::figure("fig3").unwrap().draw)(&[&other]).unwrap_err();
        assert!(matches!(drawn, ReportError::NothingToShow { .. }), "{drawn}");
        let plain = nine_deletions_as(PLAIN, "resnet20");
        let fig3 = |records: &[&Record]| (study::figure("fig3").unwrap().draw)(records).unwrap();
        assert_eq!(fig3(&[&other, &plain]), fig3(&[&plain]));
    }
    let lone = network(REESTIMATED, "resnet110", 700, &[2_000]);
    for id in ["c01", "c04", "c05"] {
        assert_eq!(judged(id, std::slice::from_ref(&lone)).0, Level::NotRun, "{id}");
    }
}

#[test]
fn the_page_says_of_what_each_table_is_and_finds_nothing_in_other_lesions() {
    let render = |records: &[Record]| {
        let (studies, figures) = (study::ALL, &[]);
        let input = page::PageInput {
            studies,
            records,
            figures,
            claims: &[],
            preview: false,
            pictures: None,
        };
        page::render(&input).unwrap()
    };
    let all = [BOTH, SKIP, REESTIMATED, PLAIN].map(|arm| nine_deletions_as(arm, "resnet20"));
    let text = render(&all);
    assert_eq!(text.matches("Delete one block of resnet20:").count(), 1);
    let places = [
        "resnet20: 9 blocks, intact error",
        "resnet20, skips deleted, batch norm re-estimated: 9 blocks",
        "resnet20, skips deleted: 9 blocks",
        "resnet20, batch norm re-estimated: 9 blocks",
    ]
    .map(|title| text.find(title).unwrap_or_else(|| panic!("{title} is not on the page")));
    assert!(places.iter().all(|place| *place >= places[0]), "the paper's lesion comes first");
    for title in ["Batch norm re-estimated", "Skips deleted"] {
        assert!(text.contains(&format!("<h3>{title}</h3>")), "{title}");
    }
    let many = ["a", "b", "c"].map(|name| network(PLAIN, name, 900, &[]));
    let text = render(&many);
    assert!(!text.contains("Delete one block of c:") && text.contains("<h3>c</h3>"));
    let lone = render(&all[..1]);
    assert!(!lone.contains("Delete one block of"), "a skip is not a block");
    assert!(!lone.contains("<h3>Skips deleted</h3>"));
    let records = pair(700, 620, [[1_500, 2_000], [1_000, 1_200]]);
    let text = render(&records);
    for told in [
        "<h3>Stochastic depth</h3>",
        "resnet110 minus resnet110-sd: +0.8 points of D",
        "over resnet110: 0.43",
    ] {
        assert!(text.contains(told), "{told}");
    }
}

#[test]
fn table_and_json_say_what_differs_from_the_default() {
    let units: [Unit; 2] = [("layer1.0", false, Some(900)), ("layer2.0", true, None)];
    let record = delete_one_as(BOTH, "resnet20", &units, 2_000, 200);
    let table = study::table(&record).unwrap();
    for part in [
        "delete-one, skips deleted, batch norm re-estimated: resnet20 (resnet20.safetensors), 2000",
        "   1  layer2.0       boundary has no skip\n",
        "are re-estimated on 7 batches of training images under each\nlesion, and for the intact",
    ] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
    let json = study::json(&record).unwrap();
    let end = r#""batches":7,"term":"skip","statistics":"reestimated"}"#;
    assert!(json.ends_with(end), "{json}");
    let plain = study::json(&delete_one("resnet20", &units, 2_000, 200)).unwrap();
    let answer = |json: &str| json.split_once("\"names\"").unwrap().1.to_owned();
    assert_eq!(
        answer(&plain).replace('}', ","),
        answer(&json).split_once("\"batches\"").unwrap().0
    );
}

fn draw(name: &str, records: &[Record]) -> Figure {
    let shown: Vec<&Record> = records.iter().collect();
    (study::figure(name).unwrap().draw)(&shown).unwrap()
}

#[test]
fn a_figure_of_two_trainings_is_as_high_as_their_errors() {
    let figure = draw("fig8", &pair(700, 620, [[1_500, 2_000], [1_000, 1_200]]));
    for text in ["resnet110, intact 6.0 %", "resnet110-sd, intact 6.0 %", "20"] {
        assert!(figure.svg.contains(&format!("{text}\n</text>")), "{text}");
    }
    assert!(!figure.svg.contains("chance") && !figure.svg.contains("40\n</text>"));
    for text in
        ["resnet110 minus resnet110-sd: +0.8 points of D (", "Branches of resnet110-sd are scaled"]
    {
        assert!(figure.caption.contains(text), "{}", figure.caption);
    }
    let csv = figure.csv.unwrap();
    assert!(csv.contains("\"resnet110-sd, intact 6.0 %\",\"resnet110-sd, block deleted\",11,12"));
}

/// Of one network: dashed once in the colour of the block's curve, not of the skip's.
#[test]
fn what_both_lesions_start_from_is_one_line() {
    let records = [PLAIN, SKIP, REESTIMATED, BOTH].map(|arm| network(arm, "resnet110", 900, &[]));
    let svg = draw("fig3-skip", &records).svg;
    let dashes = |color: &str| {
        let lines = svg.lines().filter(|line| line.starts_with("<polyline "));
        // Half of the colour joins points, and error bars have 0.6 of it.
        lines.filter(|l| l.contains(color) && l.contains("opacity=\"1\"")).count()
    };
    assert!(dashes("#0072B2") > 20, "{}", dashes("#0072B2"));
    assert_eq!(dashes("#D55E00"), 0);
}

#[test]
fn depths_share_the_scale_of_what_is_lost() {
    let names = ["resnet20", "resnet32", "resnet56", "resnet110"];
    let wrong = [3_000, 1_800, 900, 640];
    let records: Vec<Record> = names
        .into_iter()
        .zip(wrong)
        .map(|(name, wrong)| network(PLAIN, name, wrong, &[5_000]))
        .collect();
    let figure = draw("fig3-depth", &records);
    for title in ["resnet20: median D +24.0 points", "resnet110: median D +0.4 points"] {
        assert!(figure.svg.contains(&format!("{title}\n</text>")), "{title}");
    }
    assert_eq!(figure.svg.matches("\n40\n</text>").count(), 4, "a number on each axis");
    let told = "resnet56 (10 blocks, 15 epochs) and resnet110 (10 blocks, 15 epochs)";
    assert!(figure.caption.contains(told), "{}", figure.caption);
}
