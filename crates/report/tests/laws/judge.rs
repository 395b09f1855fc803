//! Every way to a verdict, on a made-up study whose quantities are what its record holds.

use record::Record;
use report::claims::{ClaimResult, Claims, results};
use report::study::{Estimate, Part, Quantity, Study};
use report::{Answers, Need, ReportError};
use testkit::made_up;

/// Quantity `a` is the number of wrong answers, `b` that of units, each with an interval
/// that reaches 5 to both sides; `a over networks` is the sum of `a`.
const STUDY: Study = Study {
    name: "made-up",
    needs: |networks| networks.iter().map(|name| Need::of("delete-one", name)).collect(),
    quantities: &[
        Quantity { name: "a", unit: "%", measure: |records| around(wrong(records)) },
        Quantity { name: "b", unit: "", measure: |records| around(records.len() as f64) },
        Quantity { name: "missing", unit: "", measure: |_| lacking() },
    ],
    figures: &[],
    form: None,
    part: |_| Ok(Part::default()),
};

fn wrong(records: &[&Record]) -> f64 {
    let wrong =
        |record: &&Record| f64::from(record.answer::<record::DeleteOne>().unwrap().intact.wrong);
    records.iter().map(wrong).sum()
}

fn around(value: f64) -> Result<Estimate, ReportError> {
    Ok(Estimate { value, low: value - 5.0, high: value + 5.0 })
}

fn lacking() -> Result<Estimate, ReportError> {
    Err(ReportError::Lacking("the record has no block".into()))
}

/// A claim on network `n` with these conditions, by name.
fn claim(lists: &str) -> String {
    format!(
        "[[claim]]\nid = \"x\"\nfigure = \"f\"\nstatement = \"s\"\npaper = \"p\"\nmeasure = \"m\"\n\
         criterion = \"c\"\nstudy = \"made-up\"\nnetworks = [\"n\"]\n{lists}"
    )
}

fn judge(lists: &str, records: &[Record]) -> Result<ClaimResult, ReportError> {
    let claims = Claims::parse(&claim(lists))?;
    Ok(results(&claims, &[&STUDY], &Answers::new(records))?.remove(0))
}

fn on(network: &str, wrong: usize) -> Record {
    made_up::delete_one(network, &[], 100, wrong)
}

const REPRODUCED: &str =
    "reproduced = [{ quantity = \"a\", unit = \"%\", op = \">=\", value = 60 }]";
const PARTLY: &str = "partly = [{ quantity = \"a\", unit = \"%\", op = \">=\", value = 40 }]";
const UNDECIDED: &str =
    "undecided_if = [{ quantity = \"a\", unit = \"%\", op = \"<\", value = 20 }]";

#[test]
fn every_verdict_can_come_out() {
    let lists = format!("{REPRODUCED}\n{PARTLY}\n{UNDECIDED}");
    let cases = [
        (70, "reproduced"),
        (62, "reproduced, borderline"),
        (58, "partly, borderline"),
        (50, "partly"),
        (42, "partly, borderline"),
        (38, "not, borderline"),
        (30, "not"),
        (22, "not, borderline"),
        (18, "undecided, borderline"),
        (12, "undecided"),
    ];
    for (wrong, expected) in cases {
        let row = judge(&lists, &[on("n", wrong)]).unwrap();
        assert_eq!(row.verdict.to_string(), expected, "{wrong}");
        assert_eq!(row.ours, Some(format!("a {wrong}.00 %")));
        assert_eq!(row.interval, Some(format!("{}.00 to {}.00 %", wrong - 5, wrong + 5)));
    }
}

#[test]
fn a_bare_inequality_needs_the_whole_interval() {
    let bare = REPRODUCED.replace("value = 60", "value = 60, bare = true");
    let lists = format!("{bare}\n{PARTLY}");
    let cases = [(70, "reproduced"), (62, "partly, borderline"), (58, "partly, borderline")];
    for (wrong, expected) in cases {
        let row = judge(&lists, &[on("n", wrong)]).unwrap();
        assert_eq!(row.verdict.to_string(), expected, "{wrong}");
    }
}

#[test]
fn conditions_may_name_networks_of_their_own() {
    let others =
        "{ quantity = \"a\", unit = \"%\", op = \">=\", value = 60, networks = [\"n\", \"m\"] }";
    let lists = format!("reproduced = [{others}]\n{PARTLY}");
    let records = [on("n", 40), made_up::delete_one("m", &[], 2_000, 30)];
    let row = judge(&lists, &records).unwrap();
    assert_eq!(row.verdict.to_string(), "reproduced, preview n=100");
    assert_eq!(row.ours.as_deref(), Some("a 70.00 %; a 40.00 %"));
    assert_eq!((row.n, row.networks), (Some(100), vec!["n".to_string()]));
    assert_eq!(row.record.as_deref(), Some("delete-one-n-100; delete-one-m-2000"));
    let row = judge(&lists, &records[..1]).unwrap();
    assert_eq!(row.verdict.to_string(), "not run: needs delete-one of m");
}

#[test]
fn what_is_not_there_is_not_run_with_the_reason() {
    let lists = format!("{REPRODUCED}\n{PARTLY}");
    let cases = [
        (lists.clone(), vec![], "not run: needs delete-one of n"),
        (
            lists.replace("\"a\", unit = \"%\"", "\"missing\", unit = \"\""),
            vec![on("n", 50)],
            "not run: the record has no block",
        ),
        (
            lists.replacen("value = 60", "value = 60, study = \"gates\"", 1),
            vec![on("n", 50)],
            "not run: this version has no study gates",
        ),
    ];
    for (lists, records, expected) in cases {
        let row = judge(&lists, &records).unwrap();
        assert_eq!(row.verdict.to_string(), expected);
        assert_eq!((row.ours, row.interval, row.n, row.record), (None, None, None, None));
    }
}

/// Whether or not there are records: a wrong name must not pass for "not run".
#[test]
fn mistakes_in_a_claim_are_errors_that_name_it() {
    let lists = format!("{REPRODUCED}\n{PARTLY}");
    let gates = lists.replacen("value = 60", "value = 60, study = \"gates\"", 1);
    let cases = [
        (lists.replace("\"a\"", "\"z\""), "x: study made-up has no quantity \"z\"; known are a, b"),
        (gates.replace("\"a\"", "\"z\""), "x: study made-up has no quantity \"z\""),
        (lists.replace("\"%\"", "\"points\""), "x: \"a\" has the unit \"points\", expected \"%\""),
    ];
    for (lists, expected) in cases {
        for records in [vec![], vec![on("n", 50)]] {
            let message = judge(&lists, &records).unwrap_err().to_string();
            assert!(message.contains(expected), "expected {expected:?} in {message:?}");
        }
    }
}

#[test]
fn pure_arithmetic_needs_no_record() {
    let condition = "{ quantity = \"b\", unit = \"\", op = \">=\", value = 0, networks = [] }";
    let lists = format!("reproduced = [{condition}]\npartly = [{condition}]");
    let row = judge(&lists, &[]).unwrap();
    assert_eq!(row.verdict.to_string(), "reproduced, borderline");
    assert_eq!((row.ours.as_deref(), row.n, row.record), (Some("b 0"), None, None));
}
