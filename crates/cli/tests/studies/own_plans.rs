//! `lesion plans`: a list of plans of one's own, and options in general.

use serde_json::json;

use crate::bench::{Bench, json as result, printed, refusal};

const FEW: [&str; 4] = ["--data", "sample", "--images", "32"];

#[test]
fn each_plan_of_a_list_gets_the_score_that_eval_gives_it() {
    let bench = Bench::new();
    let weights = bench.weights("resnet14");
    let deletions = ["0", "1,4", "5"];
    let eval = |ids: &str| {
        let args = ["eval", "resnet14", "--weights", &weights, "--json", "--delete", ids];
        result(&[&args[..], &FEW].concat())
    };
    let alone = deletions.map(eval);
    let lines: String = alone.iter().map(|answer| format!("{}\n", answer["plan"])).collect();
    let file = bench.file("plans.jsonl", lines.as_bytes());
    let args = ["lesion", "plans", "resnet14", "--weights", &weights, "--plans", &file];
    let args = [&args[..], &FEW].concat();
    let answer = result(&[&args[..], &["--json"]].concat());
    let scores = answer["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 3);
    for (score, alone) in scores.iter().zip(&alone) {
        assert_eq!(score["wrong"], alone["wrong"]);
        assert_eq!(score["cross_entropy"], alone["cross_entropy"]);
    }
    let dry = printed(&[&args[..], &["--dry-run"]].concat());
    assert!(dry.contains("plans: 3\n  delete 0\n  delete 1, 4\n  delete 5\n"), "{dry}");
}

#[test]
fn lists_that_are_not_plans_of_the_network_are_refused_by_line() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let plan = json!({ "order": [0, 1, 2], "routes": ["both", "skip", "both"] }).to_string();
    let other = json!({ "order": [0, 1], "routes": ["both", "both"] }).to_string();
    let cases = [
        (format!("{plan}\n{{"), "line 2"),
        (format!("{plan}\n{other}\n"), "for 2 units, but resnet8 has 3"),
        (String::new(), "at least one plan"),
    ];
    for (text, expected) in cases {
        let file = bench.file("plans.jsonl", text.as_bytes());
        let args = ["lesion", "plans", "resnet8", "--weights", &weights, "--plans", &file];
        let message = refusal(&[&args[..], &FEW].concat());
        assert!(message.contains(expected), "{expected:?} is not in: {message}");
    }
    let args = ["lesion", "plans", "resnet8", "--weights", &weights, "--plans", "no-such-file"];
    let message = refusal(&[&args[..], &FEW].concat());
    assert!(message.contains("--plans") && message.contains("no-such-file"), "{message}");
}

#[test]
fn an_option_of_another_experiment_is_refused() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let args = ["lesion", "delete-one", "resnet8", "--weights", &weights, "--plans", "x"];
    let message = refusal(&[&args[..], &FEW].concat());
    assert!(message.contains("--plans: delete-one has no such option; plans has"), "{message}");
}
