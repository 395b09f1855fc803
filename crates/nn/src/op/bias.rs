//! A bias on the channels.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y[…, c] = x[…, c] + bias[c]`.
///
/// # Panics
/// If `bias` does not have one value for each channel.
#[track_caller]
pub fn bias<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, bias: &Var<T>) -> Var<T> {
    let c = x.value().shape().channels();
    assert!(
        bias.value().dims() == [c],
        "bias: {} does not fit input {}",
        bias.value().shape(),
        x.value().shape()
    );
    let mut y = x.value().clone();
    elementwise::add_row(y.as_mut_slice(), bias.value().as_slice());
    tape.op(y, &[x, bias], || Saved { c })
}

struct Saved {
    c: usize,
}

/// `dx = dy`, `dbias[c] = sum dy[…, c]`.
impl<T: Scalar> Rule<T> for Saved {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let db = wanted[1].then(|| {
            let mut db = Tensor::for_overwrite([self.c]);
            elementwise::sum_rows(db.as_mut_slice(), dy.as_slice());
            db
        });
        [wanted[0].then(|| dy.clone()), db].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "bias: [3] does not fit input [2, 4]")]
    fn the_bias_belongs_to_the_channels() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([2, 4]));
        let b = tape.constant(Tensor::zeros([3]));
        let _ = bias(&mut tape, &x, &b);
    }
}
