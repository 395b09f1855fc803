//! Laws of a preview's deviation from a full run.

use crate::common::vgg;
use record::Record;
use report::claims::{ClaimResult, Claims, FullRun, TEXT, deviations, results};
use report::{Answers, study};
use serde_json::{Value, json};

fn judged(record: Record) -> (Claims, Vec<ClaimResult>) {
    let claims = Claims::parse(TEXT).unwrap();
    let found = results(&claims, study::ALL, &Answers::new(&[record])).unwrap();
    (claims, found)
}

fn full(rows: Value) -> FullRun {
    FullRun::parse(&rows.to_string()).unwrap()
}

/// c02 is about vgg15; c13 is arithmetic, which has no preview.
#[test]
fn what_both_runs_answer_is_compared_quantity_by_quantity() {
    let (claims, found) = judged(vgg());
    let shown = |ours: &str| {
        let other = "statements that hold 1";
        let rows = json!([
            { "id": "c02", "ours": ours, "verdict": "partly", "more": 1 },
            { "id": "c04", "ours": "median D 3.00 points", "verdict": "not" },
            { "id": "c13", "ours": other, "verdict": "partly" },
            { "id": "c99", "ours": null, "verdict": "not run: needs resnet110" },
        ]);
        deviations(&claims, &found, &full(rows)).unwrap()
    };
    assert_eq!(
        shown("min error 84.00 %; median error 87.50 %"),
        "  c02  min error: sample 82.50 %, full 84.00 %, deviation \u{2212}1.50\n  \
           c02  median error: sample 87.50 %, full 87.50 %, deviation 0.00\n"
    );
    assert!(shown("min error \u{2212}1.00 %; median error 0.00 %").contains("deviation +83.50"));
    let nothing = json!([{ "id": "c02", "ours": null, "verdict": "not run: needs vgg15" }]);
    assert_eq!(deviations(&claims, &found, &full(nothing)).unwrap(), "");
}

#[test]
fn a_full_run_is_not_compared_with_a_full_run() {
    let mut record = vgg();
    record.key.images[0].sample = false;
    let (claims, found) = judged(record);
    let rows = json!([{ "id": "c02", "ours": "min error 84.00 %; median error 87.50 %", "verdict": "not" }]);
    assert_eq!(deviations(&claims, &found, &full(rows)).unwrap(), "");
}

#[test]
fn what_is_not_a_full_run_of_this_version_is_an_error_that_says_why() {
    let (claims, found) = judged(vgg());
    for ours in [
        "min error 84.00 %",
        "min error 84.00 %; mean error 3.00 %",
        "x; y",
        "min error 1.00 points; median error 1.00 points",
    ] {
        let rows = json!([{ "id": "c02", "ours": ours, "verdict": "not" }]);
        let message = deviations(&claims, &found, &full(rows)).unwrap_err().to_string();
        assert!(message.contains(&format!("c02 is stated as {ours:?}")), "{message}");
    }
    for (text, expected) in [
        ("", "not a list of claims"),
        ("{}", "not a list of claims"),
        (r#"[{"id": "c02"}]"#, "not a list of claims"),
        (
            r#"[{"id": "c02", "ours": null, "verdict": "not, preview n=2000"}]"#,
            "expected a full run",
        ),
    ] {
        let message = FullRun::parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}
