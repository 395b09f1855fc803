//! The fully connected layer, without bias.

use tensor::gemm::{Gemm, gemm, gemm_by_rows};
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = x w^T`.
///
/// # Shapes
/// `x`: `[n, c_in]`; `weight`: `[c_out, c_in]`, as in PyTorch; result: `[n, c_out]`.
///
/// # Panics
/// If the shapes do not fit together.
#[track_caller]
pub fn linear<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, weight: &Var<T>) -> Var<T> {
    let [n, c_in] = x.value().shape().matrix("linear input");
    let [c_out, wc_in] = weight.value().shape().matrix("linear weight");
    assert!(
        wc_in == c_in,
        "linear: weight {} does not fit input {}",
        weight.value().shape(),
        x.value().shape()
    );
    let mut y = Tensor::for_overwrite([n, c_out]);
    let product = Gemm::new(n, c_out, c_in).b_transposed();
    // An image's logits are the same in every batch.
    gemm_by_rows(y.as_mut_slice(), x.value().as_slice(), weight.value().as_slice(), &product);
    tape.op(y, &[x, weight], || Saved { x: x.value().clone(), weight: weight.value().clone() })
}

struct Saved<T: Scalar> {
    x: Tensor<T>,
    weight: Tensor<T>,
}

/// `dx = dy w`, `dw = dy^T x`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let ([n, c_in], c_out) = (self.x.shape().matrix("linear"), self.weight.dims()[0]);
        let dx = wanted[0].then(|| {
            let mut dx = Tensor::for_overwrite([n, c_in]);
            let product = Gemm::new(n, c_in, c_out);
            gemm(dx.as_mut_slice(), dy.as_slice(), self.weight.as_slice(), &product);
            dx
        });
        let dw = wanted[1].then(|| {
            let mut dw = Tensor::for_overwrite([c_out, c_in]);
            let product = Gemm::new(c_out, c_in, n).a_transposed();
            gemm(dw.as_mut_slice(), dy.as_slice(), self.x.as_slice(), &product);
            dw
        });
        [dx, dw].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "linear: weight [3, 5] does not fit input [2, 4]")]
    fn the_weight_has_a_column_for_each_input() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([2, 4]));
        let weight = tape.constant(Tensor::zeros([3, 5]));
        let _ = linear(&mut tape, &x, &weight);
    }
}
