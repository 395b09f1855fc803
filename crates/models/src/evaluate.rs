//! Evaluation: predictions and losses, image by image.

use tensor::kernel::softmax;
use tensor::{Scalar, Tensor};

use crate::{Model, Plan};

/// What a network says to each of some images.
///
/// ```
/// use models::{Arch, Plan, evaluate};
/// use tensor::Tensor;
///
/// let model = Arch::parse("resnet8")?.build::<f32>(1);
/// let batch = || [(Tensor::full([4, 32, 32, 3], 0.5), vec![0, 1, 2, 3])];
/// let intact = evaluate(&model, &Plan::intact(&model), batch());
/// let deleted = evaluate(&model, &Plan::intact(&model).delete(&model, 0)?, batch());
/// // Four equal images have one answer, so at most one label is right.
/// assert!(intact.wrong() >= 3 && deleted.error() >= 0.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictions {
    /// Whether each image was put into its class.
    pub is_right: Vec<bool>,
    /// The cross-entropy of each image, in nats.
    pub losses: Vec<f64>,
}

impl Predictions {
    /// How many images there are.
    pub fn images(&self) -> usize {
        self.is_right.len()
    }

    /// How many images were put into a wrong class.
    pub fn wrong(&self) -> usize {
        self.is_right.iter().filter(|right| !**right).count()
    }

    /// The part of the images put into a wrong class.
    pub fn error(&self) -> f64 {
        self.wrong() as f64 / self.images() as f64
    }

    /// The mean cross-entropy, in nats.
    pub fn cross_entropy(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.images() as f64
    }

    /// Adds the predictions for further images.
    pub fn extend(&mut self, more: Predictions) {
        self.is_right.extend(more.is_right);
        self.losses.extend(more.losses);
    }
}

/// The predictions of logits `[n, classes]`; the first of equal logits counts, and
/// a row with a NaN is wrong.
///
/// # Panics
/// If there is not one label for each row.
#[track_caller]
pub fn score<T: Scalar>(logits: &Tensor<T>, labels: &[u8]) -> Predictions {
    let is_right = are_right(logits, labels).collect();
    let classes = logits.shape().channels();
    let mut log_p = vec![T::ZERO; logits.len()];
    softmax::log_softmax(&mut log_p, logits.as_slice(), classes);
    let losses = softmax::negative_log_likelihood(&log_p, labels, classes);
    Predictions { is_right, losses: losses.map(T::to_f64).collect() }
}

/// How many rows of logits `[n, classes]` are wrong, as in [`score`].
///
/// # Panics
/// If there is not one label for each row.
#[track_caller]
pub fn count_wrong<T: Scalar>(logits: &Tensor<T>, labels: &[u8]) -> usize {
    are_right(logits, labels).filter(|right| !right).count()
}

#[track_caller]
fn are_right<T: Scalar>(logits: &Tensor<T>, labels: &[u8]) -> impl Iterator<Item = bool> {
    let [n, classes] = logits.shape().matrix("score");
    assert!(n == labels.len(), "score: {n} rows of logits, {} labels", labels.len());
    logits.as_slice().chunks_exact(classes).zip(labels).map(|(row, &label)| {
        let first_best = row.iter().position(|v| row.iter().all(|other| v >= other));
        first_best == Some(label as usize)
    })
}

/// The predictions of a network in evaluation mode under a plan, over batches of
/// images `[n, h, w, 3]` with their labels.
///
/// # Panics
/// As [`Model::logits`]; also if a batch does not have one label for each image.
#[track_caller]
pub fn evaluate<T: Scalar>(
    model: &Model<T>,
    plan: &Plan,
    batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
) -> Predictions {
    let mut all = Predictions::default();
    for (images, labels) in batches {
        all.extend(score(&model.logits(images, plan), &labels));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_logits_counts_and_nan_is_wrong() {
        let logits = Tensor::from_vec([4, 2], vec![1.0f32, 1.0, 1.0, 1.0, f32::NAN, 0.0, 0.0, 2.0]);
        let found = score(&logits, &[0, 1, 1, 1]);
        assert_eq!(found.is_right, [true, false, false, true]);
        assert_eq!((found.wrong(), found.error()), (2, 0.5));
        assert_eq!(count_wrong(&logits, &[0, 1, 1, 1]), 2);
        assert!((found.losses[0] - 2f64.ln()).abs() < 1e-6 && found.losses[2].is_nan());
    }
}
