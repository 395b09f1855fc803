//! The batch norm layer.

use tensor::Scalar;
use tensor::kernel::batch_norm::Moments;

use super::Builder;
use crate::op::{self, Statistics};
use crate::{BatchStatistics, Mode, ParamId, Params, Pass, Var};

/// `NAME.weight` (scale, from 1), `NAME.bias` (shift, from 0) and the buffers
/// `NAME.running_mean` (from 0) and `NAME.running_var` (from 1).
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm {
    scale: ParamId,
    shift: ParamId,
    running_mean: ParamId,
    running_var: ParamId,
}

impl BatchNorm {
    /// The part that a batch contributes to the running statistics.
    pub const MOMENTUM: f64 = 0.1;

    /// A batch norm over `c` channels.
    pub fn new<T: Scalar>(b: &mut Builder<T>, name: &str, c: usize) -> Self {
        BatchNorm {
            scale: b.constant(format!("{name}.weight"), c, T::ONE),
            shift: b.constant(format!("{name}.bias"), c, T::ZERO),
            running_mean: b.buffer(format!("{name}.running_mean"), c, T::ZERO),
            running_var: b.buffer(format!("{name}.running_var"), c, T::ONE),
        }
    }

    /// The place of its running mean, which tells its set of running statistics from others.
    pub fn running_mean(&self) -> ParamId {
        self.running_mean
    }

    /// The same with the same scale and shift, but running statistics of its own: buffers
    /// `NAME.running_mean` and `NAME.running_var` that start where the present ones are.
    ///
    /// # Panics
    /// If these names are taken.
    #[track_caller]
    pub fn with_own_statistics<T: Scalar>(&self, params: &mut Params<T>, name: &str) -> Self {
        let [mean, var] = [self.running_mean, self.running_var].map(|id| params.value(id).clone());
        BatchNorm {
            running_mean: params.add_buffer(format!("{name}.running_mean"), mean),
            running_var: params.add_buffer(format!("{name}.running_var"), var),
            ..self.clone()
        }
    }

    /// Normalises; in training mode leaves the batch statistics with the pass.
    #[track_caller]
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let [scale, shift] = self.params(pass);
        let statistics = self.statistics(pass);
        let (y, moments) = op::batch_norm(&mut pass.tape, x, &scale, &shift, statistics);
        self.leave(pass, moments);
        y
    }

    /// Normalises and rectifies.
    #[track_caller]
    pub fn forward_relu<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        if !pass.fuses {
            let y = self.forward(pass, x);
            return op::relu(&mut pass.tape, &y);
        }
        let [scale, shift] = self.params(pass);
        let statistics = self.statistics(pass);
        let (z, moments) = op::norm_relu(&mut pass.tape, x, &scale, &shift, statistics);
        self.leave(pass, moments);
        z
    }

    /// Scale and shift, as leaves of the tape.
    pub(super) fn params<T: Scalar>(&self, pass: &mut Pass<'_, T>) -> [Var<T>; 2] {
        [pass.param(self.scale), pass.param(self.shift)]
    }

    /// The statistics that normalise in the mode of the pass.
    pub(super) fn statistics<'a, T: Scalar>(&self, pass: &Pass<'a, T>) -> Statistics<'a, T> {
        match pass.mode {
            Mode::Train => Statistics::Batch,
            Mode::Eval => Statistics::Running {
                mean: pass.value(self.running_mean),
                var: pass.value(self.running_var),
            },
        }
    }

    /// Leaves the moments of a batch with the pass.
    pub(super) fn leave<T: Scalar>(&self, pass: &mut Pass<'_, T>, moments: Option<Moments>) {
        pass.statistics.extend(moments.map(|moments| BatchStatistics {
            running_mean: self.running_mean,
            running_var: self.running_var,
            moments,
        }));
    }
}
