//! What a sweep delivers.

use std::fmt;

use tensor::{Scalar, Tensor};

use super::degrees::ByDegree;
use super::{Cotangent, Tape, Var};
use crate::ParamId;

/// The gradients at the leaves of a tape.
pub struct Grads<T: Scalar> {
    places: Places<T>,
    /// Empty, in the memory of the tape that was swept.
    tape: Tape<T>,
}

/// The memory of a sweep.
pub(super) struct Places<T: Scalar> {
    by_node: Vec<Option<Cotangent<T>>>,
    by_param: Vec<Option<Tensor<T>>>,
    /// Whether each node leads to a leaf whose gradient is wanted.
    pub(super) is_needed: Vec<bool>,
    /// What a sweep by degrees has for nodes that it has not reached yet.
    pub(super) by_degree: ByDegree<T>,
}

impl<T: Scalar> Default for Places<T> {
    fn default() -> Self {
        Places {
            by_node: Vec::new(),
            by_param: Vec::new(),
            is_needed: Vec::new(),
            by_degree: ByDegree::default(),
        }
    }
}

impl<T: Scalar> Grads<T> {
    pub(super) fn new(places: Places<T>, tape: Tape<T>) -> Self {
        Grads { places, tape }
    }

    /// The gradient at an input; `None` if nothing reached it.
    pub fn of(&self, var: &Var<T>) -> Option<&Tensor<T>> {
        match self.places.by_node[var.node?].as_ref()? {
            Cotangent::Whole(grad) => Some(grad),
            Cotangent::Pending(_) => unreachable!("a sweep leaves the gradients of inputs whole"),
        }
    }

    /// The gradient of a parameter; `None` if nothing reached it.
    pub fn param(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.places.by_param.get(id.index())?.as_ref()
    }

    /// Frees the gradients, and turns the memory around them, and that of a tape that
    /// [`Tape::backward`] has swept, into a tape that records. A training that continues
    /// with it does not allocate from the second step on.
    pub fn into_tape(self) -> Tape<T> {
        let Grads { mut places, mut tape } = self;
        places.by_node.clear();
        places.by_param.clear();
        places.is_needed.clear();
        places.by_degree.clear();
        tape.places = places;
        tape
    }
}

impl<T: Scalar> fmt::Debug for Grads<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Places { by_node, by_param, .. } = &self.places;
        f.debug_struct("Grads").field("by_node", by_node).field("by_param", by_param).finish()
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
