//! Softmax cross-entropy.

use tensor::kernel::softmax;
use tensor::{Buffer, Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `loss = -mean_n log softmax(logits[n])[labels[n]]`, a tensor of shape `[1]`.
///
/// # Panics
/// If there is not one label for each row of `logits` (`[n, classes]`), or a
/// label is not a class.
#[track_caller]
pub fn cross_entropy<T: Scalar>(tape: &mut Tape<T>, logits: &Var<T>, labels: &[u8]) -> Var<T> {
    let [n, classes] = logits.value().shape().matrix("cross_entropy");
    assert!(n == labels.len(), "cross_entropy: {n} rows of logits, {} labels", labels.len());
    let mut log_p = Tensor::for_overwrite([n, classes]);
    softmax::log_softmax(log_p.as_mut_slice(), logits.value().as_slice(), classes);
    let losses = softmax::negative_log_likelihood(log_p.as_slice(), labels, classes);
    let mean = losses.map(T::to_f64).sum::<f64>() / n as f64;
    let loss = Tensor::full([1], T::from_f64(mean));
    tape.op(loss, &[logits], || Saved { log_p, labels: Buffer::copy_of(labels) })
}

struct Saved<T: Scalar> {
    log_p: Tensor<T>,
    labels: Buffer<u8>,
}

/// `dlogits = (softmax - onehot) dy / n`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(self.log_p.shape());
        softmax::cross_entropy_grad(
            dx.as_mut_slice(),
            self.log_p.as_slice(),
            &self.labels,
            self.log_p.shape().channels(),
            dy.as_slice()[0],
        );
        [Some(dx)].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(labels: &[u8]) -> f64 {
        let mut tape = Tape::<f64>::off();
        let logits = tape.constant(Tensor::from_vec([2, 2], vec![0.0, 0.0, 1e4, 0.0]));
        cross_entropy(&mut tape, &logits, labels).value().as_slice()[0]
    }

    #[test]
    fn the_loss_is_the_mean_over_the_batch_however_large_the_logits() {
        let undecided = 2f64.ln();
        assert!((run(&[0, 0]) - undecided / 2.0).abs() < 1e-15);
        assert!((run(&[1, 1]) - (undecided + 1e4) / 2.0).abs() < 1e-11);
    }

    #[test]
    #[should_panic(expected = "cross_entropy: 2 rows of logits, 3 labels")]
    fn each_row_has_a_label() {
        run(&[0, 1, 0]);
    }

    #[test]
    #[should_panic(expected = "label 2 is not below 2")]
    fn a_label_is_a_class() {
        run(&[0, 2]);
    }
}
