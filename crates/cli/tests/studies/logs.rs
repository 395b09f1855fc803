//! Training logs are read by `lesion training-log`, and nothing else is given to it.

use crate::bench::{Bench, printed, refusal};

const EPOCH: &str = r#"{"epoch":1,"rate":0.1,"train_loss":1.5,"train_error":0.6,"test_error":0.5}"#;

#[test]
fn a_log_is_found_by_name_or_by_file() {
    let shipped = printed(&["lesion", "training-log", "--log", "resnet20", "--json"]);
    let shipped: serde_json::Value = serde_json::from_str(&shipped).unwrap();
    assert_eq!(shipped["epochs"].as_array().unwrap().len(), 40);
    let bench = Bench::new();
    let file = bench.file("mine.jsonl", EPOCH.as_bytes());
    let mine = printed(&["lesion", "training-log", "--log", &file]);
    assert!(mine.starts_with("training-log: mine, 1 epoch\n"), "{mine}");
    let planned = printed(&["lesion", "training-log", "--log", &file, "--dry-run"]);
    assert!(planned.starts_with("training-log: mine, epochs: 1\n"), "{planned}");
}

#[test]
fn what_a_log_does_not_go_with_is_refused() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let log = ["--log", "resnet20"];
    let cases: [(&[&str], &str); 8] = [
        (&["training-log"], "which log? unravel lesion training-log --log FILE|NAME"),
        (&["training-log", "resnet20"], "which log?"),
        (&["training-log", "--log", "resnet9"], "--log resnet9: there is neither a file"),
        (&["training-log", "--log", &weights], "resnet8.safetensors: "),
        (&["training-log", "resnet20", "--log", "resnet20"], "studies no network, but 1 are given"),
        (
            &["training-log", "--log", "resnet20", "--data", "sample"],
            "--data: training-log uses no images",
        ),
        (&["delete-one"], "which network? unravel lesion delete-one MODEL"),
        (&["delete-one", "resnet20", log[0], log[1]], "--log: delete-one does not read a log"),
    ];
    for (args, expected) in cases {
        let message = refusal(&[&["lesion"], args].concat());
        assert!(message.contains(expected), "{args:?}: {message}");
    }
}
