//! Weights of other programs, through the commands.

use models::{Arch, Metadata, Normalisation};
use serde_json::Value;
use tensor::Tensor;

use crate::bench::{Bench, refusal, unravel};

const FIRST: [&str; 4] = ["--data", "sample", "--images", "20"];

/// What a run that succeeds prints, and what it tells on standard error.
fn run(args: &[&str]) -> (String, String) {
    let output = unravel(&[args, &FIRST].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, told) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{args:?}: {told}");
    (out, told)
}

fn line<'a>(told: &'a str, start: &str) -> &'a str {
    let found = told.lines().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no line begins with {start:?}: {told}"))
}

/// The checkpoint that `fixtures/weights.py` made with PyTorch.
fn checkpoint() -> String {
    format!("{}/../../fixtures/weights/resnet8-projection.pth", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_is_changed_and_assumed_is_said_on_a_line_each() {
    let weights = checkpoint();
    for command in [&["eval", "resnet8-v1"][..], &["lesion", "delete-one", "resnet8-v1"]] {
        let (_, told) = run(&[command, &["--weights", &weights]].concat());
        let changes = line(&told, "weights resnet8-projection.pth: ");
        for part in ["took state_dict", "renamed fc -> linear", "from float16"] {
            assert!(changes.contains(part), "{changes}");
        }
        assert_eq!(
            line(&told, "conventions of resnet8-projection.pth: "),
            "conventions of resnet8-projection.pth: assumed normalisation imagenet, batch-norm \
             eps 1e-5, channels red, green, blue, classes in the order of CIFAR-10"
        );
        // Its weights are noise.
        let warning = line(&told, "warning: resnet8-projection.pth: the intact network errs on ");
        assert!(warning.contains("--try-conventions"), "{warning}");
    }
}

#[test]
fn conventions_are_chosen_and_change_the_answer_and_its_key() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8-v1");
    let eval = |more: &[&str]| {
        let args = [&["eval", "resnet8-v1", "--weights", &weights, "--json"], more].concat();
        let (out, told) = run(&args);
        let json: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        (json["cross_entropy"].as_f64().unwrap(), line(&told, "conventions of ").to_owned())
    };
    let (assumed, said) = eval(&[]);
    assert!(said.contains("assumed normalisation imagenet, shortcut pad-around,"), "{said}");
    let (same, said) = eval(&["--normalisation", "0.485,0.456,0.406/0.229,0.224,0.225"]);
    assert_eq!(same, assumed);
    assert!(said.contains(": given normalisation imagenet; assumed shortcut pad-ar"), "{said}");
    let (cifar, _) = eval(&["--normalisation", "cifar10"]);
    let (after, said) = eval(&["--shortcut", "pad-after"]);
    assert!(said.contains("given shortcut pad-after; assumed normalisation imag"), "{said}");
    assert!(cifar != assumed && after != assumed && after != cifar);

    let out = bench.path("records");
    let args = ["lesion", "delete-one", "resnet8-v1", "--weights", &weights, "--out"];
    run(&[&args[..], &[out.to_str().unwrap(), "--shortcut", "pad-after"]].concat());
    let record = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
    let record = record.into_iter().find(|path| !path.to_str().unwrap().contains(".run."));
    let record: Value = serde_json::from_slice(&std::fs::read(record.unwrap()).unwrap()).unwrap();
    let network = &record["key"]["networks"][0];
    assert_eq!(network["model"]["name"], "resnet8-v1-pad-after");
    assert_eq!(network["conventions"]["assumed"][0], "normalisation imagenet");

    let refused = |args: &[&str]| refusal(&[args, &["--weights", &weights], &FIRST].concat());
    let message = refused(&["eval", "resnet8-v1", "--normalisation", "cifar"]);
    assert!(message.contains("known are cifar10, imagenet, and means"), "{message}");
    let message = refused(&["eval", "resnet8-v1", "--shortcut", "pad"]);
    assert!(message.contains("known are pad-around, pad-after and projection"), "{message}");
    let message = refused(&["eval", "resnet8", "--shortcut", "pad-after"]);
    assert!(message.contains("resnet8 does not come with the shortcut pad-after"), "{message}");
}

#[test]
fn all_conventions_are_tried_and_ranked() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8-v1");
    let args = ["eval", "resnet8-v1", "--weights", &weights, "--try-conventions"];
    let (out, _) = run(&[&args[..], &["--json"]].concat());
    let ranking: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!((&ranking["model"], &ranking["images"]), (&"resnet8-v1".into(), &20.into()));
    let tried = ranking["tried"].as_array().unwrap();
    assert_eq!(tried.len(), 10, "five normalisations, two paddings");
    let number = |tried: &Value, field: &str| tried[field].as_f64().unwrap();
    assert!(tried.is_sorted_by(|a, b| number(a, "wrong") <= number(b, "wrong")));
    for one in tried {
        let choice = [
            ["--normalisation", one["normalisation"].as_str().unwrap()],
            ["--shortcut", one["shortcut"].as_str().unwrap()],
        ];
        let eval = ["eval", "resnet8-v1", "--weights", &weights, "--json"];
        let (out, _) = run(&[&eval[..], &choice.concat()].concat());
        let alone: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(number(&alone, "cross_entropy"), number(one, "cross_entropy"), "{one}");
    }
    let (table, _) = run(&args);
    assert_eq!(table.lines().count(), 12, "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("* "), "the best one is marked: {table}");
    // A projection shows in the file.
    let args = ["eval", "resnet8-v1", "--weights", &checkpoint(), "--try-conventions", "--json"];
    let ranking: Value = serde_json::from_str(run(&args).0.trim()).unwrap();
    assert_eq!(ranking["tried"].as_array().unwrap().len(), 5);
}

#[test]
fn weights_that_state_everything_are_used_without_a_word() {
    let bench = Bench::new();
    let mut state = Arch::parse("resnet8").unwrap().build::<f32>(1).params.to_state();
    let metadata = Metadata {
        model: "resnet8".into(),
        recipe: "one-cycle".into(),
        peak_rate: None,
        epochs: 1,
        of_epochs: None,
        seed: 1,
        test_error: Some(0.9),
        normalisation: Normalisation::CIFAR10,
        branch_scale: vec![1.0; 3],
        paths: None,
        backward: None,
        program: "0.1.0".into(),
    };
    state.metadata = Some(serde_json::to_string(&metadata).unwrap());
    let weights = bench.file("own.safetensors", &state.to_bytes());
    let eval = ["eval", "resnet8", "--weights", &weights];
    let (_, told) = run(&eval);
    assert!(!told.contains("conventions") && !told.contains("warning"), "{told}");
    let (_, told) = run(&[&eval[..], &["--normalisation", "imagenet"]].concat());
    assert!(told.contains("conventions of own.safetensors: given normalisation imag"), "{told}");
}

#[test]
fn other_classes_than_the_images_have_are_refused() {
    let bench = Bench::new();
    let mut hundred = Arch::parse("resnet8").unwrap().build::<f32>(1).params.to_state();
    hundred.tensors.insert("linear.weight".into(), Tensor::zeros([100, 64]));
    hundred.tensors.insert("linear.bias".into(), Tensor::zeros([100]));
    let weights = bench.file("hundred.safetensors", &hundred.to_bytes());
    for command in [&["eval", "resnet8"][..], &["lesion", "delete-one", "resnet8"]] {
        let message = refusal(&[command, &["--weights", &weights], &FIRST].concat());
        assert!(message.contains("hundred knows 100 classes, but cifar10"), "{message}");
    }
}

#[test]
fn files_that_are_something_else_are_named() {
    let bench = Bench::new();
    let page = bench.file("resnet20.th", b"<!DOCTYPE html>\n<html><title>GitHub</title>");
    let message = refusal(&["eval", "resnet20-v1", "--weights", &page]);
    assert!(message.contains("resnet20.th") && message.contains("an HTML page"), "{message}");
    let folder = bench.path("");
    let message = refusal(&["eval", "resnet20-v1", "--weights", folder.to_str().unwrap()]);
    assert!(message.contains("is a folder; name the file"), "{message}");
}
