//! Gradients along paths (Veit et al. 2016, figures 6b and 6c).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Answer;
use crate::Key;
use crate::check::expect;

/// The norms of gradients along single paths, by their length, and the total gradient of
/// each length.
///
/// A path passes each of `n` units by its branch or by its skip; its length is the number of
/// branches. Lists over lengths have `n + 1` entries, for 0 to `n`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathGradients {
    /// The units that have a skip and a branch, 0-based.
    pub units: Vec<usize>,
    /// Images of a batch.
    pub batch: usize,
    /// Batches with paths one by one.
    pub paths: Vec<PathBatch>,
    /// Batches with the total gradient of each length; the first ones are those of `paths`.
    pub exact: Vec<LengthBatch>,
}

/// Paths one by one, on one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathBatch {
    /// Mean cross-entropy of the batch, in nats.
    pub loss: f64,
    /// The paths of each length.
    pub lengths: Vec<PathNorms>,
}

/// Paths of one length: the Frobenius norm of the gradient of the mean loss along each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathNorms {
    /// Whether these are all paths of this length, each once, or random ones.
    pub all: bool,
    /// In the normalised images.
    pub at_images: Vec<f64>,
    /// In the output of the stem.
    pub at_stem: Vec<f64>,
}

/// The total gradient of each length in the normalised images, on one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthBatch {
    /// `<g_k, g>`: the product with the whole gradient `g`, which is the sum of all `g_k`.
    pub products: Vec<f64>,
    /// The norm of each `g_k`.
    pub norms: Vec<f64>,
    /// `<g, g>`.
    pub squared: f64,
}

impl Answer for PathGradients {
    const EXPERIMENT: &'static str = "path-gradients";

    fn check(&self, key: &Key) -> Result<(), String> {
        let PathGradients { units, batch, paths, exact } = self;
        for (field, found, option) in [
            ("batch", *batch, "batch-size"),
            ("paths has batches", paths.len(), "batches"),
            ("exact has batches", exact.len(), "exact-batches"),
        ] {
            let asked = key.options.get(option).and_then(Value::as_u64);
            expect(asked == Some(found as u64), || {
                format!("answer.{field}: {found}, expected that of key.options, {asked:?}")
            })?;
        }
        expect(!units.is_empty() && units.is_sorted_by(|a, b| a < b), || {
            format!("answer.units is {units:?}, expected one or more, ascending")
        })?;
        let lengths = units.len() + 1;
        let first = paths.first();
        for (place, PathBatch { loss, lengths: found }) in paths.iter().enumerate() {
            let field = format!("answer.paths[{place}]");
            non_negative(&format!("{field}.loss"), &[*loss])?;
            let list = format!("{field}.lengths");
            expect(found.len() == lengths, || has(&list, found.len(), lengths))?;
            for (k, PathNorms { all, at_images, at_stem }) in found.iter().enumerate() {
                let list = format!("{list}[{k}]");
                non_negative(&format!("{list}.at_images"), at_images)?;
                non_negative(&format!("{list}.at_stem"), at_stem)?;
                // Means over all batches are means over paths only if these are as many.
                let like = first.map_or(&found[k], |first| &first.lengths[k]);
                let is_like = at_images.len() == like.at_images.len() && *all == like.all;
                expect(!at_images.is_empty() && is_like, || {
                    format!("{list} has {} paths, expected those of batch 0", at_images.len())
                })?;
                let (images, stem) = (at_images.len(), at_stem.len());
                expect(stem == images, || has(&format!("{list}.at_stem"), stem, images))?;
            }
        }
        for (place, LengthBatch { products, norms, squared }) in exact.iter().enumerate() {
            let field = format!("answer.exact[{place}]");
            for (name, list) in [("products", products), ("norms", norms)] {
                let name = format!("{field}.{name}");
                expect(list.len() == lengths, || has(&name, list.len(), lengths))?;
            }
            non_negative(&format!("{field}.norms"), norms)?;
            non_negative(&format!("{field}.squared"), &[*squared])?;
            expect(products.iter().all(|product| product.is_finite()), || {
                format!("{field}.products has {products:?}, expected finite numbers")
            })?;
        }
        Ok(())
    }
}

fn has(field: &str, found: usize, expected: usize) -> String {
    format!("{field} has {found} entries, expected {expected}")
}

fn non_negative(field: &str, values: &[f64]) -> Result<(), String> {
    match values.iter().find(|value| !(value.is_finite() && **value >= 0.0)) {
        Some(value) => Err(format!("{field} has {value}, expected finite numbers >= 0")),
        None => Ok(()),
    }
}
