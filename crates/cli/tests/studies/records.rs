//! `lesion --out`: one record never replaces another.

use std::path::Path;

use crate::bench::{Bench, names_in, printed, refusal, state};

/// The arguments of a small sweep whose record goes to `out`.
fn sweep<'a>(weights: &'a str, out: &'a str) -> Vec<&'a str> {
    let network = ["lesion", "delete-one", "resnet8", "--weights", weights];
    [&network[..], &["--data", "sample", "--images", "2", "--out", out]].concat()
}

fn records(out: &Path) -> Vec<String> {
    let mut names = names_in(out);
    names.retain(|name| !name.ends_with(".run.json"));
    names
}

#[test]
fn two_networks_of_one_name_have_two_records() {
    let bench = Bench::new();
    let out = bench.path("records");
    for (folder, change) in [("one", 0), ("two", 1)] {
        std::fs::create_dir(bench.path(folder)).unwrap();
        let mut bytes = state("resnet8");
        *bytes.last_mut().unwrap() ^= change;
        let weights = bench.file(&format!("{folder}/final.safetensors"), &bytes);
        printed(&sweep(&weights, out.to_str().unwrap()));
    }
    assert_eq!(records(&out).len(), 2, "{:?}", names_in(&out));
}

#[test]
fn a_record_of_another_question_is_not_replaced() {
    let bench = Bench::new();
    let (weights, out) = (bench.weights("resnet8"), bench.path("records"));
    let args = sweep(&weights, out.to_str().unwrap());
    printed(&args);
    let [name] = &records(&out)[..] else { panic!("one record") };
    let path = out.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    // The same question again is welcome.
    printed(&args);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    for (from, to, what) in [
        ("\"version\": 2", "\"version\": 1", "another question (version is 1 instead of 2)"),
        ("\"schema\"", "\"scheme\"", "not a record that this program reads"),
    ] {
        assert!(text.contains(from));
        let other = text.replace(from, to);
        std::fs::write(&path, &other).unwrap();
        let message = refusal(&args);
        for part in ["--out", name, "is there already", what, "not replaced"] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
    }
}
