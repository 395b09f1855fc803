//! What a sweep delivers.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use super::Var;
use crate::ParamId;

/// The gradients at the leaves of a tape.
#[derive(Debug)]
pub struct Grads<T: Scalar> {
    by_node: Vec<Option<Tensor<T>>>,
    by_param: Vec<Option<Tensor<T>>>,
}

impl<T: Scalar> Grads<T> {
    pub(super) fn new(nodes: usize) -> Self {
        Grads { by_node: (0..nodes).map(|_| None).collect(), by_param: Vec::new() }
    }

    /// The gradient at an input; `None` if nothing reached it.
    pub fn of(&self, var: &Var<T>) -> Option<&Tensor<T>> {
        self.by_node[var.node?].as_ref()
    }

    /// The gradient of a parameter; `None` if nothing reached it.
    pub fn param(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.by_param.get(id.index())?.as_ref()
    }

    pub(super) fn add(&mut self, node: usize, grad: Tensor<T>) {
        accumulate(&mut self.by_node[node], grad);
    }

    pub(super) fn add_param(&mut self, id: ParamId, grad: Tensor<T>) {
        if self.by_param.len() <= id.index() {
            self.by_param.resize_with(id.index() + 1, || None);
        }
        accumulate(&mut self.by_param[id.index()], grad);
    }

    pub(super) fn take(&mut self, node: usize) -> Option<Tensor<T>> {
        self.by_node[node].take()
    }
}

fn accumulate<T: Scalar>(place: &mut Option<Tensor<T>>, grad: Tensor<T>) {
    match place {
        Some(sum) => elementwise::add_assign(sum.as_mut_slice(), grad.as_slice()),
        None => *place = Some(grad),
    }
}
