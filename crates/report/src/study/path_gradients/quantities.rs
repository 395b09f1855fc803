//! What claims can name. Intervals are the bootstrap's over batches.

use record::Record;

use super::gradients::{Fit, Gradients, at_images, over_batches, product};
use crate::ReportError;
use crate::study::path_lengths::left;
use crate::study::{Estimate, Quantity};

/// Lengths whose log norms are fitted, and those of the two slopes that are compared.
pub(super) const FITTED: (usize, usize) = (1, 40);
const LONG: (usize, usize) = (30, 40);
const SHORT: (usize, usize) = (3, 13);
/// Lengths of which the paper says that almost all gradient comes from them.
pub(super) const EFFECTIVE: (usize, usize) = (5, 17);
/// Deleted units after which effective paths are counted.
const DELETED: usize = 10;

/// All of them, each of one network.
pub(super) const ALL: &[Quantity] = &[
    Quantity { name: "R2", unit: "", measure: |r| of_norms(r, FITTED.1, r2) },
    Quantity {
        name: "ratio of slopes",
        unit: "",
        measure: |r| of_norms(r, LONG.1, ratio_of_slopes),
    },
    Quantity { name: "factor per block", unit: "", measure: |r| of_norms(r, FITTED.1, factor) },
    Quantity { name: "mass of 5 to 17", unit: "%", measure: |r| of_norms(r, EFFECTIVE.1, mass) },
    Quantity { name: "centre", unit: "", measure: |r| of_norms(r, 1, centre) },
    Quantity {
        name: "centre over n",
        unit: "",
        measure: |r| of_norms(r, 1, |norms| Some(centre(norms)? / (norms.len() - 1) as f64)),
    },
    Quantity { name: "sum of shares", unit: "", measure: sum_of_shares },
    Quantity {
        name: "effective paths left",
        unit: "%",
        measure: |r| of_norms(r, DELETED + 1, effective_paths_left),
    },
];

/// A statistic of the mean norms by length, of a network with so many blocks or more.
fn of_norms(
    records: &[&Record],
    blocks: usize,
    statistic: fn(&[f64]) -> Option<f64>,
) -> Result<Estimate, ReportError> {
    let gradients = with_lengths(records, blocks)?;
    over_batches(&gradients.mean_norms(at_images), statistic).ok_or_else(|| {
        let what = "two batches or more, and norms above 0 at each length";
        lacking(&gradients, what)
    })
}

fn with_lengths<'a>(records: &[&'a Record], blocks: usize) -> Result<Gradients<'a>, ReportError> {
    let gradients = Gradients::one(records)?;
    if gradients.n() < blocks {
        let what = format!("{blocks} blocks or more, but it has {}", gradients.n());
        return Err(lacking(&gradients, &what));
    }
    Ok(gradients)
}

fn lacking(gradients: &Gradients, what: &str) -> ReportError {
    ReportError::Lacking(format!("the record of {} lacks {what}", gradients.network.name))
}

fn r2(norms: &[f64]) -> Option<f64> {
    Some(Fit::of(norms, FITTED)?.r2)
}

fn factor(norms: &[f64]) -> Option<f64> {
    Some(Fit::of(norms, FITTED)?.factor())
}

fn ratio_of_slopes(norms: &[f64]) -> Option<f64> {
    Some(Fit::of(norms, LONG)?.slope / Fit::of(norms, SHORT)?.slope)
}

/// The part of the product of number and mean norm at 5 to 17 branches.
fn mass(norms: &[f64]) -> Option<f64> {
    let product = product(norms)?;
    Some(100.0 * product[EFFECTIVE.0..=EFFECTIVE.1].iter().sum::<f64>())
}

/// The mean length by the product of number and mean norm.
pub(super) fn centre(norms: &[f64]) -> Option<f64> {
    Some(product(norms)?.iter().enumerate().map(|(k, part)| k as f64 * part).sum())
}

/// What 10 deletions leave of the product of number and mean norm.
fn effective_paths_left(norms: &[f64]) -> Option<f64> {
    let n = norms.len() - 1;
    let parts = product(norms)?;
    let left = parts.iter().enumerate().map(|(k, part)| part * left(n, DELETED, k));
    Some(100.0 * left.sum::<f64>())
}

/// `sum <g_k, g> / sum <g, g>` over the batches, for 5 to 17 branches.
fn sum_of_shares(records: &[&Record]) -> Result<Estimate, ReportError> {
    let gradients = with_lengths(records, EFFECTIVE.1)?;
    let share = |row: &[f64]| {
        let squared = row.last()?;
        Some(row[EFFECTIVE.0..=EFFECTIVE.1].iter().sum::<f64>() / squared)
    };
    over_batches(&gradients.products(), share)
        .ok_or_else(|| lacking(&gradients, "two batches or more with exact gradients"))
}
