//! The reverse sweep, ordinary or routed.

use tensor::{Scalar, Tensor};

use super::grads::{Kept, Places};
use super::{Cotangent, Grads, Joint, Kind, Node, PerInput, Tape, Var};
use crate::Route;

/// What a sweep delivers and the way it takes.
///
/// ```
/// use nn::{Route, Sweep, Tape, op};
/// use tensor::Tensor;
///
/// // y = x + 3 x, the sum of unit 0.
/// let mut tape = Tape::<f64>::recording();
/// let x = tape.input(Tensor::full([1], 1.0));
/// let branch = op::scale(&mut tape, &x, 3.0);
/// let y = op::join(&mut tape, &x, &branch, 0);
/// let along = |route| {
///     let grads = tape.vjp(&y, Tensor::full([1], 1.0), &Sweep::along(vec![route]));
///     grads.of(&x).unwrap().as_slice()[0]
/// };
/// assert_eq!([Route::SKIP, Route::BRANCH, Route::BOTH].map(along), [1.0, 3.0, 4.0]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sweep {
    /// Leave the parameters' gradients out, which saves a third of the work.
    pub skip_params: bool,
    /// The route at the sum of unit `i`; units beyond the end take all terms. Where a tape
    /// does not have a sum of the unit there is one way only, and its route is not asked.
    pub routes: Vec<Route>,
}

impl Sweep {
    /// Input gradients only, along the given routes.
    pub fn along(routes: Vec<Route>) -> Self {
        Sweep { skip_params: true, routes }
    }

    /// Whether the cotangent at a joint goes to its left and its right side: to those
    /// that hold a term of the route.
    ///
    /// # Panics
    /// If neither does: the sweep would end there without a word.
    #[track_caller]
    fn takes(&self, joint: Joint) -> [bool; 2] {
        let route = self.routes.get(joint.unit).copied().unwrap_or(Route::EVERY);
        let takes = [joint.left, joint.right].map(|side| side.meets(route));
        if takes == [false, false] {
            let (unit, terms) = (joint.unit, joint.left.and(joint.right));
            panic!("a sweep along route {route} of unit {unit}, whose sum has the terms {terms}");
        }
        takes
    }
}

impl<T: Scalar> Tape<T> {
    /// The gradients of the scalar `loss` in all parameters and inputs. Each
    /// node is freed as the sweep passes it.
    ///
    /// # Panics
    /// If `loss` is not a single element, belongs to another tape, or does not depend on any
    /// input or parameter that this tape has recorded.
    #[track_caller]
    pub fn backward(mut self, loss: &Var<T>) -> Grads<T> {
        assert!(loss.value.len() == 1, "backward: the loss has shape {}", loss.value.shape());
        let sweep = Sweep::default();
        let places = std::mem::take(&mut self.places);
        let mut places = self.start(places, loss, Tensor::full(loss.value.shape(), T::ONE), &sweep);
        while let Some(node) = self.nodes.pop() {
            step(self.nodes.len(), &node, &sweep, &mut places);
            if let Kind::Op(rule) = node.kind {
                self.boxes.take_back(rule);
            }
        }
        Grads::new(self.id, places, self, false)
    }

    /// The vector-Jacobian product `dy^T d(y) / d(inputs, parameters)` along
    /// the routes of `sweep`; the tape stays as it is.
    ///
    /// # Panics
    /// If `dy` has another shape than `y`, or `y` belongs to another tape, or does not depend
    /// on any input or parameter that this tape has recorded; also if a route does not take
    /// any term of its unit's sum.
    #[track_caller]
    pub fn vjp(&self, y: &Var<T>, dy: Tensor<T>, sweep: &Sweep) -> Grads<T> {
        assert!(
            y.value.shape() == dy.shape(),
            "vjp: a cotangent of shape {} for a value of shape {}",
            dy.shape(),
            y.value.shape()
        );
        let mut places = self.start(Places::default(), y, dy, sweep);
        for (i, node) in self.nodes.iter().enumerate().rev() {
            step(i, node, sweep, &mut places);
        }
        Grads::new(self.id, places, Tape::recording(), sweep.skip_params)
    }

    /// The places before the first step: a cotangent at `y` alone.
    #[track_caller]
    pub(super) fn start(
        &self,
        mut places: Places<T>,
        y: &Var<T>,
        dy: Tensor<T>,
        sweep: &Sweep,
    ) -> Places<T> {
        if y.tape != self.id {
            panic!("a sweep of {} cannot start at a variable of {}", self.id, y.tape);
        }
        assert!(self.is_recording, "a sweep needs a tape that records: {} is off", self.id);
        let node = y.node.expect(
            "a sweep starts at a value that depends on an input or a parameter; this one is made \
             of constants alone",
        );
        places.make_room(self.nodes.len());
        places.add(node, Cotangent::Whole(dy));
        for node in &self.nodes {
            let mut leads_on = node.inputs.iter().flatten().map(|&input| places.is_needed[input]);
            let (is_needed, kept) = match node.kind {
                Kind::Input => (true, Kept::Here),
                Kind::Param(id) => (!sweep.skip_params, Kept::AtParam(id)),
                Kind::Op(_) | Kind::Join(_) if node.is_watched => (true, Kept::Here),
                Kind::Op(_) | Kind::Join(_) => (leads_on.any(|is_needed| is_needed), Kept::Not),
            };
            places.is_needed.push(is_needed);
            places.kept.push(kept);
        }
        places
    }
}

/// Hands the cotangent at node `i` on to its inputs.
#[track_caller]
fn step<T: Scalar>(i: usize, node: &Node<T>, sweep: &Sweep, places: &mut Places<T>) {
    if !places.is_needed[i] {
        return;
    }
    let Some(dy) = places.take(i) else { return };
    if node.is_watched {
        places.add(i, Cotangent::Whole(dy.clone().whole()));
    }
    match &node.kind {
        Kind::Input => places.add(i, Cotangent::Whole(dy.whole())),
        Kind::Param(id) => places.add_param(*id, dy.whole()),
        Kind::Join(joint) => {
            let dy = dy.whole();
            for (input, is_taken) in node.inputs.iter().zip(sweep.takes(*joint)) {
                if let Some(&input) = input
                    && is_taken
                    && places.is_needed[input]
                {
                    places.add(input, Cotangent::Whole(dy.clone()));
                }
            }
        }
        Kind::Op(rule) => {
            let mut wanted = [false; PerInput::<usize>::MAX];
            for (wanted, input) in wanted.iter_mut().zip(node.inputs.iter()) {
                *wanted = input.is_some_and(|&input| places.is_needed[input]);
            }
            if !wanted.contains(&true) {
                return;
            }
            let cotangents = rule.cotangents(dy, &wanted[..node.inputs.inputs()]);
            for (input, cotangent) in node.inputs.iter().zip(cotangents) {
                if let (Some(&input), Some(cotangent)) = (input, cotangent) {
                    places.add(input, cotangent);
                }
            }
        }
    }
}
