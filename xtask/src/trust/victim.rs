//! What is killed, and what must be left of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lesion::Subject;
use models::Arch;
use record::{EpochLog, Record};

use super::server::Server;
use super::{own, text};

/// Makes the process that writes to the first folder and keeps its pieces in the second.
type Make = Box<dyn Fn(&Path, &Path) -> Result<Command>>;

/// A kind of process.
pub(super) struct Victim {
    pub(super) what: &'static str,
    pub(super) command: Make,
    /// How many results the folder holds; an error if one of them cannot be read.
    pub(super) kept: fn(&Path) -> Result<usize>,
}

/// The network of the training.
const TRAINED: &str = "resnet8";

/// One of each kind.
pub(super) fn all() -> Result<[Victim; 4]> {
    let train = ["train", TRAINED, "--data", "sample", "--epochs", "6", "--resume"].as_slice();
    let sweep = ["lesion", "delete-one", "resnet20", "--data", "sample", "--images", "512"];
    let report = ["reproduce", "--only", "fig1,fig-estimation,fig-training"];
    let server = Server::start()?;
    Ok([
        Victim { what: "a training", command: with_out(train), kept: epochs },
        Victim { what: "a sweep", command: with_out(&sweep), kept: records },
        Victim {
            what: "a download",
            command: Box::new(move |out, state| {
                own(&["data", "--url", server.url(), "--dir", text(out)?], state)
            }),
            kept: images,
        },
        Victim { what: "a report", command: with_out(&report), kept: reported },
    ])
}

fn with_out(args: &[&'static str]) -> Make {
    let args = args.to_vec();
    Box::new(move |out, state| {
        own(&[args.as_slice(), &["--threads", "2", "--out", text(out)?]].concat(), state)
    })
}

/// Epochs of a training whose checkpoint loads, and whose log has neither gaps nor
/// repetitions.
fn epochs(out: &Path) -> Result<usize> {
    let checkpoint = out.join("checkpoint.safetensors");
    if checkpoint.exists() {
        Subject::load(Arch::parse(TRAINED)?, &checkpoint)?;
    }
    let log = out.join("log.jsonl");
    if !log.exists() {
        return Ok(0);
    }
    let log = std::fs::read_to_string(log)?;
    for (i, line) in log.lines().enumerate() {
        let entry: EpochLog = serde_json::from_str(line).context("the log")?;
        ensure!(entry.epoch as usize == i + 1, "line {} of the log is another epoch", i + 1);
    }
    Ok(log.lines().count())
}

/// Records in a folder, all of which can be read.
fn records(out: &Path) -> Result<usize> {
    let Ok(entries) = std::fs::read_dir(out) else { return Ok(0) };
    let mut found = 0;
    for entry in entries {
        let path = entry?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".json") && !name.ends_with(".run.json") {
            Record::load(&path)?;
            found += 1;
        }
    }
    Ok(found)
}

fn reported(out: &Path) -> Result<usize> {
    records(&out.join("records"))
}

/// Files of CIFAR-10; whatever has its name is whole.
fn images(out: &Path) -> Result<usize> {
    let Ok(entries) = std::fs::read_dir(out) else { return Ok(0) };
    let mut found = 0;
    for entry in entries {
        let (path, name) = {
            let entry = entry?;
            (entry.path(), entry.file_name())
        };
        if path.extension().is_some_and(|ending| ending == "bin") {
            let original = std::fs::read(data::default_dir()?.join(name))?;
            ensure!(std::fs::read(&path)? == original, "{} is not whole", path.display());
            found += 1;
        }
    }
    Ok(found)
}
