//! A sweep along the paths of some lengths alone: cotangents that are polynomials.

use std::ops::RangeInclusive;

use tensor::{Scalar, Tensor};

use super::grads::Places;
use super::rules::Held;
use super::{Cotangent, Grads, Kind, Node, PerInput, Sweep, Tape, Var};

/// A cotangent for each node and degree.
pub(super) struct ByDegree<T: Scalar> {
    /// Those of node 0 by degree, of node 1, and so on.
    slots: Vec<Option<Cotangent<T>>>,
    /// Degrees of each node, from 0.
    degrees: usize,
}

impl<T: Scalar> Default for ByDegree<T> {
    fn default() -> Self {
        ByDegree { slots: Vec::new(), degrees: 0 }
    }
}

impl<T: Scalar> ByDegree<T> {
    /// An empty slot for each degree of each node.
    fn make_room(&mut self, nodes: usize, degrees: usize) {
        self.slots.resize_with(nodes * degrees, || None);
        self.degrees = degrees;
    }

    /// Frees the cotangents and keeps the memory around them.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    /// Adds to a cotangent; one of too high a degree is dropped.
    fn add(&mut self, node: usize, degree: usize, dy: Cotangent<T>) {
        if degree < self.degrees {
            let slot = &mut self.slots[node * self.degrees + degree];
            *slot = Some(plus(slot.take(), dy));
        }
    }

    fn get(&self, node: usize, degree: usize) -> Option<&Cotangent<T>> {
        self.slots[node * self.degrees + degree].as_ref()
    }

    fn take(&mut self, node: usize, degree: usize) -> Option<Cotangent<T>> {
        self.slots[node * self.degrees + degree].take()
    }

    /// How many degrees of a node, from `least` on, have a cotangent.
    fn count(&self, node: usize, least: usize) -> usize {
        let slots = &self.slots[node * self.degrees..][..self.degrees];
        slots.iter().skip(least).flatten().count()
    }
}

fn plus<T: Scalar>(sum: Option<Cotangent<T>>, dy: Cotangent<T>) -> Cotangent<T> {
    match sum {
        Some(sum) => sum.plus(dy),
        None => dy,
    }
}

impl<T: Scalar> Tape<T> {
    /// The gradients of the scalar `loss` along the paths through so many branches, in all
    /// parameters and inputs. Each node is freed as the sweep passes it.
    ///
    /// A path leads from a parameter or input to the loss. The cotangent is a polynomial
    /// in a marker `z`: at each [`join`](crate::op::join) the skip hands it on as it is
    /// and the branch multiplies it with `z`, so that the degree counts branches. Degrees
    /// above the range are dropped on the way, and what arrives is the sum of those in it. A
    /// parameter inside a branch is reached through that one at least. With all lengths from
    /// 0 to the number of joins this is [`Tape::backward`] up to rounding.
    ///
    /// What lies behind the last join, such as a classifier, has no branch to count. Its
    /// parameters get their gradient whatever the range.
    ///
    /// Ops are linear in their cotangents, so each degree goes through them by itself,
    /// except that the gradient of a parameter is taken once, of the sum.
    ///
    /// # Panics
    /// As [`Tape::backward`], or if the range is empty.
    #[track_caller]
    pub fn backward_through(mut self, loss: &Var<T>, branches: RangeInclusive<usize>) -> Grads<T> {
        let shape = loss.value.shape();
        assert!(loss.value.len() == 1, "backward_through: the loss has shape {shape}");
        assert!(!branches.is_empty(), "backward_through: no path has {branches:?} branches");
        let (sweep, places) = (Sweep::default(), std::mem::take(&mut self.places));
        let mut places = self.start(places, loss, Tensor::full(shape, T::ONE), &sweep);
        let top = loss.node.expect("a sweep has started there");
        let is_join = |node: &Node<T>| matches!(node.kind, Kind::Join { .. });
        let joins = self.nodes.iter().filter(|node| is_join(node)).count();
        let last_join = self.nodes.iter().rposition(is_join);
        places.by_degree.make_room(self.nodes.len(), (*branches.end()).min(joins) + 1);
        let dy = places.take(top).expect("a sweep has started there");
        places.by_degree.add(top, 0, dy);
        while let Some(node) = self.nodes.pop() {
            let is_behind = last_join.is_none_or(|join| self.nodes.len() > join);
            let least = if is_behind { 0 } else { *branches.start() };
            step(&self.nodes, &node, least, &mut places);
            if let Kind::Op(rule) = node.kind {
                self.boxes.take_back(rule);
            }
        }
        Grads::new(self.id, places, self, false)
    }
}

/// Hands the cotangents at the node that follows `earlier` on to its inputs; where they
/// arrive, those of `least` and higher degrees.
fn step<T: Scalar>(earlier: &[Node<T>], node: &Node<T>, least: usize, places: &mut Places<T>) {
    let i = earlier.len();
    if !places.is_needed[i] {
        return;
    }
    if let Kind::Op(rule) = &node.kind {
        return step_op(earlier, node, rule, least, places);
    }
    for degree in 0..places.by_degree.degrees {
        let Some(dy) = places.by_degree.take(i, degree) else { continue };
        let dy = dy.whole();
        if node.is_watched && degree >= least {
            places.add(i, Cotangent::Whole(dy.clone()));
        }
        match &node.kind {
            Kind::Input if degree >= least => places.add(i, Cotangent::Whole(dy)),
            Kind::Input => {}
            // Ops have left out what is too low.
            Kind::Param(id) => places.add_param(*id, dy),
            Kind::Join(joint) => {
                // A branch counts where the unit could have gone around it: where the sum
                // so far, on the left, holds the skip.
                let raised = [0, usize::from(joint.left.skip)];
                for (input, raised) in node.inputs.iter().zip(raised) {
                    let degree = degree + raised;
                    if let Some(&input) = input
                        && places.is_needed[input]
                        && (degree >= least || !is_param(&earlier[input]))
                    {
                        places.by_degree.add(input, degree, Cotangent::Whole(dy.clone()));
                    }
                }
            }
            Kind::Op(_) => unreachable!("ops have a step of their own"),
        }
    }
}

fn is_param<T: Scalar>(node: &Node<T>) -> bool {
    matches!(node.kind, Kind::Param(_))
}

fn step_op<T: Scalar>(
    earlier: &[Node<T>],
    node: &Node<T>,
    rule: &Held<T>,
    least: usize,
    places: &mut Places<T>,
) {
    let (i, inputs) = (earlier.len(), &node.inputs);
    let (mut values, mut params) = (Wanted::default(), Wanted::default());
    for (k, input) in inputs.iter().enumerate() {
        if let Some(&input) = input
            && places.is_needed[input]
        {
            if is_param(&earlier[input]) { params[k] = true } else { values[k] = true }
        }
    }
    if node.is_watched {
        for degree in least..places.by_degree.degrees {
            if let Some(dy) = places.by_degree.get(i, degree).cloned() {
                places.add(i, Cotangent::Whole(dy.whole()));
            }
        }
    }
    let by_degree = &mut places.by_degree;
    let (count, arriving) = (by_degree.count(i, 0), by_degree.count(i, least));
    let all = std::array::from_fn(|k| values[k] || params[k]);
    let (each, of_sum) = match (any(&values), any(&params) && arriving > 0) {
        // One degree alone is its own sum.
        (_, true) if count == 1 => (Some(&all), None),
        (true, true) => (Some(&values), Some(&params)),
        (true, false) => (Some(&values), None),
        (false, true) => (None, Some(&params)),
        (false, false) => (None, None),
    };
    let mut sum = None;
    for degree in 0..by_degree.degrees {
        let Some(dy) = by_degree.take(i, degree) else { continue };
        if of_sum.is_some() && degree >= least {
            sum = Some(plus(sum, dy.clone()));
        }
        if let Some(wanted) = each {
            hand_on(rule, dy, inputs, wanted, degree, by_degree);
        }
    }
    if let (Some(sum), Some(wanted)) = (sum, of_sum) {
        hand_on(rule, sum, inputs, wanted, 0, by_degree);
    }
}

/// Of which inputs a gradient is wanted.
type Wanted = [bool; PerInput::<usize>::MAX];

fn any(wanted: &Wanted) -> bool {
    wanted.contains(&true)
}

/// Hands a cotangent on to the wanted inputs of an op.
fn hand_on<T: Scalar>(
    rule: &Held<T>,
    dy: Cotangent<T>,
    inputs: &PerInput<usize>,
    wanted: &Wanted,
    degree: usize,
    by_degree: &mut ByDegree<T>,
) {
    let cotangents = rule.cotangents(dy, &wanted[..inputs.inputs()]);
    for (input, cotangent) in inputs.iter().zip(cotangents) {
        if let (Some(&input), Some(cotangent)) = (input, cotangent) {
            by_degree.add(input, degree, cotangent);
        }
    }
}
