//! The tape: ops in the order they ran, each with the rule of its gradient.

mod cotangent;
mod grads;
mod sweep;

use std::sync::Arc;

use tensor::kernel::batch_norm::Moments;
use tensor::{Scalar, Tensor};

pub use cotangent::{Cotangent, Pending};
pub use grads::Grads;
pub use sweep::{Route, Sweep};

use crate::ParamId;

/// A value, and the node that made it if a tape recorded it.
#[derive(Debug, Clone)]
pub struct Var<T: Scalar> {
    value: Tensor<T>,
    node: Option<usize>,
    /// Those of the channels, if what made the value has taken them.
    moments: Option<Arc<Moments>>,
}

impl<T: Scalar> Var<T> {
    /// The value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// The moments of the value's channels (its last dimension): those that the op
    /// which made it has taken in passing, or else taken now.
    pub fn moments(&self) -> Arc<Moments> {
        let take = || Arc::new(Moments::of(self.value.as_slice(), self.value.shape().channels()));
        self.moments.clone().unwrap_or_else(take)
    }

    pub(crate) fn with_moments(self, moments: Option<Moments>) -> Var<T> {
        Var { moments: moments.map(Arc::new), ..self }
    }

    /// The value, letting go of the tape.
    pub fn into_value(self) -> Tensor<T> {
        self.value
    }
}

/// The gradient rule of one op; holds what the op saved for it.
pub trait Rule<T: Scalar>: Send + Sync {
    /// The cotangents of the inputs from that of the output, in the order of
    /// the inputs; `None` where `wanted` is false.
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> Vec<Option<Tensor<T>>>;

    /// The same for ops that take or leave a batch norm [pending](Pending).
    fn backward_pending(&self, dy: Cotangent<T>, wanted: &[bool]) -> Vec<Option<Cotangent<T>>> {
        let whole = |grad: Option<Tensor<T>>| grad.map(Cotangent::Whole);
        self.backward(&dy.whole(), wanted).into_iter().map(whole).collect()
    }
}

enum Kind<T> {
    /// A value whose gradient is asked for.
    Input,
    /// A parameter.
    Param(ParamId),
    /// The result of an op.
    Op(Box<dyn Rule<T>>),
    /// The sum of a residual unit's terms, skip first: where a sweep is routed.
    Join { unit: usize },
}

struct Node<T> {
    /// The nodes of the inputs; `None` for constants.
    inputs: Vec<Option<usize>>,
    kind: Kind<T>,
}

/// A record of ops, or none: on a tape that is [`off`](Tape::off), ops compute
/// their values and save nothing.
pub struct Tape<T: Scalar> {
    nodes: Vec<Node<T>>,
    is_recording: bool,
}

impl<T: Scalar> Tape<T> {
    /// A tape that records.
    pub fn recording() -> Self {
        Tape { nodes: Vec::new(), is_recording: true }
    }

    /// A tape that does not.
    pub fn off() -> Self {
        Tape { nodes: Vec::new(), is_recording: false }
    }

    /// A value without a gradient.
    pub fn constant(&mut self, value: Tensor<T>) -> Var<T> {
        Var { value, node: None, moments: None }
    }

    /// A value whose gradient a sweep delivers.
    pub fn input(&mut self, value: Tensor<T>) -> Var<T> {
        self.push(value, vec![], || Kind::Input)
    }

    /// A parameter's value.
    pub fn param(&mut self, id: ParamId, value: Tensor<T>) -> Var<T> {
        self.push(value, vec![], || Kind::Param(id))
    }

    /// The result of an op. `rule` runs only if the tape records and an input
    /// has a gradient, so an op saves nothing that nobody will ask for.
    pub fn op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        let node = self.op_node(inputs, rule);
        Var { value, node, moments: None }
    }

    /// The sum of a residual unit's two terms. `unit` is the name under which
    /// [`Sweep::routes`] finds this sum.
    pub(crate) fn join(
        &mut self,
        value: Tensor<T>,
        skip: &Var<T>,
        branch: &Var<T>,
        unit: usize,
    ) -> Var<T> {
        self.push(value, vec![skip.node, branch.node], || Kind::Join { unit })
    }

    /// [`Tape::op`] and [`Tape::join`] at once, for a kernel that never makes the
    /// branch on its own: `value` is the sum, `inputs` and `rule` are the branch's.
    pub(crate) fn joined_op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        skip: &Var<T>,
        unit: usize,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        let branch = self.op_node(inputs, rule);
        self.push(value, vec![skip.node, branch], || Kind::Join { unit })
    }

    fn op_node<R: Rule<T> + 'static>(
        &mut self,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Option<usize> {
        let inputs: Vec<_> = inputs.iter().map(|var| var.node).collect();
        let is_constant = inputs.iter().all(Option::is_none);
        if is_constant { None } else { self.node(inputs, || Kind::Op(Box::new(rule()))) }
    }

    fn push(
        &mut self,
        value: Tensor<T>,
        inputs: Vec<Option<usize>>,
        kind: impl FnOnce() -> Kind<T>,
    ) -> Var<T> {
        let node = self.node(inputs, kind);
        Var { value, node, moments: None }
    }

    fn node(
        &mut self,
        inputs: Vec<Option<usize>>,
        kind: impl FnOnce() -> Kind<T>,
    ) -> Option<usize> {
        if !self.is_recording {
            return None;
        }
        self.nodes.push(Node { inputs, kind: kind() });
        Some(self.nodes.len() - 1)
    }
}
