//! Stochastic gradient descent with momentum.

use tensor::{Scalar, Tensor};

use crate::{Grads, ParamId, Params};

/// SGD as PyTorch does it, with `g' = g + weight_decay w`:
/// `v = momentum v + g'`, then `w -= lr v`, or `w -= lr (g' + momentum v)` if
/// Nesterov. The learning rate is not part of `v`.
///
/// A parameter without a gradient in a step is left entirely alone: no decay,
/// no momentum.
#[derive(Debug, Clone)]
pub struct Sgd<T: Scalar> {
    /// The part of the velocity that a step keeps.
    pub momentum: f64,
    /// Look ahead (Nesterov 1983, in the form of Sutskever et al. 2013).
    pub nesterov: bool,
    /// L2 penalty, on every parameter.
    pub weight_decay: f64,
    velocity: Vec<Option<Tensor<T>>>,
}

impl<T: Scalar> Sgd<T> {
    /// An optimiser at rest.
    pub fn new(momentum: f64, nesterov: bool, weight_decay: f64) -> Self {
        Sgd { momentum, nesterov, weight_decay, velocity: Vec::new() }
    }

    /// One step along `grads` with the learning rate `lr`.
    pub fn step(&mut self, params: &mut Params<T>, grads: &Grads<T>, lr: f64) {
        let trained: Vec<ParamId> =
            params.iter().filter(|(_, p)| p.is_trained).map(|(id, _)| id).collect();
        for id in trained {
            if let Some(grad) = grads.param(id) {
                self.step_one(id, params.value_mut(id), grad, lr);
            }
        }
    }

    fn step_one(&mut self, id: ParamId, w: &mut Tensor<T>, grad: &Tensor<T>, lr: f64) {
        let [momentum, decay, lr] = [self.momentum, self.weight_decay, lr].map(T::from_f64);
        let nesterov = self.nesterov;
        let velocity = self.velocity_mut(id).get_or_insert_with(|| Tensor::zeros(grad.shape()));
        let velocity = velocity.as_mut_slice();
        let entries = w.as_mut_slice().iter_mut().zip(velocity).zip(grad.as_slice());
        for ((w, v), &g) in entries {
            let g = g + decay * *w;
            *v = momentum * *v + g;
            *w -= lr * if nesterov { g + momentum * *v } else { *v };
        }
    }

    /// The velocity of a parameter; `None` before its first step.
    pub fn velocity(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.velocity.get(id.index())?.as_ref()
    }

    /// The velocity of a parameter, to restore it from a checkpoint.
    pub fn velocity_mut(&mut self, id: ParamId) -> &mut Option<Tensor<T>> {
        if self.velocity.len() <= id.index() {
            self.velocity.resize_with(id.index() + 1, || None);
        }
        &mut self.velocity[id.index()]
    }
}
