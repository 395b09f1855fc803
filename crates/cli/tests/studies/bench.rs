//! What the tests share: a folder with untrained weights, and the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use data::Split;
use lesion::{Catalogue, Inputs, Question, experiment};
use models::Arch;
use record::{DeleteOne, Record, UnitDeletion};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::made_up;

/// A folder with weights files.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes weights of the untrained network and returns their path.
    pub(crate) fn weights(&self, model: &str) -> String {
        self.file(&format!("{model}.safetensors"), &state(model))
    }
}

/// The bytes of the untrained network's weights.
pub(crate) fn state(model: &str) -> Vec<u8> {
    Arch::parse(model).unwrap().build::<f32>(1).params.to_state().to_bytes()
}

/// The program, ready to run, with a state folder apart from the user's.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unravel"));
    command.args(args).env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

pub(crate) fn unravel(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// The standard output of a run that succeeds.
pub(crate) fn printed(args: &[&str]) -> String {
    let output = unravel(args);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

/// The result on the last line of a run that succeeds.
pub(crate) fn json(args: &[&str]) -> Value {
    serde_json::from_str(printed(args).lines().last().unwrap()).unwrap()
}

/// The message of a run that fails, and prints nothing else.
pub(crate) fn refusal(args: &[&str]) -> String {
    let output = unravel(args);
    assert!(!output.status.success(), "{args:?} succeeds");
    assert!(output.stdout.is_empty(), "{args:?} prints a result");
    String::from_utf8(output.stderr).unwrap()
}

/// The name of a record about the weights in a file.
pub(crate) fn foreign_record(weights: &str, front: &str, back: &str) -> String {
    let sum = record::sha256_hex(&std::fs::read(weights).unwrap());
    format!("{front}-{}-{back}", &sum[..8])
}

/// The names in a folder, sorted.
pub(crate) fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A record about shipped weights and images, with made-up numbers.
pub(crate) fn shipped_record(network: &str) -> Record {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let subject = Catalogue::load(&data.join("weights")).unwrap().subject(network).unwrap();
    // As many as a preview takes.
    let images = data::load_sample(&data, Split::Test).unwrap().take_first(1000).unwrap();
    let intact = made_up::score(images.len(), 100);
    let units = subject.model.units.iter().enumerate().map(|(index, unit)| UnitDeletion {
        index,
        name: unit.name.clone(),
        stage: unit.stage,
        boundary: unit.is_boundary(),
        deleted: unit.is_deletable().then(|| intact.clone()),
    });
    let answer = DeleteOne {
        images: images.len(),
        batches: None,
        intact: intact.clone(),
        units: units.collect(),
    };
    let inputs = Inputs { networks: vec![subject], test: Some(images), ..Inputs::default() };
    let experiment = experiment::named("delete-one").unwrap();
    let question = Question::new(experiment, json!({}), inputs).unwrap();
    Record::new(question.record_name(), question.key().clone(), &answer).unwrap()
}
