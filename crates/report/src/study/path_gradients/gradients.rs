//! A record of path gradients, read, and statistics over its batches.

use record::stats::{Interval, bootstrap, choose, mean, quantile};
use record::{NetworkId, PathGradients, PathNorms, Record};

use crate::study::{Estimate, one_network};
use crate::{ReportError, words};

/// A record, read.
pub(super) struct Gradients<'a> {
    pub(super) network: &'a NetworkId,
    pub(super) answer: PathGradients,
    /// The statistics of the batch norms, in words.
    pub(super) statistics: &'static str,
    /// Whether the weights are those that the training started from.
    pub(super) initial: bool,
}

/// Numbers of one batch, such as one for each length.
type Row = Vec<f64>;

impl<'a> Gradients<'a> {
    pub(super) fn of(record: &'a Record) -> Result<Self, ReportError> {
        let answer = record.answer::<PathGradients>()?;
        let network = one_network(record)?;
        let statistics = match record.key.options["mode"].as_str() {
            Some("eval") => "running statistics",
            _ => "batch statistics",
        };
        let initial = record.key.options["state"] == "initial";
        Ok(Gradients { network, answer, statistics, initial })
    }

    /// The only one of these records.
    pub(super) fn one(records: &[&'a Record]) -> Result<Self, ReportError> {
        match records {
            [record] => Gradients::of(record),
            _ => Err(ReportError::Networks { expected: "one network", given: records.len() }),
        }
    }

    /// How many units have a skip and a branch: the longest length.
    pub(super) fn n(&self) -> usize {
        self.answer.units.len()
    }

    /// `resnet110, batch statistics`.
    pub(super) fn label(&self) -> String {
        format!("{}, {}", self.name(), self.statistics)
    }

    /// `resnet110`, or `resnet110 before training`.
    pub(super) fn name(&self) -> String {
        let when = if self.initial { " before training" } else { "" };
        format!("{}{when}", self.network.name)
    }

    /// `25 batches of 128 training images`.
    pub(super) fn about(&self) -> String {
        let PathGradients { batch, paths, .. } = &self.answer;
        let (batches, images) = (batches(paths.len()), words::count(*batch as u64));
        format!("{batches} of {images} training images")
    }

    /// The mean norm of each length, of each batch.
    pub(super) fn mean_norms(&self, of: fn(&PathNorms) -> &[f64]) -> Vec<Row> {
        let mean_of = |norms: &PathNorms| mean(of(norms)).expect("each length has a path");
        let rows = self.answer.paths.iter();
        rows.map(|batch| batch.lengths.iter().map(mean_of).collect()).collect()
    }

    /// Of each batch the products `<g_k, g>`, then `<g, g>`.
    pub(super) fn products(&self) -> Vec<Row> {
        let row = |batch: &record::LengthBatch| [&batch.products[..], &[batch.squared]].concat();
        self.answer.exact.iter().map(row).collect()
    }

    /// The norms of all paths of a length at the images, over all batches.
    pub(super) fn norms(&self, k: usize) -> Vec<f64> {
        let of_length = |batch: &record::PathBatch| batch.lengths[k].at_images.clone();
        self.answer.paths.iter().flat_map(of_length).collect()
    }

    /// The part of the paths of a length whose norm is 0.
    pub(super) fn zeros(&self, k: usize) -> f64 {
        let norms = self.norms(k);
        norms.iter().filter(|norm| **norm == 0.0).count() as f64 / norms.len() as f64
    }

    /// How many of all paths tried have a norm of 0, such as `none of 4,104 paths gives
    /// exactly 0`.
    pub(super) fn zeros_in_words(&self) -> String {
        let norms: Vec<f64> = (0..=self.n()).flat_map(|k| self.norms(k)).collect();
        let zeros = norms.iter().filter(|norm| **norm == 0.0).count() as u64;
        let paths = words::count(norms.len() as u64);
        match zeros {
            0 => format!("none of {paths} paths gives exactly 0"),
            1 => format!("1 of {paths} paths gives exactly 0"),
            zeros => format!("{} of {paths} paths give exactly 0", words::count(zeros)),
        }
    }

    /// A quantile of the norms of a length at the images.
    pub(super) fn quantile(&self, k: usize, p: f64) -> f64 {
        quantile(&self.norms(k), p).expect("each length has a path")
    }
}

/// `1 batch`, `25 batches`.
pub(super) fn batches(number: usize) -> String {
    if number == 1 { "1 batch".into() } else { format!("{number} batches") }
}

/// The norms in the normalised images: the primary measure.
pub(super) fn at_images(norms: &PathNorms) -> &[f64] {
    &norms.at_images
}

/// The norms in the stem's output.
pub(super) fn at_stem(norms: &PathNorms) -> &[f64] {
    &norms.at_stem
}

/// A statistic of the mean over batches, with the bootstrap's interval over the batches:
/// these are what is random. `None` where it has no value, or there is only one batch.
pub(super) fn over_batches(
    rows: &[Row],
    statistic: impl Fn(&[f64]) -> Option<f64>,
) -> Option<Estimate> {
    if rows.len() < 2 {
        return None;
    }
    let of_batches = |batches: &[f64]| {
        let mut sum = vec![0.0; rows[0].len()];
        for &batch in batches {
            sum.iter_mut().zip(&rows[batch as usize]).for_each(|(sum, value)| *sum += value);
        }
        sum.iter_mut().for_each(|sum| *sum /= batches.len() as f64);
        statistic(&sum).filter(|value| value.is_finite())
    };
    let all: Vec<f64> = (0..rows.len()).map(|batch| batch as f64).collect();
    let value = of_batches(&all)?;
    let Interval { low, high } = bootstrap(&[all], |groups| of_batches(&groups[0]))?;
    Some(Estimate { value, low, high })
}

/// The number of paths of each length times their mean norm, as parts of the sum; `None`
/// if all are 0.
pub(super) fn product(mean_norms: &[f64]) -> Option<Row> {
    let n = mean_norms.len() - 1;
    let weights: Row = mean_norms.iter().enumerate().map(|(k, m)| choose(n, k) * m).collect();
    let sum: f64 = weights.iter().sum();
    (sum > 0.0).then(|| weights.iter().map(|weight| weight / sum).collect())
}

/// A line through points, by least squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) slope: f64,
    /// The part of the variance that the line explains.
    pub(super) r2: f64,
}

impl Fit {
    /// Of log10 of the mean norm against the length, for these lengths; `None` if a mean
    /// is 0, or they are all alike.
    pub(super) fn of(mean_norms: &[f64], (from, to): (usize, usize)) -> Option<Fit> {
        let norms = mean_norms.get(from..=to)?;
        if norms.iter().any(|norm| *norm <= 0.0) {
            return None;
        }
        let y: Row = norms.iter().map(|norm| libm::log10(*norm)).collect();
        let x: Row = (from..=to).map(|k| k as f64).collect();
        let (mean_x, mean_y) = (mean(&x)?, mean(&y)?);
        let sum = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
        };
        let (xx, xy) = (sum(&x, mean_x, &x, mean_x), sum(&x, mean_x, &y, mean_y));
        let yy = sum(&y, mean_y, &y, mean_y);
        (xx > 0.0 && yy > 0.0).then(|| Fit { slope: xy / xx, r2: xy * xy / (xx * yy) })
    }

    /// What one more branch multiplies the norm with.
    pub(super) fn factor(self) -> f64 {
        libm::pow(10.0, self.slope)
    }
}
