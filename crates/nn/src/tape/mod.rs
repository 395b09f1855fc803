//! The tape: ops in the order they ran, each with the rule of its gradient.

mod cotangent;
mod degrees;
mod grads;
mod id;
mod joint;
mod misuse;
mod per_input;
mod rules;
mod sweep;
mod var;

use std::collections::HashMap;

use tensor::{Scalar, Tensor};

pub use cotangent::{Cotangent, Pending};
pub use grads::Grads;
pub use joint::Joint;
pub use per_input::PerInput;
pub use sweep::Sweep;
pub use var::Var;

use crate::ParamId;
use grads::Places;
use id::TapeId;
use rules::{Boxes, Held};

/// The gradient rule of one op; holds what the op saved for it.
///
/// An op of one's own is a value and its rule:
///
/// ```
/// use nn::{PerInput, Rule, Tape, Var};
/// use tensor::Tensor;
///
/// /// `y = e^x`, and `dx = dy y`.
/// fn exp(tape: &mut Tape<f64>, x: &Var<f64>) -> Var<f64> {
///     let y = x.value().map(f64::exp);
///     let saved = y.clone();
///     tape.op(y, &[x], || Exp { y: saved })
/// }
///
/// struct Exp {
///     y: Tensor<f64>,
/// }
///
/// impl Rule<f64> for Exp {
///     fn backward(&self, dy: &Tensor<f64>, _wanted: &[bool]) -> PerInput<Tensor<f64>> {
///         let (dy, y) = (dy.as_slice(), self.y.as_slice());
///         [Some(Tensor::from_fn(self.y.shape(), |i| dy[i] * y[i]))].into()
///     }
/// }
///
/// let mut tape = Tape::recording();
/// let x = tape.input(Tensor::full([1], 2.0));
/// let y = exp(&mut tape, &x);
/// let value = y.value().clone();
/// assert_eq!(tape.backward(&y).of(&x), Some(&value));
/// ```
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
    /// Whether a sweep keeps the gradient here; those of leaves it keeps anyway.
    is_watched: bool,
}

/// A record of ops. On a tape that is [`off`](Tape::off), ops only compute their values
/// and nothing is recorded.
///
/// ```
/// use nn::{Tape, op};
/// use tensor::Tensor;
///
/// // y = h^2 with h = 2 x, at x = 3.
/// let mut tape = Tape::<f64>::recording();
/// let x = tape.input(Tensor::full([1], 3.0));
/// let h = op::scale(&mut tape, &x, 2.0);
/// tape.watch(&h);
/// let y = op::mul(&mut tape, &h, &h);
/// let grads = tape.backward(&y);
/// assert_eq!(grads.of(&x).unwrap().as_slice(), [24.0]);
/// assert_eq!(grads.of(&h).unwrap().as_slice(), [12.0]);
/// ```
pub struct Tape<T: Scalar> {
    id: TapeId,
    nodes: Vec<Node<T>>,
    is_recording: bool,
    /// The units whose sums are on the tape.
    sums: HashMap<usize, SumOf>,
    /// Memory for the next rules.
    boxes: Boxes<T>,
    /// Memory for the next sweep.
    places: Places<T>,
}

/// How the sums of a unit came to be on a tape.
#[derive(Clone, Copy, PartialEq)]
enum SumOf {
    /// By [`op::join`](crate::op::join), which gives the id away for good.
    Once,
    /// By [`op::join_at`](crate::op::join_at), whose joints may share it.
    Joints,
}

impl<T: Scalar> Tape<T> {
    /// A tape that records.
    #[track_caller]
    pub fn recording() -> Self {
        Self::empty(true)
    }

    /// A tape that does not record.
    #[track_caller]
    pub fn off() -> Self {
        Self::empty(false)
    }

    /// Whether ops leave nodes.
    pub(crate) fn is_recording(&self) -> bool {
        self.is_recording
    }

    #[track_caller]
    fn empty(is_recording: bool) -> Self {
        Tape {
            id: TapeId::new(),
            nodes: Vec::new(),
            is_recording,
            sums: HashMap::new(),
            boxes: Boxes::default(),
            places: Places::default(),
        }
    }

    /// A value without a gradient.
    pub fn constant(&mut self, value: Tensor<T>) -> Var<T> {
        Var::new(value, self.id, None)
    }

    /// A value whose gradient a sweep delivers.
    pub fn input(&mut self, value: Tensor<T>) -> Var<T> {
        self.push(value, [], || Kind::Input)
    }

    /// A parameter's value.
    pub fn param(&mut self, id: ParamId, value: Tensor<T>) -> Var<T> {
        self.push(value, [], || Kind::Param(id))
    }

    /// Has the sweeps that follow keep the gradient in `var`, the result of an op, for
    /// [`Grads::of`]. Those of inputs and parameters are kept anyway. No bit of any other
    /// gradient depends on it.
    ///
    /// # Panics
    /// If `var` belongs to another tape, or is a constant or computed from constants alone.
    #[track_caller]
    pub fn watch(&mut self, var: &Var<T>) {
        self.require(var);
        if !self.is_recording {
            return;
        }
        let node = var.node.expect(
            "watch: a constant, and what is computed from constants alone, does not have a \
             gradient; where one is wanted make it a Tape::input",
        );
        let node = &mut self.nodes[node];
        node.is_watched = matches!(node.kind, Kind::Op(_) | Kind::Join(_));
    }

    /// The result of an op. `rule` runs only if the tape records and an input has a
    /// gradient, so an op saves only what a sweep can need.
    ///
    /// # Panics
    /// If an input belongs to another tape, or there are more than four.
    #[track_caller]
    pub fn op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        let node = self.op_node(inputs, rule);
        Var::new(value, self.id, node)
    }

    /// The sum of two parts of a residual unit, at the joint by which a sweep finds it.
    /// With `is_only` the unit does not have any other on this tape.
    #[track_caller]
    pub(crate) fn join(
        &mut self,
        value: Tensor<T>,
        left: &Var<T>,
        right: &Var<T>,
        joint: Joint,
        is_only: bool,
    ) -> Var<T> {
        self.require(left);
        self.require(right);
        self.note_sum(joint.unit, if is_only { SumOf::Once } else { SumOf::Joints });
        self.push(value, [left.node, right.node], || Kind::Join(joint))
    }

    /// [`Tape::op`] and [`Tape::join`] at once, for a kernel that never makes the right
    /// part on its own: `value` is the sum, `inputs` and `rule` are those of that part.
    #[track_caller]
    pub(crate) fn joined_op<R: Rule<T> + 'static>(
        &mut self,
        value: Tensor<T>,
        left: &Var<T>,
        joint: Joint,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Var<T> {
        self.require(left);
        self.note_sum(joint.unit, SumOf::Joints);
        let right = self.op_node(inputs, rule);
        self.push(value, [left.node, right], || Kind::Join(joint))
    }

    #[track_caller]
    fn op_node<R: Rule<T> + 'static>(
        &mut self,
        inputs: &[&Var<T>],
        rule: impl FnOnce() -> R,
    ) -> Option<usize> {
        for var in inputs {
            self.require(var);
        }
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
        Var::new(value, self.id, node)
    }

    fn node(&mut self, inputs: PerInput<usize>, kind: impl FnOnce() -> Kind<T>) -> Option<usize> {
        if !self.is_recording {
            return None;
        }
        self.nodes.push(Node { inputs, kind: kind(), is_watched: false });
        Some(self.nodes.len() - 1)
    }
}
