//! One pass through a network: the tape, the mode, and what comes out aside.

use std::sync::Arc;

use tensor::kernel::batch_norm::Moments;
use tensor::random::Random;
use tensor::{Scalar, Tensor};

use crate::op::{self, ConvWeights};
use crate::{Mode, ParamId, Params, Tape, Var};

/// The moments that one batch norm saw, and the buffers they belong into.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    /// The buffer of the running mean.
    pub running_mean: ParamId,
    /// The buffer of the running variance.
    pub running_var: ParamId,
    /// Count, mean and squared deviations of the batch.
    pub moments: Moments,
}

/// What a layer needs to run: parameters to read, a tape to write on.
///
/// The network itself is only read. A training-mode pass leaves the batch
/// statistics in `statistics`; [`Params::update_running`] applies them.
///
/// ```
/// use nn::layer::{BatchNorm, Builder};
/// use nn::{Mode, Pass, Tape};
/// use tensor::Tensor;
///
/// let mut b = Builder::<f64>::new(0);
/// let norm = BatchNorm::new(&mut b, "bn", 1);
/// let mut params = b.finish();
/// let batch = Tensor::from_vec([2, 1], vec![1.0, 5.0]);
///
/// // In training mode the batch is normalised by itself, and leaves its moments.
/// let mut pass = Pass::new(Tape::off(), Mode::Train, &params);
/// let x = pass.tape.constant(batch.clone());
/// let y = norm.forward(&mut pass, &x);
/// assert!((y.value().as_slice()[1] - 1.0).abs() < 1e-5);
/// let seen = pass.statistics;
/// params.update_running(&seen, 1.0);
///
/// // In evaluation mode those left behind do: mean 3, and variance 8, over n - 1.
/// let mut pass = Pass::eval(&params);
/// let x = pass.tape.constant(batch);
/// let y = norm.forward(&mut pass, &x);
/// assert!((y.value().as_slice()[1] - 0.5f64.sqrt()).abs() < 1e-5);
/// ```
pub struct Pass<'a, T: Scalar> {
    /// Where ops are recorded.
    pub tape: Tape<T>,
    /// Batch or running statistics.
    pub mode: Mode,
    /// The numbers for dropout masks; none: dropout is the identity. Independent of the
    /// mode: masks over running statistics are a sample of a thinned network's answers
    /// (Gal and Ghahramani 2016).
    pub dropout: Option<Random>,
    /// The moments that each batch norm saw in training mode, in order.
    pub statistics: Vec<BatchStatistics>,
    /// Whether layers may use fused kernels. Without them every op is a node of its
    /// own: slower, the same up to rounding, and the oracle of the tests.
    pub fuses: bool,
    has_parts: bool,
    params: &'a Params<T>,
}

/// Makes passes for parts of a network that run side by side, each with a pass of its own.
#[derive(Clone, Copy)]
pub struct Parts<'a, T: Scalar> {
    fuses: bool,
    params: &'a Params<T>,
}

impl<'a, T: Scalar> Parts<'a, T> {
    /// A pass for one part, in evaluation mode.
    pub fn pass(&self) -> Pass<'a, T> {
        Pass { fuses: self.fuses, ..Pass::eval(self.params) }
    }
}

impl<'a, T: Scalar> Pass<'a, T> {
    /// A pass in evaluation mode that records nothing.
    #[track_caller]
    pub fn eval(params: &'a Params<T>) -> Self {
        Self::new(Tape::off(), Mode::Eval, params)
    }

    /// [`Pass::eval`] for a caller that has the threads for itself: the branches of a unit may
    /// run side by side. No bit depends on it.
    #[track_caller]
    pub fn eval_in_parts(params: &'a Params<T>) -> Self {
        Pass { has_parts: true, ..Self::eval(params) }
    }

    /// What makes passes for parts that run side by side; `None` unless the pass was made for
    /// it, and while it records, drops or collects statistics, which have an order.
    pub fn parts(&self) -> Option<Parts<'a, T>> {
        let is_plain =
            self.mode == Mode::Eval && self.dropout.is_none() && !self.tape.is_recording();
        let Pass { fuses, params, .. } = *self;
        (self.has_parts && is_plain).then_some(Parts { fuses, params })
    }

    /// A recorded pass in training mode, dropping with the given numbers.
    #[track_caller]
    pub fn train(params: &'a Params<T>, dropout: Random) -> Self {
        params.prepare();
        Pass { dropout: Some(dropout), ..Self::new(Tape::recording(), Mode::Train, params) }
    }

    /// Any tape with any mode, without dropout.
    pub fn new(tape: Tape<T>, mode: Mode, params: &'a Params<T>) -> Self {
        let (statistics, fuses, has_parts) = (Vec::new(), true, false);
        Pass { tape, mode, dropout: None, statistics, fuses, has_parts, params }
    }

    /// The value of a parameter, without a gradient.
    pub fn value(&self, id: ParamId) -> &'a Tensor<T> {
        self.params.value(id)
    }

    /// What kernels have made of the weights of a convolution.
    pub(crate) fn conv_weights(&self, id: ParamId) -> &'a Arc<ConvWeights> {
        self.params.conv_weights(id)
    }

    /// Dropout of the part `p` with the numbers of the pass, in either mode; the identity
    /// in a pass that brings no numbers.
    ///
    /// # Panics
    /// If it drops and `p` is not in `[0, 1)`.
    #[track_caller]
    pub fn dropout(&mut self, x: &Var<T>, p: f64) -> Var<T> {
        match &mut self.dropout {
            Some(random) => op::dropout(&mut self.tape, x, p, random),
            None => x.clone(),
        }
    }

    /// A parameter as a leaf of the tape.
    pub fn param(&mut self, id: ParamId) -> Var<T> {
        self.tape.param(id, self.params.value(id).clone())
    }
}

impl<T: Scalar> Params<T> {
    /// Moves the running statistics towards those of a batch:
    /// `running = (1 - momentum) running + momentum batch`, with the unbiased
    /// variance `m2 / (n - 1)`, as PyTorch does. A norm that ran several times in the pass
    /// moves its statistics as often, in the order of the runs: so a shared norm's are a
    /// weighted mean in which the last run counts most.
    pub fn update_running(&mut self, statistics: &[BatchStatistics], momentum: f64) {
        for s in statistics {
            let pairs = [
                (s.running_mean, s.moments.mean.clone()),
                (s.running_var, s.moments.unbiased_variance()),
            ];
            for (id, batch) in pairs {
                let running = self.value_mut(id).as_mut_slice();
                for (running, &batch) in running.iter_mut().zip(batch.as_slice()) {
                    *running = T::from_f64((1.0 - momentum) * running.to_f64() + momentum * batch);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor::random::Stream;

    #[test]
    fn what_has_an_order_is_not_run_in_parts() {
        let params = Params::<f64>::new();
        let pass = || Pass::eval_in_parts(&params);
        assert!(pass().parts().is_some() && Pass::eval(&params).parts().is_none());
        let dropout = Some(Stream::new(1, "dropout").at(0, 0));
        for refused in [
            Pass { mode: Mode::Train, ..pass() },
            Pass { dropout, ..pass() },
            Pass { tape: Tape::recording(), ..pass() },
        ] {
            assert!(refused.parts().is_none());
        }
        let part = Pass { fuses: false, ..pass() }.parts().unwrap().pass();
        assert!(!part.fuses && part.parts().is_none(), "a part is not cut again");
    }

    /// `Mode` is batch norm's alone.
    #[test]
    fn a_pass_drops_if_it_brings_numbers_whatever_its_mode() {
        let params = Params::<f64>::new();
        for mode in [Mode::Train, Mode::Eval] {
            for numbers in [None, Some(Stream::new(1, "dropout").at(0, 0))] {
                let drops = numbers.is_some();
                let mut pass = Pass::new(Tape::off(), mode, &params);
                pass.dropout = numbers;
                let x = pass.tape.constant(Tensor::full([64], 3.0));
                let y = pass.dropout(&x, 0.5);
                let zeros = y.value().as_slice().iter().filter(|&&v| v == 0.0).count();
                assert_eq!((8..56).contains(&zeros), drops, "{mode:?}: {zeros} of 64 dropped");
                assert!(drops || y.value() == x.value());
            }
        }
    }
}
