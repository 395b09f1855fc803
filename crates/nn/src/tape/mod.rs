//! The tape: ops in the order they ran, each with the rule of its gradient.

mod cotangent;
mod degrees;
mod grads;
mod joint;
mod per_input;
mod rules;
mod sweep;

use tensor::kernel::batch_norm::Moments;
use tensor::{Scalar, Tensor};

pub use cotangent::{Cotangent, Pending};
pub use grads::Grads;
pub use joint::Joint;
pub use per_input::PerInput;
pub use sweep::Sweep;

use crate::ParamId;
use grads::Places;
use rules::{Boxes, Held};

/// A value, and the node that made it if a tape recorded it.
#[derive(Debug, Clone)]
pub struct Var<T: Scalar> {
    value: Tensor<T>,
    node: Option<usize>,
    /// The moments of the channels, if the op that made the value has computed them.
    moments: Option<Moments>,
}

impl<T: Scalar> Var<T> {
    /// The value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// The moments of the value's channels (its last dimension). If the op that made the
    /// value has not computed them on the way, this does.
    pub fn moments(&self) -> Moments {
        let take = || Moments::of(self.value.as_slice(), self.value.shape().channels());
        self.moments.clone().unwrap_or_else(take)
    }

    pub(crate) fn with_moments(self, moments: Option<Moments>) -> Var<T> {
        Var { moments, ..self }
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
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>>;

    /// The same for ops that take or leave a batch norm [pending](Pending).
    fn backward_pending(&self, dy: Cotangent<T>, wanted: &[bool]) -> PerInput<Cotangent<T>> {
        self.backward(&dy.whole(), wanted).map(Cotangent::Whole)
    }
}

enum Kind<T: Scalar> {
    /// A value whose gradient is wanted.
    Input,
    /// A parameter.
    Param(ParamId),
    /// The result of an op.
    Op(Held<T>),
    /// The sum of two parts of a residual unit: where a sweep is routed.
    Join(Joint),
}

struct Node<T: Scalar> {
    /// The nodes of the inputs; `None` for constants.
    inputs: PerInput<usize>,
    kind: Kind<T>,
}

/// A record of ops. On a tape that is [`off`](Tape::off), ops only compute their values
/// and nothing is recorded.
pub struct Tape<T: Scalar> {
    nodes: Vec<Node<T>>,
    is_recording: bool,
    /// Memory for the next rules.
    boxes: Boxes<T>,
    /// Memory for the next sweep.
    places: Places<T>,
}

impl<T: Scalar> Tape<T> {
    /// A tape that records.
    pub fn recording() -> Self {
        Self::empty(true)
    }

    /// A tape that does not record.
    pub fn off() -> Self {
        Self::empty(false)
    }

    fn empty(is_recording: bool) -> Self {
        let (boxes, places) = (Boxes::default(), Places::default());
        Tape { nodes: Vec::new(), is_recording, boxes, places }
    }

    /// A value without a gradient.
    pub fn constant(&mut self, value: Tensor<T>) -> Var<T> {
        Var { value, node: None, moments: None }
    }

    /// A value whose gradient a sweep delivers.
    pub fn input(&mut self, value: Tensor<T>) -> Var<T> {
        self.push(value, [], || Kind::Input)
    }

    /// A parameter's value.
    pub fn param(&mut self, id: ParamId, value: Tensor<T>) -> Var<T> {
        self.push(value, [], || Kind::Param(id))
    }

    /// The result of an op. `rule` runs only if the tape records and an input has a
    /// gradient, so an op saves only what a sweep can need.
    pub fn op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        let node = self.op_node(inputs, rule);
        Var { value, node, moments: None }
    }

    /// The sum of two parts of a residual unit, at the joint by which a sweep finds it.
    pub(crate) fn join(
        &mut self,
        value: Tensor<T>,
        left: &Var<T>,
        right: &Var<T>,
        joint: Joint,
    ) -> Var<T> {
        self.push(value, [left.node, right.node], || Kind::Join(joint))
    }

    /// [`Tape::op`] and [`Tape::join`] at once, for a kernel that never makes the right
    /// part on its own: `value` is the sum, `inputs` and `rule` are those of that part.
    pub(crate) fn joined_op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        left: &Var<T>,
        joint: Joint,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        let right = self.op_node(inputs, rule);
        self.push(value, [left.node, right], || Kind::Join(joint))
    }

    fn op_node<R: Rule<T> + 'static>(
        &mut self,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Option<usize> {
        let inputs: PerInput<usize> = inputs.iter().map(|var| var.node).collect();
        if !self.is_recording || inputs.iter().all(|input| input.is_none()) {
            return None;
        }
        let kind = Kind::Op(self.boxes.hold(rule()));
        self.node(inputs, || kind)
    }

    fn push<const N: usize>(
        &mut self,
        value: Tensor<T>,
        inputs: [Option<usize>; N],
        kind: impl FnOnce() -> Kind<T>,
    ) -> Var<T> {
        let node = self.node(inputs.into(), kind);
        Var { value, node, moments: None }
    }

    fn node(&mut self, inputs: PerInput<usize>, kind: impl FnOnce() -> Kind<T>) -> Option<usize> {
        if !self.is_recording {
            return None;
        }
        self.nodes.push(Node { inputs, kind: kind() });
        Some(self.nodes.len() - 1)
    }
}
