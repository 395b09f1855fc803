//! Dry runs: what they say, and that they leave nothing behind.

use serde_json::json;

use crate::bench::{Bench, json as result, names_in, printed, shipped_record, unravel};

const FEW: [&str; 4] = ["--data", "sample", "--images", "4"];

#[test]
fn a_dry_run_tells_plans_multiplications_and_time_and_writes_nothing() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let out = bench.path("out");
    let args = ["lesion", "delete-one", "resnet8", "--weights", &weights, "--dry-run"];
    let args = [&args[..], &["--out", out.to_str().unwrap()], &FEW].concat();
    let text = printed(&args);
    for part in [
        "delete-one: resnet8 (resnet8.safetensors) on 4 images of cifar10-sample-test-first-4",
        "plans: 4\n  intact\n  delete 0\n  delete 1\n  delete 2\n",
        "times fewer",
        "expected time: ",
        "nothing was run, nothing written",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }

    let told = result(&[&args[..], &["--json"]].concat());
    assert_eq!(told["experiment"], "delete-one");
    assert_eq!(
        (&told["plans"], &told["distinct"], &told["images"]),
        (&json!(4), &json!(4), &json!(4))
    );
    assert_eq!(told["listed"], json!(["intact", "delete 0", "delete 1", "delete 2"]));
    // Stem and head of every plan, the branches that it keeps, and projections always.
    let network = result(&["models", "resnet8", "--json"]);
    let whole = network["macs"].as_u64().unwrap();
    let macs = |unit: usize| network["units"][unit]["macs"].as_u64().unwrap();
    let projections = 16 * 32 * 256 + 32 * 64 * 64;
    let branches = macs(0) + macs(1) + macs(2) - projections;
    assert_eq!(told["macs_one_by_one"], 4 * (4 * whole - branches));
    let shared = told["macs"].as_u64().unwrap();
    assert_eq!(told["ratio"], (4 * (4 * whole - branches)) as f64 / shared as f64);
    let seconds = shared as f64 / told["macs_per_second"].as_f64().unwrap();
    // Durations are counted in nanoseconds.
    assert!((told["expected_seconds"].as_f64().unwrap() - seconds).abs() < 1e-8);

    assert_eq!(names_in(bench.path("").as_path()), ["resnet8.safetensors"]);
}

#[test]
fn long_lists_of_plans_are_cut_and_counted_in_text_but_whole_in_json() {
    let bench = Bench::new();
    let weights = bench.weights("resnet44");
    let args = ["lesion", "delete-one", "resnet44", "--weights", &weights, "--dry-run"];
    let args = [&args[..], &["--data", "sample", "--images", "1"]].concat();
    let text = printed(&args);
    assert!(text.contains("plans: 22\n"), "{text}");
    assert!(text.contains("  delete 10\n  and 10 more\n"), "{text}");
    let told = result(&[&args[..], &["--json"]].concat());
    assert_eq!(told["listed"].as_array().unwrap().len(), 22);
}

#[test]
fn reproduce_tells_which_records_are_up_to_date() {
    let bench = Bench::new();
    let out = bench.path("out");
    let args = ["reproduce", "--dry-run", "--only", "fig3", "--out", out.to_str().unwrap()];
    let fresh = printed(&args);
    for part in [
        "fig3\n  delete-one-resnet110-sample-first-1000: to compute, 55 plans, ",
        "  delete-one-vgg15-sample-first-1000: to compute, 14 plans, ",
        "in all: 2 to compute, ",
        "nothing was run, nothing written",
    ] {
        assert!(fresh.contains(part), "{part:?} is not in: {fresh}");
    }
    assert!(names_in(bench.path("").as_path()).is_empty(), "a dry run makes no folder");

    // A record of other images, and a file that is not a record, answer nothing.
    let records = out.join("records");
    std::fs::create_dir_all(&records).unwrap();
    std::fs::write(records.join("delete-one-resnet110-sample-first-1000.json"), "{}").unwrap();
    let kept =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/report/records/delete-one-vgg15.json");
    std::fs::copy(kept, records.join("delete-one-vgg15-sample-first-1000.json")).unwrap();
    assert!(printed(&args).contains("in all: 2 to compute, "));
    assert_eq!(
        std::fs::read(records.join("delete-one-resnet110-sample-first-1000.json")).unwrap(),
        b"{}"
    );

    // A record that answers the question stays.
    shipped_record("resnet110").save(&records).unwrap();
    let told = printed(&[&args[..2], &["--only", "fig3,fig3"], &args[4..]].concat());
    assert!(
        told.starts_with("fig3\n  delete-one-resnet110-sample-first-1000: up to date\n"),
        "{told}"
    );
    assert!(told.contains("in all: 1 to compute, ") && told.matches("fig3").count() == 1, "{told}");
}

/// They share no work, so that all of the sample would take too long. A record from before
/// there were options answers nothing.
#[test]
fn lesions_with_statistics_of_their_own_are_tried_on_fewer_images_in_a_preview() {
    let bench = Bench::new();
    let out = bench.path("out");
    let records = out.join("records");
    let mut old: serde_json::Value =
        serde_json::to_value(shipped_record("resnet110")).expect("a record is plain data");
    old["key"]["options"] = json!({});
    std::fs::create_dir_all(&records).unwrap();
    let path = records.join("delete-one-resnet110-sample-first-1000.json");
    std::fs::write(path, old.to_string()).unwrap();
    let args = ["reproduce", "--only", "fig3-skip", "--dry-run", "--out", out.to_str().unwrap()];
    let output = unravel(&args);
    let told = String::from_utf8(output.stdout).unwrap();
    for part in [
        "fig3-skip\n  delete-one-resnet110-sample-first-1000: to compute, 55 plans, ",
        "  delete-one-resnet110-sample-first-1000-termskip: to compute, 55 plans, ",
        "  delete-one-resnet110-sample-first-200-training-first-256-statisticsreestimated: to compute, 55 plans, ",
        "  delete-one-resnet110-sample-first-200-training-first-256-termskip-statisticsreestimated: ",
        "in all: 4 to compute, ",
    ] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(why.contains("of an older version; run the experiment again to replace it"), "{why}");
}
