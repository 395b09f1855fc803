//! The verdicts of the figure-3 claims on made-up records.

use crate::common::{Unit, record_of};
use record::Record;
use report::claims::{ClaimResult, Claims, Level, TEXT, results, table, to_json};

fn judged(id: &str, records: &[Record]) -> ClaimResult {
    let claims = Claims::parse(TEXT).unwrap();
    results(&claims, records).unwrap().into_iter().find(|row| row.id == id).unwrap()
}

/// vgg15 on 10,000 images, with these numbers of wrong answers.
fn vgg(wrong: &[u32]) -> Record {
    let mut units: Vec<Unit> = vec![("conv1", true, None)];
    units.extend(wrong.iter().map(|&wrong| ("conv", false, Some(wrong))));
    record_of("vgg15", &units, 10_000, 1_000)
}

/// So many blocks, each with so many more wrong answers.
type Added = (usize, u32);

/// resnet110 on 10,000 images, 600 wrong: so many blocks with so many more wrong.
fn resnet(ordinary: &[Added], boundary: &[u32]) -> Record {
    let mut units: Vec<Unit> = Vec::new();
    for &(blocks, added) in ordinary {
        units.extend(std::iter::repeat_n(("block", false, Some(600 + added)), blocks));
    }
    units.extend(boundary.iter().map(|&added| ("boundary", true, Some(600 + added))));
    record_of("resnet110", &units, 10_000, 600)
}

#[test]
fn chance_after_any_vgg_layer() {
    use Level::{Not, Partly, Reproduced};
    let cases: [(&[u32], Level, bool); 6] = [
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
fn no_block_but_the_boundaries_matters() {
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
    let cases: [(&[u32], Level, bool); 5] = [
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
fn a_claim_without_its_record_is_not_run_and_says_what_it_needs() {
    let other = record_of("resnet20", &[("block", false, Some(700))], 10_000, 600);
    let cases = [
        ("c02", "not run: needs delete-one of vgg15"),
        ("c04", "not run: needs delete-one of resnet110"),
        ("c03", "not run: needs delete-one-recalibrated of vgg15 and resnet110"),
        ("c12", "not run: needs delete-one of resnet32, resnet56 and resnet110"),
    ];
    for (id, expected) in cases {
        let row = judged(id, std::slice::from_ref(&other));
        assert_eq!(row.verdict.to_string(), expected);
        assert_eq!((row.ours, row.interval, row.n, row.record), (None, None, None, None));
    }
    let no_boundary = resnet(&[(54, 20)], &[]);
    let verdict = judged("c05", &[no_boundary]).verdict.to_string();
    assert_eq!(verdict, "not run: the record of resnet110 has no deletable boundary block");
}

#[test]
fn on_the_sample_verdicts_are_previews_and_the_larger_record_wins() {
    let units: Vec<Unit> = vec![("conv", false, Some(1_900))];
    let sample = record_of("vgg15", &units, 2_000, 200);
    let row = judged("c02", std::slice::from_ref(&sample));
    assert_eq!(row.verdict.to_string(), "reproduced, preview n=2000");
    let row = judged("c02", &[sample, vgg(&[5_000])]);
    assert_eq!(row.verdict.to_string(), "not");
}

#[test]
fn the_json_holds_exactly_the_agreed_fields_in_order() {
    let claims = Claims::parse(TEXT).unwrap();
    let json = to_json(&results(&claims, &[vgg(&[8_500])]).unwrap());
    assert!(json.ends_with("]\n"));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), 24);
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
    let claims = Claims::parse(TEXT).unwrap();
    let records = [vgg(&[8_050]), resnet(&[(52, 95)], &[1_500, 3_350])];
    let text = table(&results(&claims, &records).unwrap());
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for claim in claims.claims {
        assert!(text.contains(&claim.id), "{}", claim.id);
    }
    assert!(text.contains("borderline"));
}
