//! What a sweep delivers.

use std::fmt;

use tensor::{Scalar, Tensor};

use super::degrees::ByDegree;
use super::id::TapeId;
use super::{Cotangent, Tape, Var};
use crate::ParamId;

/// The gradients in the inputs and parameters of a tape, and where else it was
/// [watched](Tape::watch).
///
/// ```
/// use nn::{Params, Tape, op};
/// use tensor::Tensor;
///
/// let mut params = Params::<f64>::new();
/// let w = params.add("w", Tensor::from_vec([1, 2], vec![3.0, 4.0]));
/// let mut tape = Tape::recording();
/// let x = tape.input(Tensor::from_vec([1, 2], vec![5.0, 6.0]));
/// let weight = tape.param(w, params.value(w).clone());
/// let aside = tape.input(Tensor::zeros([1]));
/// let y = op::linear(&mut tape, &x, &weight); // 3 * 5 + 4 * 6
/// let grads = tape.backward(&y);
/// assert_eq!(grads.of(&x).unwrap().as_slice(), [3.0, 4.0]);
/// assert_eq!(grads.param(w).unwrap().as_slice(), [5.0, 6.0]);
/// assert!(grads.of(&aside).is_none(), "it does not lead to y");
/// ```
pub struct Grads<T: Scalar> {
    /// The tape that was swept.
    swept: TapeId,
    /// Whether the sweep has left parameters out.
    skips_params: bool,
    places: Places<T>,
    /// Empty, in the memory of the tape that was swept.
    tape: Tape<T>,
}

/// The memory of a sweep.
pub(super) struct Places<T: Scalar> {
    by_node: Vec<Option<Cotangent<T>>>,
    by_param: Vec<Option<Tensor<T>>>,
    /// Where the gradient of each node is.
    pub(super) kept: Vec<Kept>,
    /// Whether each node is watched, or leads to a leaf whose gradient is wanted.
    pub(super) is_needed: Vec<bool>,
    /// What a sweep by degrees has for nodes that it has not reached yet.
    pub(super) by_degree: ByDegree<T>,
}

/// Where a sweep leaves the gradient of a node.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// At the node.
    Here,
    /// At a parameter, with those of its other uses.
    AtParam(ParamId),
    /// Nowhere, because nobody watches the node.
    Not,
}

impl<T: Scalar> Default for Places<T> {
    fn default() -> Self {
        Places {
            by_node: Vec::new(),
            by_param: Vec::new(),
            kept: Vec::new(),
            is_needed: Vec::new(),
            by_degree: ByDegree::default(),
        }
    }
}

impl<T: Scalar> Grads<T> {
    pub(super) fn new(swept: TapeId, places: Places<T>, tape: Tape<T>, skips_params: bool) -> Self {
        Grads { swept, skips_params, places, tape }
    }

    /// The gradient in an input, a parameter (the sum over all its uses) or a
    /// [watched](Tape::watch) variable; `None` if nothing reached it.
    ///
    /// # Panics
    /// If the sweep cannot have a gradient for `var`: a variable of another tape, a
    /// constant, the result of an op that was not watched before the sweep, or a parameter
    /// after a sweep without parameters. Also if a [`Rule`](crate::Rule) has delivered a
    /// gradient of another shape.
    #[track_caller]
    pub fn of(&self, var: &Var<T>) -> Option<&Tensor<T>> {
        if var.tape != self.swept {
            panic!(
                "Grads::of: a variable of {}, but these gradients are of {}",
                var.tape, self.swept
            );
        }
        let Some(node) = var.node else {
            panic!(
                "Grads::of: a constant, and what is computed from constants alone, does not have \
                 a gradient; where one is wanted make it a Tape::input"
            );
        };
        let grad = match self.places.kept.get(node) {
            Some(Kept::Here) => match self.places.by_node[node].as_ref()? {
                Cotangent::Whole(grad) => grad,
                Cotangent::Pending(_) => unreachable!("a sweep keeps gradients whole"),
            },
            Some(Kept::AtParam(id)) => self.param(*id)?,
            Some(Kept::Not) => panic!(
                "Grads::of: the result of an op keeps its gradient only if it is watched: call \
                 tape.watch(&var) before the sweep"
            ),
            None => panic!("Grads::of: the variable was recorded after this sweep"),
        };
        let (found, expected) = (grad.shape(), var.value.shape());
        assert!(found == expected, "a Rule delivered a gradient of shape {found} in {expected}");
        Some(grad)
    }

    /// The gradient of a parameter; `None` if nothing reached it.
    ///
    /// # Panics
    /// If the sweep has left parameters out.
    #[track_caller]
    pub fn param(&self, id: ParamId) -> Option<&Tensor<T>> {
        assert!(!self.skips_params, "this sweep has left parameters out (Sweep::skip_params)");
        self.places.by_param.get(id.index())?.as_ref()
    }

    /// The Euclidean norm of the gradients of all parameters together, added up in f64 in the
    /// order of the parameters.
    ///
    /// # Panics
    /// If the sweep has left parameters out.
    #[track_caller]
    pub fn norm(&self) -> f64 {
        assert!(!self.skips_params, "this sweep has left parameters out (Sweep::skip_params)");
        let squares = self.places.by_param.iter().flatten().map(|grad| grad.norm().powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// Multiplies the gradients of all parameters by `factor`.
    ///
    /// # Panics
    /// If the sweep has left parameters out.
    #[track_caller]
    pub fn scale_params(&mut self, factor: f64) {
        assert!(!self.skips_params, "this sweep has left parameters out (Sweep::skip_params)");
        let factor = T::from_f64(factor);
        for grad in self.places.by_param.iter_mut().flatten() {
            grad.as_mut_slice().iter_mut().for_each(|v| *v *= factor);
        }
    }

    /// Frees the gradients, and turns the memory around them, and that of a tape that
    /// [`Tape::backward`] has swept, into a tape that records. A training that continues
    /// with it does not allocate from the second step on. Variables of the old tape do not
    /// belong to the new one.
    #[track_caller]
    pub fn into_tape(self) -> Tape<T> {
        let Grads { mut places, mut tape, .. } = self;
        tape.id = TapeId::new();
        tape.sums.clear();
        places.by_node.clear();
        places.by_param.clear();
        places.kept.clear();
        places.is_needed.clear();
        places.by_degree.clear();
        tape.places = places;
        tape
    }
}

impl<T: Scalar> fmt::Debug for Grads<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Places { by_node, by_param, .. } = &self.places;
        let mut f = f.debug_struct("Grads");
        f.field("of", &format_args!("{}", self.swept)).field("by_node", by_node);
        f.field("by_param", by_param).finish()
    }
}

impl<T: Scalar> Places<T> {
    /// An empty place for each of that many nodes.
    pub(super) fn make_room(&mut self, nodes: usize) {
        self.by_node.resize_with(nodes, || None);
    }

    pub(super) fn add(&mut self, node: usize, grad: Cotangent<T>) {
        let place = &mut self.by_node[node];
        *place = Some(match place.take() {
            Some(sum) => sum.plus(grad),
            None => grad,
        });
    }

    pub(super) fn add_param(&mut self, id: ParamId, grad: Tensor<T>) {
        if self.by_param.len() <= id.index() {
            self.by_param.resize_with(id.index() + 1, || None);
        }
        let place = &mut self.by_param[id.index()];
        *place = Some(match place.take() {
            Some(sum) => Cotangent::Whole(sum).plus(Cotangent::Whole(grad)).whole(),
            None => grad,
        });
    }

    pub(super) fn take(&mut self, node: usize) -> Option<Cotangent<T>> {
        self.by_node[node].take()
    }
}
