//! The reverse sweep, ordinary or routed.

use serde::{Deserialize, Serialize};
use tensor::{Scalar, Tensor};

use super::{Cotangent, Grads, Kind, Node, Tape, Var};

/// Which terms of a residual unit's sum are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Skip and branch: the unit as it was built.
    Both,
    /// The skip alone: the unit is deleted.
    Skip,
    /// The branch alone.
    Branch,
}

impl Route {
    /// Whether the skip is taken.
    pub fn has_skip(self) -> bool {
        self != Route::Branch
    }

    /// Whether the branch is taken.
    pub fn has_branch(self) -> bool {
        self != Route::Skip
    }
}

/// What a sweep delivers and the way it takes.
#[derive(Debug, Clone, Default)]
pub struct Sweep {
    /// Leave the parameters' gradients out, which saves a third of the work.
    pub skip_params: bool,
    /// The route at the sum of unit `i`; units beyond the end take `Both`.
    pub routes: Vec<Route>,
}

impl Sweep {
    /// Input gradients only, along the given routes.
    pub fn along(routes: Vec<Route>) -> Self {
        Sweep { skip_params: true, routes }
    }

    fn takes(&self, unit: usize) -> [bool; 2] {
        let route = self.routes.get(unit).copied().unwrap_or(Route::Both);
        [route.has_skip(), route.has_branch()]
    }
}

impl<T: Scalar> Tape<T> {
    /// The gradients of the scalar `loss` in all parameters and inputs. Each
    /// node is freed as the sweep passes it.
    ///
    /// # Panics
    /// If `loss` is not a single element, or this tape has not recorded it.
    #[track_caller]
    pub fn backward(mut self, loss: &Var<T>) -> Grads<T> {
        assert!(loss.value.len() == 1, "backward: the loss has shape {}", loss.value.shape());
        let sweep = Sweep::default();
        let mut grads = self.seed(loss, Tensor::full(loss.value.shape(), T::ONE));
        let is_needed = self.needed(&sweep);
        while let Some(node) = self.nodes.pop() {
            step(self.nodes.len(), &node, &sweep, &is_needed, &mut grads);
        }
        grads
    }

    /// The vector-Jacobian product `dy^T d(y) / d(inputs, parameters)` along
    /// the routes of `sweep`; the tape stays as it is.
    ///
    /// # Panics
    /// If `dy` has another shape than `y`, or this tape has not recorded `y`.
    #[track_caller]
    pub fn vjp(&self, y: &Var<T>, dy: Tensor<T>, sweep: &Sweep) -> Grads<T> {
        assert!(
            y.value.shape() == dy.shape(),
            "vjp: a cotangent of shape {} for a value of shape {}",
            dy.shape(),
            y.value.shape()
        );
        let mut grads = self.seed(y, dy);
        let is_needed = self.needed(sweep);
        for (i, node) in self.nodes.iter().enumerate().rev() {
            step(i, node, sweep, &is_needed, &mut grads);
        }
        grads
    }

    #[track_caller]
    fn seed(&self, y: &Var<T>, dy: Tensor<T>) -> Grads<T> {
        let node = y.node.filter(|&node| node < self.nodes.len());
        let mut grads = Grads::new(self.nodes.len());
        grads.add(
            node.expect("a sweep starts at a value that the tape has recorded"),
            Cotangent::Whole(dy),
        );
        grads
    }

    /// Whether each node leads to a leaf whose gradient is wanted.
    fn needed(&self, sweep: &Sweep) -> Vec<bool> {
        let mut needed = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            needed.push(match node.kind {
                Kind::Input => true,
                Kind::Param(_) => !sweep.skip_params,
                Kind::Op(_) | Kind::Join { .. } => {
                    node.inputs.iter().flatten().any(|&input| needed[input])
                }
            });
        }
        needed
    }
}

/// Hands the cotangent at node `i` on to its inputs.
fn step<T: Scalar>(
    i: usize,
    node: &Node<T>,
    sweep: &Sweep,
    is_needed: &[bool],
    grads: &mut Grads<T>,
) {
    if !is_needed[i] {
        return;
    }
    let Some(dy) = grads.take(i) else { return };
    let wants = |input: &Option<usize>| input.is_some_and(|input| is_needed[input]);
    match &node.kind {
        Kind::Input => grads.add(i, Cotangent::Whole(dy.whole())),
        Kind::Param(id) => grads.add_param(*id, dy.whole()),
        Kind::Join { unit } => {
            let dy = dy.whole();
            for (input, is_taken) in node.inputs.iter().zip(sweep.takes(*unit)) {
                if let Some(input) = *input
                    && is_taken
                    && is_needed[input]
                {
                    grads.add(input, Cotangent::Whole(dy.clone()));
                }
            }
        }
        Kind::Op(rule) => {
            let wanted: Vec<bool> = node.inputs.iter().map(wants).collect();
            let cotangents = rule.backward_pending(dy, &wanted);
            for (input, cotangent) in node.inputs.iter().zip(cotangents) {
                if let (Some(input), Some(cotangent)) = (*input, cotangent) {
                    grads.add(input, cotangent);
                }
            }
        }
    }
}
