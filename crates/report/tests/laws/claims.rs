//! The verdicts of the claims about single deletions, on made-up records.

use record::Record;
use report::Answers;
use report::claims::{ClaimResult, Claims, Level, TEXT, results, table, to_json};
use report::study;
use testkit::made_up::{Unit, delete_one};

fn all_judged(records: &[Record]) -> Vec<ClaimResult> {
    results(&Claims::parse(TEXT).unwrap(), study::ALL, &Answers::new(records)).unwrap()
}

fn judged(id: &str, records: &[Record]) -> ClaimResult {
    all_judged(records).into_iter().find(|row| row.id == id).unwrap()
}

/// vgg15 on 10,000 images, with these numbers of wrong answers.
fn vgg(wrong: &[usize]) -> Record {
    let mut units: Vec<Unit> = vec![("conv1", true, None)];
    units.extend(wrong.iter().map(|&wrong| ("conv", false, Some(wrong))));
    delete_one("vgg15", &units, 10_000, 1_000)
}

/// So many blocks, each with so many more wrong answers.
type Added = (usize, usize);

/// A network on 10,000 images, 600 wrong: so many blocks with so many more wrong.
fn resnet_called(network: &str, ordinary: &[Added], boundary: &[usize]) -> Record {
    let mut units: Vec<Unit> = Vec::new();
    for &(blocks, added) in ordinary {
        units.extend(std::iter::repeat_n(("block", false, Some(600 + added)), blocks));
    }
    units.extend(boundary.iter().map(|&added| ("boundary", true, Some(600 + added))));
    delete_one(network, &units, 10_000, 600)
}

fn resnet(ordinary: &[Added], boundary: &[usize]) -> Record {
    resnet_called("resnet110", ordinary, boundary)
}

#[test]
fn chance_after_any_vgg_layer() {
    use Level::{Not, Partly, Reproduced};
    let cases: [(&[usize], Level, bool); 6] = [
        (&[9_000, 8_500, 8_900], Reproduced, false),
        (&[9_000, 8_050, 8_900], Reproduced, true),
        (&[9_000, 7_950, 8_900], Partly, true),
        (&[9_000, 5_000, 8_900], Partly, false),
        (&[9_000, 5_000, 8_050], Partly, true),
        (&[9_000, 5_000, 6_000], Not, false),
    ];
    for (wrong, level, borderline) in cases {
        let row = judged("c02", &[vgg(wrong)]);
        assert_eq!((row.verdict.level, row.verdict.borderline), (level, borderline), "{wrong:?}");
    }
    let row = judged("c02", &[vgg(&[9_000, 8_500, 8_900])]);
    assert_eq!(row.ours.as_deref(), Some("min error 85.00 %; median error 89.00 %"));
    assert_eq!(row.interval.as_deref(), Some("84.29 to 85.69 %; 88.37 to 89.60 %"));
    assert_eq!(row.n, Some(10_000));
    assert_eq!(row.record.as_deref(), Some("delete-one-vgg15-10000"));
}

#[test]
fn no_block_except_for_the_boundaries_matters() {
    use Level::{Not, Partly, Reproduced};
    let cases: [(&[Added], Level, bool); 5] = [
        (&[(52, 20)], Reproduced, false),
        (&[(40, 20), (12, 300)], Partly, false),
        (&[(52, 95)], Reproduced, true),
        (&[(30, 20), (22, 700)], Not, false),
        (&[(52, 400)], Not, false),
    ];
    for (ordinary, level, borderline) in cases {
        let row = judged("c04", &[resnet(ordinary, &[2_000, 2_000])]);
        assert_eq!((row.verdict.level, row.verdict.borderline), (level, borderline), "{row:?}");
    }
}

#[test]
fn boundaries_are_modest_peaks() {
    use Level::{Not, Partly, Reproduced};
    let cases: [(&[usize], Level, bool); 5] = [
        (&[1_500, 2_000], Reproduced, false),
        (&[1_500, 3_350], Reproduced, true),
        (&[1_500, 5_000], Partly, false),
        (&[1_500, 10], Partly, false),
        (&[10, 10], Not, false),
    ];
    for (boundary, level, borderline) in cases {
        let row = judged("c05", &[resnet(&[(52, 60)], boundary)]);
        assert_eq!((row.verdict.level, row.verdict.borderline), (level, borderline), "{row:?}");
    }
}

#[test]
fn the_error_of_the_intact_network() {
    let row = judged("c01", &[resnet(&[(1, 20)], &[])]);
    assert_eq!(row.verdict.to_string(), "reproduced");
    assert_eq!(row.ours.as_deref(), Some("intact error 6.00 %"));
    assert_eq!(row.interval.as_deref(), Some("5.55 to 6.48 %"));
}

/// Ordinary and boundary blocks, then level, borderline and interval.
type TwoRules<'a> = (&'a [Added], &'a [usize], Level, bool, &'a str);

/// Of the two rules of c06: every ordinary block, and the boundaries in the mean.
#[test]
fn a_bottleneck_network_is_judged_by_two_rules() {
    use Level::{Not, Partly, Reproduced};
    let cases: [TwoRules; 4] = [
        (&[(62, 20)], &[1_500, 1_600], Reproduced, false, "2 to 2"),
        (&[(62, 400)], &[1_500, 1_600], Partly, false, "1 to 1"),
        (&[(62, 95)], &[1_500, 1_600], Reproduced, true, "1 to 2"),
        (&[(62, 400)], &[10, 20], Not, false, "0 to 0"),
    ];
    for (ordinary, boundary, level, borderline, interval) in cases {
        let row = judged("c06", &[resnet_called("bottleneck66", ordinary, boundary)]);
        assert_eq!((row.verdict.level, row.verdict.borderline), (level, borderline), "{row:?}");
        assert_eq!(row.interval.as_deref(), Some(interval));
    }
}

#[test]
fn depth_is_judged_on_four_networks_in_their_order() {
    let cases = [
        ([800, 600, 400, 200], "reproduced", "falling steps 3; networks above the last 3"),
        ([600, 800, 400, 200], "partly", "falling steps 2; networks above the last 3"),
        ([600, 800, 400, 380], "partly, borderline", "falling steps 2; networks above the last 3"),
        ([200, 400, 600, 800], "not", "falling steps 0; networks above the last 0"),
        ([400, 400, 400, 400], "not, borderline", "falling steps 0; networks above the last 0"),
    ];
    for (added, verdict, ours) in cases {
        let names = ["resnet20", "resnet32", "resnet56", "resnet110"];
        let record = |(name, added)| resnet_called(name, &[(10, added)], &[900]);
        let records: Vec<Record> = names.into_iter().zip(added).rev().map(record).collect();
        let row = judged("c12", &records);
        assert_eq!((row.verdict.to_string().as_str(), row.ours.as_deref()), (verdict, Some(ours)));
        assert_eq!(row.networks, names);
        let judged: Vec<String> = names.map(|name| format!("delete-one-{name}-10000")).into();
        assert_eq!(row.record, Some(judged.join("; ")));
    }
}

/// Of the committed file: every quantity that a claim names of a study that ships is one.
#[test]
fn claims_name_quantities_that_exist() {
    for row in all_judged(&[]) {
        let reason = row.verdict.reason.unwrap_or_default();
        if let Some((_, name)) = reason.split_once("has no study ") {
            assert!(study::ALL.iter().all(|study| study.name != name), "{}: {reason}", row.id);
        }
    }
}

#[test]
fn a_claim_without_its_record_is_not_run_and_says_what_it_needs() {
    let other = resnet_called("resnet20", &[(1, 100)], &[]);
    let cases = [
        ("c02", "needs delete-one of vgg15 (term branch, statistics running)"),
        ("c03", "needs delete-one of vgg15 and resnet110 (term branch, statistics reestimated)"),
        ("c04", "needs delete-one of resnet110 (term branch, statistics running)"),
        (
            "c12",
            "needs delete-one of resnet32, resnet56 and resnet110 (term branch, statistics \
             running)",
        ),
    ];
    for (id, expected) in cases {
        let row = judged(id, std::slice::from_ref(&other));
        assert_eq!(row.verdict.to_string(), format!("not run: {expected}"));
        assert_eq!((row.ours, row.interval, row.n, row.record), (None, None, None, None));
    }
    let no_boundary = resnet(&[(54, 20)], &[]);
    let verdict = judged("c05", &[no_boundary]).verdict.to_string();
    assert_eq!(verdict, "not run: the record of resnet110 has no deletable boundary block");
}

#[test]
fn on_the_sample_verdicts_are_previews_and_the_larger_record_wins() {
    let units: Vec<Unit> = vec![("conv", false, Some(1_900))];
    let sample = delete_one("vgg15", &units, 2_000, 200);
    let row = judged("c02", std::slice::from_ref(&sample));
    assert_eq!(row.verdict.to_string(), "reproduced, preview n=2000");
    let row = judged("c02", &[sample, vgg(&[5_000])]);
    assert_eq!(row.verdict.to_string(), "not");
}

#[test]
fn the_json_holds_exactly_the_agreed_fields_in_order() {
    let json = to_json(&all_judged(&[vgg(&[8_500])]));
    assert!(json.ends_with("]\n"));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), Claims::parse(TEXT).unwrap().claims.len());
    assert_eq!(rows[1]["verdict"], "reproduced");
    let fields = [
        "id",
        "figure",
        "statement",
        "paper",
        "ours",
        "interval",
        "n",
        "networks",
        "criterion",
        "verdict",
        "record",
    ];
    for row in &rows {
        assert_eq!(row.as_object().unwrap().len(), fields.len());
        assert!(fields.iter().all(|field| row.get(field).is_some()), "{row}");
    }
    let first = json.split_once('}').unwrap().0;
    let places: Vec<_> =
        fields.iter().map(|field| first.find(&format!("\"{field}\":")).unwrap()).collect();
    assert!(places.is_sorted());
}

#[test]
fn the_terminal_table_fits_a_hundred_columns_and_lists_every_claim() {
    let rows = all_judged(&[vgg(&[8_050]), resnet(&[(52, 95)], &[1_500, 3_350])]);
    let text = table(&rows);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for row in rows {
        assert!(text.contains(&row.id), "{}", row.id);
    }
    assert!(text.contains("borderline"));
}
