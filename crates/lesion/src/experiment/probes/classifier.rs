//! Multinomial logistic regression on standardised features.

use models::{Predictions, score};
use tensor::Tensor;
use tensor::gemm::{Gemm, gemm};

use super::minimum::{Minimum, minimise};

/// Strengths of the penalty, strongest first.
pub(super) const PENALTIES: [f64; 5] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

/// A fit may end when its loss is so near the minimum, in nats.
const ENOUGH: f64 = 1e-6;
/// A variance that is no larger a part of the mean square is the rounding of `f32`.
const ROUNDING: f64 = 1e-12;
/// Images whose standardised features are in memory at once.
const AT_ONCE: usize = 1024;

/// Features of images with their labels.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Numbers of an image.
    pub(super) width: usize,
    /// Image by image.
    pub(super) features: &'a [f32],
    pub(super) labels: &'a [u8],
}

impl<'a> Rows<'a> {
    fn len(self) -> usize {
        self.labels.len()
    }

    /// The first `n`, and the others.
    fn split(self, n: usize) -> [Rows<'a>; 2] {
        let (features, labels) = (self.features.split_at(n * self.width), self.labels.split_at(n));
        [(features.0, labels.0), (features.1, labels.1)].map(|(features, labels)| Rows {
            features,
            labels,
            ..self
        })
    }

    fn images(self) -> impl Iterator<Item = &'a [f32]> {
        self.features.chunks_exact(self.width)
    }

    fn chunks(self) -> impl Iterator<Item = Rows<'a>> {
        let (features, labels) =
            (self.features.chunks(AT_ONCE * self.width), self.labels.chunks(AT_ONCE));
        features.zip(labels).map(move |(features, labels)| Rows { features, labels, ..self })
    }
}

/// `logits = W z + b` with `z = (x - mean) / deviation`, the statistics being those of the
/// images that it was fitted on. Features that do not vary over these are 0.
#[derive(Clone)]
pub(super) struct Classifier {
    mean: Vec<f64>,
    /// One over the deviation, or 0.
    scale: Vec<f64>,
    classes: usize,
    /// W and, in its last row, b: `[width + 1, classes]`.
    weights: Vec<f64>,
}

/// A classifier at the minimum of its loss.
pub(super) struct Fit {
    pub(super) classifier: Classifier,
    pub(super) steps: u32,
    /// How far the loss can be above its minimum.
    pub(super) excess: f64,
}

/// A classifier whose penalty was chosen on held-out images.
pub(super) struct Chosen {
    pub(super) fit: Fit,
    /// The place of its penalty.
    pub(super) penalty: usize,
    /// Held-out images misclassified under each penalty.
    pub(super) held_out_wrong: [usize; PENALTIES.len()],
}

/// Fits under each penalty on all but the last `held_out` images, takes the one that puts the
/// fewest of these into a wrong class, of equals the strongest, and fits again on all images
/// with that one.
pub(super) fn choose(training: Rows<'_>, classes: usize, held_out: usize) -> Chosen {
    let [rows, others] = training.split(training.len() - held_out);
    let mut fits: Vec<Classifier> = Vec::new();
    // Each minimum is near the next one.
    let held_out_wrong = PENALTIES.map(|penalty| {
        let found = fit(rows, classes, penalty, fits.last()).classifier;
        let wrong = found.predictions(others).wrong();
        fits.push(found);
        wrong
    });
    let least = held_out_wrong.iter().min().expect("there are penalties");
    let penalty = held_out_wrong.iter().position(|wrong| wrong == least).expect("it is one");
    let fit = fit(training, classes, PENALTIES[penalty], Some(&fits[penalty]));
    Chosen { fit, penalty, held_out_wrong }
}

/// The minimum of `mean cross-entropy + penalty / 2 (|W|^2 + |b|^2)`, from the weights of
/// another fit or from 0. The penalty makes the loss so convex that it is at most
/// `|gradient|^2 / (2 penalty)` above its minimum, and the fit ends where that is 1e-6 nats.
pub(super) fn fit(rows: Rows<'_>, classes: usize, penalty: f64, start: Option<&Classifier>) -> Fit {
    let (mean, scale) = statistics(rows);
    let weights = vec![0.0; (rows.width + 1) * classes];
    let mut classifier = Classifier { mean, scale, classes, weights };
    let weights = start.map_or_else(|| classifier.weights.clone(), |start| start.weights.clone());
    let mut loss = |weights: &[f64], gradient: &mut [f64]| {
        classifier.weights.copy_from_slice(weights);
        classifier.loss(rows, penalty, gradient)
    };
    let Minimum { at, squared_gradient, steps } =
        minimise(weights, 2.0 * penalty * ENOUGH, &mut loss);
    classifier.weights = at;
    Fit { classifier, steps, excess: squared_gradient / (2.0 * penalty) }
}

/// Mean and one over the deviation of each feature, over the images in their order.
fn statistics(rows: Rows<'_>) -> (Vec<f64>, Vec<f64>) {
    let n = rows.len() as f64;
    let mut mean = vec![0.0; rows.width];
    for image in rows.images() {
        mean.iter_mut().zip(image).for_each(|(mean, &v)| *mean += f64::from(v));
    }
    mean.iter_mut().for_each(|mean| *mean /= n);
    let mut variance = vec![0.0; rows.width];
    for image in rows.images() {
        for ((variance, mean), &v) in variance.iter_mut().zip(&mean).zip(image) {
            *variance += (f64::from(v) - mean) * (f64::from(v) - mean);
        }
    }
    let scale = variance.iter().zip(&mean).map(|(variance, mean)| {
        let variance = variance / n;
        if variance > ROUNDING * mean * mean { 1.0 / variance.sqrt() } else { 0.0 }
    });
    let scale = scale.collect();
    (mean, scale)
}

impl Classifier {
    /// The loss with this penalty; fills in its gradient.
    fn loss(&self, rows: Rows<'_>, penalty: f64, gradient: &mut [f64]) -> f64 {
        let (width, classes, n) = (rows.width + 1, self.classes, rows.len() as f64);
        let mut sum = 0.0;
        gradient.fill(0.0);
        for chunk in rows.chunks() {
            let (inputs, mut residuals) = self.logits(chunk);
            for (row, &label) in residuals.chunks_exact_mut(classes).zip(chunk.labels) {
                let of_label = row[usize::from(label)];
                let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter_mut().for_each(|v| *v = libm::exp(*v - most));
                let all: f64 = row.iter().sum();
                sum += libm::log(all) + most - of_label;
                row.iter_mut().for_each(|v| *v /= all);
                row[usize::from(label)] -= 1.0;
            }
            let product = Gemm::new(width, classes, chunk.len()).a_transposed().accumulate();
            gemm(gradient, &inputs, &residuals, &product);
        }
        for (g, w) in gradient.iter_mut().zip(&self.weights) {
            *g = *g / n + penalty * w;
        }
        sum / n + 0.5 * penalty * self.weights.iter().map(|w| w * w).sum::<f64>()
    }

    /// Standardised features and a 1 for each image, `[n, width + 1]`, and the logits.
    fn logits(&self, rows: Rows<'_>) -> (Vec<f64>, Vec<f64>) {
        let (n, width) = (rows.len(), rows.width + 1);
        let mut inputs = Vec::with_capacity(n * width);
        for image in rows.images() {
            let z = image.iter().zip(&self.mean).zip(&self.scale);
            inputs.extend(z.map(|((&v, mean), scale)| (f64::from(v) - mean) * scale));
            inputs.push(1.0);
        }
        let mut logits = vec![0.0; n * self.classes];
        gemm(&mut logits, &inputs, &self.weights, &Gemm::new(n, self.classes, width));
        (inputs, logits)
    }

    /// What it says to some images.
    pub(super) fn predictions(&self, rows: Rows<'_>) -> Predictions {
        let mut all = Predictions::default();
        for chunk in rows.chunks() {
            let logits = self.logits(chunk).1;
            all.extend(score(&Tensor::from_vec([chunk.len(), self.classes], logits), chunk.labels));
        }
        all
    }
}

#[cfg(test)]
mod tests;
