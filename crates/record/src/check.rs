//! What must hold between the numbers of a record, checked at every read and write.

use crate::{DeleteOne, Outcome, Record, Score};

impl Record {
    /// Says what is inconsistent, as `field is this, expected that`.
    pub(crate) fn check(&self) -> Result<(), String> {
        file_stem(&self.name)?;
        let key = &self.key;
        for (field, text) in [
            ("key.experiment", &key.experiment),
            ("key.model.name", &key.model.name),
            ("key.weights.source", &key.weights.source),
            ("key.data.name", &key.data.name),
            ("key.simd", &key.simd),
        ] {
            expect(!text.is_empty(), || format!("{field} is empty, expected a name"))?;
        }
        expect(!key.weights.source.contains(['/', '\\']), || {
            format!("key.weights.source is {:?}, expected a file name", key.weights.source)
        })?;
        sha256("key.weights.sha256", &key.weights.sha256)?;
        sha256("key.data.sha256", &key.data.sha256)?;
        if let Some(sum) = &key.claims_sha256 {
            sha256("key.claims_sha256", sum)?;
        }
        if let Some(error) = key.weights.test_error {
            expect((0.0..=1.0).contains(&error), || {
                format!("key.weights.test_error is {error}, expected a fraction")
            })?;
        }
        match &self.result {
            Outcome::DeleteOne(outcome) => {
                expect(outcome.images == key.data.images, || {
                    let (found, asked) = (outcome.images, key.data.images);
                    format!("result.images is {found}, expected key.data.images, {asked}")
                })?;
                delete_one(outcome)
            }
        }
    }
}

/// Checks that `name` can be a file's stem in the records' folder.
pub(crate) fn file_stem(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    expect(!name.is_empty() && !name.starts_with('.') && name.chars().all(plain), || {
        format!("name is {name:?}, expected letters, digits, '-', '_' and '.', no '.' in front")
    })
}

fn delete_one(outcome: &DeleteOne) -> Result<(), String> {
    let images = outcome.images;
    expect(images > 0, || "result.images is 0, expected at least 1".into())?;
    score("result.intact", &outcome.intact, images)?;
    for (place, unit) in outcome.units.iter().enumerate() {
        let field = format!("result.units[{place}]");
        expect(unit.index == place, || {
            format!("{field}.index is {}, expected its place, {place}", unit.index)
        })?;
        let Some(deletion) = &unit.deleted else { continue };
        score(&format!("{field}.deleted.score"), &deletion.score, images)?;
        let (wrong, right) = (i64::from(deletion.newly_wrong), i64::from(deletion.newly_right));
        let change = i64::from(deletion.score.wrong) - i64::from(outcome.intact.wrong);
        expect(wrong - right == change, || {
            format!(
                "{field}.deleted has newly_wrong - newly_right = {}, expected the change in wrong \
                 answers, {change}",
                wrong - right
            )
        })?;
        // Only what was wrong can become right, and only what was right can become wrong.
        let was_wrong = i64::from(outcome.intact.wrong);
        let was_right = images as i64 - was_wrong;
        expect(right <= was_wrong, || {
            format!("{field}.deleted.newly_right is {right}, more than the intact network's errors")
        })?;
        expect(wrong <= was_right, || {
            format!(
                "{field}.deleted.newly_wrong is {wrong}, more than the {was_right} images that \
                 the intact network gets right"
            )
        })?;
    }
    Ok(())
}

fn score(field: &str, score: &Score, images: usize) -> Result<(), String> {
    expect(score.wrong as usize <= images, || {
        format!("{field}.wrong is {}, expected at most {images} images", score.wrong)
    })?;
    // JSON has no infinity: it would be written as null and refused when read.
    expect(score.cross_entropy.is_finite() && score.cross_entropy >= 0.0, || {
        format!("{field}.cross_entropy is {}, expected a number >= 0", score.cross_entropy)
    })
}

fn sha256(field: &str, sum: &str) -> Result<(), String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    expect(sum.len() == 64 && sum.chars().all(hex), || {
        format!("{field} is {sum:?}, expected 64 lower-case hexadecimal digits")
    })
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
