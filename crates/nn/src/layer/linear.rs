//! The fully connected layer.

use tensor::{Scalar, Tensor};

use super::Builder;
use crate::{ParamId, Params, Pass, Var, init, op};

/// `NAME.weight` (`[c_out, c_in]`) and perhaps `NAME.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Input features.
    pub c_in: usize,
    /// Output features.
    pub c_out: usize,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Linear {
    /// A layer without bias. `before_relu` chooses the initial scale.
    pub fn new<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        [c_in, c_out]: [usize; 2],
        before_relu: bool,
    ) -> Self {
        let weight = b
            .random(format!("{name}.weight"), |rng| init::he_linear(c_in, c_out, before_relu, rng));
        Linear { c_in, c_out, weight, bias: None }
    }

    /// A random projection: weights as those of [`Linear::new`] before a softmax, which stay
    /// as they are.
    pub fn fixed<T: Scalar>(b: &mut Builder<T>, name: &str, [c_in, c_out]: [usize; 2]) -> Self {
        let weight = b.random_buffer(format!("{name}.weight"), |rng| {
            init::he_linear(c_in, c_out, false, rng)
        });
        Linear { c_in, c_out, weight, bias: None }
    }

    /// The same with a bias, which starts at `start` for every feature.
    pub fn with_bias<T: Scalar>(self, b: &mut Builder<T>, name: &str, start: f64) -> Self {
        let bias = b.constant(format!("{name}.bias"), self.c_out, T::from_f64(start));
        Linear { bias: Some(bias), ..self }
    }

    /// Gives it other outputs, with weights and biases of 0.
    pub fn set_outputs<T: Scalar>(&mut self, params: &mut Params<T>, c_out: usize) {
        self.c_out = c_out;
        *params.value_mut(self.weight) = Tensor::zeros([c_out, self.c_in]);
        if let Some(bias) = self.bias {
            *params.value_mut(bias) = Tensor::zeros([c_out]);
        }
    }

    /// `[n, c_in]` to `[n, c_out]`.
    #[track_caller]
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let weight = pass.param(self.weight);
        let y = op::linear(&mut pass.tape, x, &weight);
        match self.bias {
            Some(bias) => {
                let bias = pass.param(bias);
                op::bias(&mut pass.tape, &y, &bias)
            }
            None => y,
        }
    }

    /// Multiplications for one image.
    pub fn macs(&self) -> u64 {
        (self.c_in * self.c_out) as u64
    }
}
