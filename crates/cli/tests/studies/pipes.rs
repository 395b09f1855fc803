//! Readers that go away, and output that is full: nothing panics, and no work is lost.

use std::process::{Command, Output, Stdio};

use crate::bench::{Bench, names_in, program};

/// The end of a pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// Commands that print a result of each kind. The weights that ship state their conventions,
/// so there is nothing to note about them.
fn printing() -> Vec<Vec<&'static str>> {
    let sample = ["--data", "sample", "--images", "2"];
    let network = ["resnet20"];
    vec![
        vec!["--help"],
        vec!["--version"],
        vec!["eval", "--help"],
        vec!["models"],
        vec!["models", "--json"],
        vec!["models", "resnet8"],
        [&["eval"][..], &network, &sample].concat(),
        [&["eval"][..], &network, &sample, &["--json"]].concat(),
        [&["eval", "--try-conventions"][..], &network, &sample].concat(),
        [&["eval", "--try-conventions", "--json"][..], &network, &sample].concat(),
        [&["lesion", "delete-one"][..], &network, &sample].concat(),
        [&["lesion", "delete-one"][..], &network, &sample, &["--json"]].concat(),
        [&["lesion", "delete-one"][..], &network, &sample, &["--dry-run"]].concat(),
        [&["lesion", "delete-one"][..], &network, &sample, &["--dry-run", "--json"]].concat(),
    ]
}

#[test]
fn a_reader_that_goes_away_ends_a_printing_command_quietly() {
    for args in printing() {
        let mut command = program(&args);
        command.stdout(unread()).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", told(&output));
        assert_eq!(told(&output), "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_output_is_an_error() {
    for args in printing() {
        let full = std::fs::File::create("/dev/full").unwrap();
        let mut command = program(&args);
        command.stdout(full).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let told = told(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        assert!(told.starts_with("error: cannot write to standard output: "), "{args:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{args:?}: {told}");
    }
}

#[test]
fn a_training_needs_no_reader() {
    let bench = Bench::new();
    let out = bench.path("run");
    let args = ["train", "resnet8", "--data", "sample", "--epochs", "1", "--out"];
    let mut command = program(&args);
    command.arg(&out).stdout(unread()).stderr(unread());
    assert_eq!(command.status().unwrap().code(), Some(0));
    assert_eq!(names_in(&out), ["checkpoint.safetensors", "final.safetensors", "log.jsonl"]);
}

#[test]
fn a_sweep_whose_reader_goes_away_still_saves_its_record() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let out = bench.path("records");
    let args = ["lesion", "delete-one", "resnet8", "--weights", &weights, "--data", "sample"];
    let mut command = program(&args);
    command.args(["--images", "2", "--out"]).arg(&out);
    command.stdout(unread()).stderr(unread());
    assert_eq!(command.status().unwrap().code(), Some(0));
    assert_eq!(names_in(&out).len(), 2);
}

/// A folder where a record belongs stands for a full disk: it can be told before the run by
/// neither.
#[test]
fn a_record_that_cannot_be_saved_is_printed_first() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let out = bench.path("records");
    let args = ["lesion", "delete-one", "resnet8", "--weights", &weights, "--data", "sample"];
    let save = || {
        let mut command = program(&args);
        command.args(["--images", "2", "--json", "--out"]).arg(&out);
        run(command)
    };
    let saved = save();
    assert!(saved.status.success(), "{}", told(&saved));
    for name in names_in(&out).iter().filter(|name| name.ends_with(".run.json")) {
        std::fs::remove_file(out.join(name)).unwrap();
        std::fs::create_dir(out.join(name)).unwrap();
    }
    let failed = save();
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(failed.stdout, saved.stdout);
    assert!(told(&failed).contains("error: --out: cannot write"), "{}", told(&failed));
}
