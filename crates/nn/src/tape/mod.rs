//! The tape: ops in the order they ran, each with the rule of its gradient.

mod grads;
mod sweep;

use tensor::{Scalar, Tensor};

pub use grads::Grads;
pub use sweep::{Route, Sweep};

use crate::ParamId;

/// A value, and the node that made it if a tape recorded it.
#[derive(Debug, Clone)]
pub struct Var<T: Scalar> {
    value: Tensor<T>,
    node: Option<usize>,
}

impl<T: Scalar> Var<T> {
    /// The value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
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
        Var { value, node: None }
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
        let inputs: Vec<_> = inputs.iter().map(|var| var.node).collect();
        if inputs.iter().all(Option::is_none) {
            return self.constant(value);
        }
        self.push(value, inputs, || Kind::Op(Box::new(rule())))
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

    fn push(
        &mut self,
        value: Tensor<T>,
        inputs: Vec<Option<usize>>,
        kind: impl FnOnce() -> Kind<T>,
    ) -> Var<T> {
        if !self.is_recording {
            return self.constant(value);
        }
        self.nodes.push(Node { inputs, kind: kind() });
        Var { value, node: Some(self.nodes.len() - 1) }
    }
}
