//! What the commands answer.

use serde_json::{Value, json};

use crate::bench::{Bench, foreign_record, json as result, names_in, printed, program};

const FEW: [&str; 4] = ["--data", "sample", "--images", "32"];

fn lesion(weights: &str, model: &str, more: &[&str]) -> Vec<String> {
    owned(&[&["lesion", "delete-one", model, "--weights", weights], &FEW[..], more].concat())
}

fn eval(weights: &str, model: &str, more: &[&str]) -> Vec<String> {
    owned(&[&["eval", model, "--weights", weights, "--json"], &FEW[..], more].concat())
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|&arg| arg.to_owned()).collect()
}

fn run<R>(f: fn(&[&str]) -> R, args: &[String]) -> R {
    f(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn delete_one_and_eval_give_the_same_numbers() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let swept = run(result, &lesion(&weights, "resnet8", &["--json"]));
    assert_eq!(swept["images"], 32);
    assert_eq!(swept["names"], json!(["layer1.0", "layer2.0", "layer3.0"]));
    assert_eq!(swept["deletable"], json!([true, true, true]));
    let intact = run(result, &eval(&weights, "resnet8", &[]));
    assert_eq!(intact["wrong"], swept["intact_wrong"]);
    assert_eq!(intact["cross_entropy"], swept["intact_cross_entropy"]);
    assert_eq!(intact["error"], intact["wrong"].as_f64().unwrap() / 32.0);
    for unit in 0..3 {
        let deleted = run(result, &eval(&weights, "resnet8", &["--delete", &unit.to_string()]));
        assert_eq!(deleted["wrong"], swept["deleted_wrong"][unit]);
        assert_eq!(deleted["cross_entropy"], swept["deleted_cross_entropy"][unit]);
    }
}

#[test]
fn a_unit_that_cannot_be_deleted_is_null() {
    let bench = Bench::new();
    let weights = bench.weights("vgg15-nobn");
    let args = ["lesion", "delete-one", "vgg15-nobn", "--weights", &weights, "--json"];
    let swept = result(&[&args[..], &["--data", "sample", "--images", "1"]].concat());
    for list in ["deleted_wrong", "deleted_cross_entropy"] {
        let entries = swept[list].as_array().unwrap();
        assert_eq!(entries.len(), 14, "{list}");
        assert!(entries[0].is_null() && entries[1..].iter().all(Value::is_number), "{list}");
    }
    assert_eq!(swept["deletable"][0], false);
}

#[test]
fn the_result_is_the_last_line_and_alone_on_standard_output() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let told = run(printed, &lesion(&weights, "resnet8", &["--json"]));
    assert_eq!(told.lines().count(), 1, "{told}");
    let table = run(printed, &lesion(&weights, "resnet8", &[]));
    for part in ["32 images of cifar10-test", "   1  layer2.0       boundary", "intact: "] {
        assert!(table.contains(part), "{table}");
    }
}

#[test]
fn records_have_the_same_bytes_for_any_number_of_threads() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let records = ["1", "2"].map(|threads| {
        let out = bench.path(threads);
        let more = ["--threads", threads, "--out", out.to_str().unwrap()];
        run(printed, &lesion(&weights, "resnet8", &more));
        let name = foreign_record(&weights, "delete-one-resnet8", "sample-first-32");
        assert_eq!(names_in(&out), [format!("{name}.json"), format!("{name}.run.json")]);
        let run = record::RunInfo::load(&out.join(format!("{name}.run.json"))).unwrap();
        assert_eq!(run.threads.to_string(), threads);
        std::fs::read(out.join(format!("{name}.json"))).unwrap()
    });
    assert!(records[0] == records[1]);
}

/// The command that the page prints repeats a record of `reproduce`.
#[test]
fn a_preview_takes_fewer_images_where_statistics_are_re_estimated_and_says_how_many() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let out = bench.path("out");
    let record = |more: &[&str], images: &str| {
        let name = foreign_record(&weights, "delete-one-resnet8", images);
        let more = [&["--statistics", "reestimated", "--out", out.to_str().unwrap()], more];
        run(printed, &lesion(&weights, "resnet8", &more.concat()));
        record::Record::load(&out.join(format!("{name}-statisticsreestimated.json"))).unwrap()
    };
    let images = |record: &record::Record| -> Vec<usize> {
        record.key.images.iter().map(|images| images.images).collect()
    };
    let preview = record(&[], "sample-first-32-training-first-256");
    assert_eq!(images(&preview), [32, 2 * 128]);
    assert_eq!(preview.answer::<record::DeleteOne>().unwrap().batches, Some(2));
    let full = record(&["--preset", "full"], "sample-first-32");
    assert_eq!(images(&full), [32, 1_000]);
    assert_eq!(full.answer::<record::DeleteOne>().unwrap().batches, Some(7));
}

#[test]
fn a_printed_plan_can_be_given_back() {
    let bench = Bench::new();
    let weights = bench.weights("resnet14");
    let first = run(result, &eval(&weights, "resnet14", &["--delete", "1,4"]));
    let routes = json!(["both", "skip", "both", "both", "skip", "both"]);
    assert_eq!(first["plan"], json!({ "order": [0, 1, 2, 3, 4, 5], "routes": routes }));
    // The only branch of a unit is all that a deletion takes.
    let by_branch = run(result, &eval(&weights, "resnet14", &["--delete", "1.0,4"]));
    assert_eq!(by_branch, first);
    let plan = bench.file("plan.json", first["plan"].to_string().as_bytes());
    let second = run(result, &eval(&weights, "resnet14", &["--plan", &plan]));
    assert_eq!(first, second);
    // Editors leave a byte order mark and line ends of their own.
    let text = format!("\u{feff}{}\r\n", first["plan"].to_string().replace(',', ",\r\n"));
    let plan = bench.file("plan.json", text.as_bytes());
    assert_eq!(run(result, &eval(&weights, "resnet14", &["--plan", &plan])), first);
    // Standard input is a file too.
    let args = eval(&weights, "resnet14", &["--plan", "-"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = program(&args).stdin(std::fs::File::open(&plan).unwrap()).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), first);
}

#[test]
fn units_are_deleted_by_name_and_in_ranges_too() {
    let bench = Bench::new();
    let weights = bench.weights("resnet14");
    let delete = |units: &str| run(result, &eval(&weights, "resnet14", &["--delete", units]));
    let expected = delete("1,2,3,5");
    assert_eq!(delete("1-3,layer3.1"), expected);
    assert_eq!(delete("layer1.1-layer2.1,5.0"), expected);
    assert_ne!(delete("1-3"), expected);
}

/// The intact error is that of a run of its own, and the change is paired image by image.
#[test]
fn a_lesion_is_compared_with_the_intact_network() {
    let bench = Bench::new();
    let weights = bench.weights("resnet14");
    let intact = run(result, &eval(&weights, "resnet14", &[]));
    assert_eq!((&intact["intact"], &intact["change"]), (&Value::Null, &Value::Null));
    for more in [&["--delete", "1"][..], &["--recalibrate", "1"]] {
        let found = run(result, &eval(&weights, "resnet14", more));
        for field in ["wrong", "error", "interval", "cross_entropy"] {
            assert_eq!(found["intact"][field], intact[field], "{field}");
        }
        let change = &found["change"];
        let count = |field: &str| change[field].as_i64().unwrap();
        let wrong = |result: &Value| result["wrong"].as_i64().unwrap();
        let more_wrong = wrong(&found) - wrong(&intact);
        assert_eq!(count("newly_wrong") - count("newly_right"), more_wrong);
        assert_eq!(change["error"], json!(more_wrong as f64 / 32.0));
        assert!(change["p"].as_f64().unwrap() <= 1.0);
        let [low, high] = ["low", "high"].map(|end| change["interval"][end].as_f64().unwrap());
        assert!(low <= more_wrong as f64 / 32.0 && more_wrong as f64 / 32.0 <= high);
    }
}

#[test]
fn swaps_change_the_order_one_after_the_other() {
    let bench = Bench::new();
    let weights = bench.weights("resnet20");
    let swapped = run(result, &eval(&weights, "resnet20", &["--swap", "0:1,1:2"]));
    assert_eq!(swapped["plan"]["order"], json!([2, 0, 1, 3, 4, 5, 6, 7, 8]));
    let intact = run(result, &eval(&weights, "resnet20", &[]));
    assert_ne!(swapped["cross_entropy"], intact["cross_entropy"]);
}

#[test]
fn recalibration_uses_training_images_and_changes_the_result() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let [none, one, two] = [&[][..], &["--recalibrate", "1"], &["--recalibrate", "2"]]
        .map(|more| run(result, &eval(&weights, "resnet8", more)));
    assert_eq!(
        [&none, &one, &two].map(|r| &r["recalibrated"]),
        [&json!(null), &json!(1), &json!(2)]
    );
    assert_ne!(none["cross_entropy"], one["cross_entropy"]);
    assert_ne!(one["cross_entropy"], two["cross_entropy"]);
}

#[test]
fn the_list_of_models_has_their_units_and_costs() {
    let networks = result(&["models", "--json"]);
    let find = |name: &str| {
        networks.as_array().unwrap().iter().find(|network| network["name"] == name).unwrap().clone()
    };
    assert_eq!(find("resnet20-v1")["parameters"], 269_722);
    assert_eq!(find("resnet110")["unit_count"], 54);

    let deep = result(&["models", "resnet110", "--json"]);
    let units = deep["units"].as_array().unwrap();
    let boundaries = units.iter().filter(|unit| unit["boundary"] == true);
    assert_eq!(boundaries.map(|unit| &unit["index"]).collect::<Vec<_>>(), [18, 36]);
    assert_eq!(units[18]["input"], json!([32, 32, 16]));
    assert_eq!(units[18]["output"], json!([16, 16, 32]));

    let few = result(&["models", "resnet?0", "--json"]);
    let names: Vec<_> = few.as_array().unwrap().iter().map(|network| &network["name"]).collect();
    assert_eq!(names, ["resnet20"]);
    assert_eq!(few[0]["trained"][0], few[0]["weights"][0]["name"]);
    assert!(few[0]["weights"][0]["test_error"].as_f64().unwrap() < 0.2);
    let told = printed(&["models", "resnet20"]);
    assert!(told.contains("trained: resnet20 (") && told.contains("test error"), "{told}");

    assert!(printed(&["models"]).contains("vgg15-nobn"));
    assert!(printed(&["models", "vgg15"]).contains("cannot be deleted"));
}
