//! What a sweep delivers.

use tensor::{Scalar, Tensor};

use super::{Cotangent, Var};
use crate::ParamId;

/// The gradients at the leaves of a tape.
#[derive(Debug)]
pub struct Grads<T: Scalar> {
    by_node: Vec<Option<Cotangent<T>>>,
    by_param: Vec<Option<Tensor<T>>>,
}

impl<T: Scalar> Grads<T> {
    pub(super) fn new(nodes: usize) -> Self {
        Grads { by_node: (0..nodes).map(|_| None).collect(), by_param: Vec::new() }
    }

    /// The gradient at an input; `None` if nothing reached it.
    pub fn of(&self, var: &Var<T>) -> Option<&Tensor<T>> {
        match self.by_node[var.node?].as_ref()? {
            Cotangent::Whole(grad) => Some(grad),
            Cotangent::Pending(_) => unreachable!("a sweep leaves the gradients of inputs whole"),
        }
    }

    /// The gradient of a parameter; `None` if nothing reached it.
    pub fn param(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.by_param.get(id.index())?.as_ref()
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
