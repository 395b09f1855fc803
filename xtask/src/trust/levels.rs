//! SIMD levels agree on what networks answer.

use anyhow::{Context, Result, ensure};
use cli::output::print_line;
use cli::project_root;
use data::Split;
use lesion::{Catalogue, Subject};
use models::{EVAL_BATCH, Plan};
use tensor::simd::{self, Level};

/// Images of which the answers may differ between two levels, of 10,000.
const MOST: usize = 2;

pub(super) fn run() -> Result<()> {
    let catalogue = Catalogue::load(&project_root().join("data/weights"))?;
    let images = data::load(&data::default_dir()?, Split::Test)
        .context("all test images are needed: run `cargo xtask data`")?;
    let levels: Vec<Level> = Level::ALL.into_iter().filter(|level| level.is_available()).collect();
    let best = Level::best();
    for name in catalogue.names() {
        let subject = catalogue.subject(name)?;
        let expected = answers(&subject, &images, best)?;
        for &level in levels.iter().filter(|level| **level != best) {
            let found = answers(&subject, &images, level)?;
            let differ = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
            let n = images.len();
            print_line(format_args!(
                "{name}: {level} and {best} differ on {differ} of {n} images"
            ))?;
            ensure!(differ <= MOST, "{name}: more than {MOST} images");
        }
    }
    Ok(())
}

/// The class that the network puts each image into.
fn answers(subject: &Subject, images: &data::Dataset, level: Level) -> Result<Vec<usize>> {
    simd::set_level(level)?;
    let plan = Plan::intact(&subject.model);
    let mut answers = Vec::new();
    for (batch, _) in subject.batches(images, EVAL_BATCH) {
        let logits = subject.model.logits(batch, &plan);
        let classes = logits.shape().channels();
        answers.extend(logits.as_slice().chunks_exact(classes).map(best_of));
    }
    Ok(answers)
}

/// The place of the largest logit, the first of equal ones.
fn best_of(row: &[f32]) -> usize {
    (0..row.len()).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).expect("a class")
}
