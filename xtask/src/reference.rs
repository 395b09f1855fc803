//! The reference check: a published network, lesioned by an independent program.
//!
//! The reference folder holds weights of a ResNet-20 trained elsewhere and the error
//! counts with each block deleted, computed with PyTorch on the 10,000 test images.
//! The same sweep here must agree to a few images an entry: rounding differs, and an
//! image between two classes may fall on either side.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use data::Split;
use lesion::{Inputs, Subject, experiment};
use models::Arch;
use record::DeleteOne;
use serde::Deserialize;

use cli::{answer_shown, project_root};

/// The environment variable that names the reference folder.
const VARIABLE: &str = "UNRAVEL_REFERENCE";
/// Images by which an entry may differ.
const TOLERANCE: u32 = 5;

/// What came of the check, if it did not fail.
#[derive(Debug)]
pub(crate) enum Check {
    /// It could not be made; the text says why, and how it could.
    Skipped(String),
    /// Everything agrees.
    Agrees(Comparison),
}

/// Wrong answers, theirs and ours, for each network.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    rows: Vec<Row>,
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    lesion: String,
    reference: u32,
    ours: u32,
}

/// The reference's own file; further fields of it are of no use here.
#[derive(Deserialize)]
struct Reference {
    images: usize,
    intact_wrong: u32,
    deleted_wrong: Vec<u32>,
}

/// Makes the check where reference and data are there.
///
/// # Errors
/// If they are there but damaged, or an entry differs by more than 5 images.
pub(crate) fn check() -> Result<Check> {
    let folder = match std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => project_root().join("../shared/reference"),
    };
    check_in(&folder, &data::default_dir()?)
}

fn check_in(folder: &Path, data: &Path) -> Result<Check> {
    let expected = folder.join("resnet20.json");
    for (path, cure) in [
        (&expected, format!("name the folder that holds it with {VARIABLE}")),
        (&data.join("test_batch.bin"), "run `cargo xtask data`".to_owned()),
    ] {
        if !path.exists() {
            let path = path.display();
            return Ok(Check::Skipped(format!("{path} is not there; to make the check, {cure}")));
        }
    }
    let text = std::fs::read_to_string(&expected)
        .with_context(|| format!("cannot read {}", expected.display()))?;
    let reference: Reference = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a reference", expected.display()))?;
    let arch = Arch::parse("resnet20-v1")?;
    let subject = Subject::load(arch, &folder.join("resnet20.safetensors"))?;
    let test = Some(data::load(data, Split::Test)?);
    let inputs = Inputs { networks: vec![subject], test, ..Inputs::default() };
    let record = answer_shown(experiment::named("delete-one")?, inputs)?;
    let comparison = compare(&reference, &record.answer()?)?;
    ensure!(
        comparison.worst() <= TOLERANCE,
        "the reference check fails: entries differ by more than {TOLERANCE} images\n{comparison}"
    );
    Ok(Check::Agrees(comparison))
}

fn compare(reference: &Reference, ours: &DeleteOne) -> Result<Comparison> {
    let (theirs, units) = (reference.deleted_wrong.len(), ours.units.len());
    ensure!(
        reference.images == ours.images && theirs == units,
        "the reference has {} images and {theirs} deletions; expected {} and {units}",
        reference.images,
        ours.images
    );
    let intact = Row {
        lesion: "intact".to_owned(),
        reference: reference.intact_wrong,
        ours: ours.intact.wrong,
    };
    let mut rows = vec![intact];
    for (unit, &reference) in ours.units.iter().zip(&reference.deleted_wrong) {
        let deletion = unit.deleted.as_ref();
        let ours = deletion.with_context(|| format!("{} cannot be deleted", unit.name))?.wrong;
        rows.push(Row { lesion: format!("without {}", unit.name), reference, ours });
    }
    Ok(Comparison { rows })
}

impl Comparison {
    /// The largest difference of an entry, in images.
    pub(crate) fn worst(&self) -> u32 {
        self.rows.iter().map(|row| row.ours.abs_diff(row.reference)).max().unwrap_or(0)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:18} {:>9} {:>6} {:>5}", "wrong answers", "reference", "ours", "diff")?;
        for Row { lesion, reference, ours } in &self.rows {
            let difference = i64::from(*ours) - i64::from(*reference);
            writeln!(f, "{lesion:18} {reference:9} {ours:6} {difference:+5}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use record::UnitDeletion;
    use testkit::made_up::score;

    use super::*;

    fn ours(wrong: [usize; 2]) -> DeleteOne {
        let unit = UnitDeletion {
            index: 0,
            name: "layer1.0".to_owned(),
            stage: 0,
            boundary: false,
            deleted: Some(score(100, wrong[1])),
        };
        let intact = score(100, wrong[0]);
        DeleteOne { images: 100, batches: None, intact, units: vec![unit] }
    }

    #[test]
    fn the_worst_entry_counts_whichever_way_it_differs() {
        let reference = Reference { images: 100, intact_wrong: 20, deleted_wrong: vec![30] };
        for (found, worst) in [([20, 30], 0), ([14, 31], 6), ([21, 37], 7)] {
            let comparison = compare(&reference, &ours(found)).unwrap();
            assert_eq!(comparison.worst(), worst, "{comparison}");
        }
        let text = compare(&reference, &ours([14, 31])).unwrap().to_string();
        assert!(text.contains("-6") && text.contains("without layer1.0"), "{text}");
    }

    #[test]
    fn a_reference_of_another_network_is_refused() {
        for reference in [
            Reference { images: 99, intact_wrong: 20, deleted_wrong: vec![30] },
            Reference { images: 100, intact_wrong: 20, deleted_wrong: vec![30, 30] },
        ] {
            assert!(compare(&reference, &ours([20, 30])).is_err());
        }
    }

    #[test]
    fn without_reference_or_data_the_check_is_skipped_and_says_what_to_do() {
        let Check::Skipped(told) = check_in(Path::new("no/such"), Path::new("folder")).unwrap()
        else {
            panic!("there is nothing to check");
        };
        assert!(told.contains("resnet20.json is not there") && told.contains(VARIABLE), "{told}");
    }
}
