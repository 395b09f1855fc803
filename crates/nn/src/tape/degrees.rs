//! A sweep along the short paths alone: cotangents that are polynomials.

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

    /// How many degrees of a node have a cotangent.
    fn count(&self, node: usize) -> usize {
        self.slots[node * self.degrees..][..self.degrees].iter().flatten().count()
    }
}

fn plus<T: Scalar>(sum: Option<Cotangent<T>>, dy: Cotangent<T>) -> Cotangent<T> {
    match sum {
        Some(sum) => sum.plus(dy),
        None => dy,
    }
}

impl<T: Scalar> Tape<T> {
    /// The gradients of the scalar `loss` along the paths with at most `branches`
    /// branches, in all parameters and inputs. Each node is freed as the sweep passes it.
    ///
    /// A path leads from a parameter or input to the loss. The cotangent is a polynomial
    /// in a marker `z`: at each [`join`](crate::op::join) the skip hands it on as it is
    /// and the branch multiplies it with `z`, so that the degree counts branches. Higher
    /// degrees are dropped on the way, and what arrives is the sum of the others. A
    /// parameter inside a branch is reached through that one at least. With as many
    /// branches as there are joins this is [`Tape::backward`] up to rounding.
    ///
    /// Ops are linear in their cotangents, so each degree goes through them by itself,
    /// except that the gradient of a parameter is taken once, of the sum.
    ///
    /// # Panics
    /// As [`Tape::backward`].
    #[track_caller]
    pub fn backward_up_to(mut self, loss: &Var<T>, branches: usize) -> Grads<T> {
        let shape = loss.value.shape();
        assert!(loss.value.len() == 1, "backward_up_to: the loss has shape {shape}");
        let (sweep, places) = (Sweep::default(), std::mem::take(&mut self.places));
        let mut places = self.start(places, loss, Tensor::full(shape, T::ONE), &sweep);
        let top = loss.node.expect("a sweep has started there");
        let is_join = |node: &&Node<T>| matches!(node.kind, Kind::Join { .. });
        let joins = self.nodes.iter().filter(is_join).count();
        places.by_degree.make_room(self.nodes.len(), branches.min(joins) + 1);
        let dy = places.take(top).expect("a sweep has started there");
        places.by_degree.add(top, 0, dy);
        while let Some(node) = self.nodes.pop() {
            step(&self.nodes, &node, &mut places);
            if let Kind::Op(rule) = node.kind {
                self.boxes.take_back(rule);
            }
        }
        Grads::new(self.id, places, self, false)
    }
}

/// Hands the cotangents at the node that follows `earlier` on to its inputs.
fn step<T: Scalar>(earlier: &[Node<T>], node: &Node<T>, places: &mut Places<T>) {
    let i = earlier.len();
    if !places.is_needed[i] {
        return;
    }
    if let Kind::Op(rule) = &node.kind {
        return step_op(earlier, node, rule, places);
    }
    for degree in 0..places.by_degree.degrees {
        let Some(dy) = places.by_degree.take(i, degree) else { continue };
        let dy = dy.whole();
        if node.is_watched {
            places.add(i, Cotangent::Whole(dy.clone()));
        }
        match &node.kind {
            Kind::Input => places.add(i, Cotangent::Whole(dy)),
            Kind::Param(id) => places.add_param(*id, dy),
            Kind::Join(joint) => {
                // A branch counts where the unit could have gone around it: where the sum
                // so far, on the left, holds the skip.
                let raised = [0, usize::from(joint.left.skip)];
                for (input, raised) in node.inputs.iter().zip(raised) {
                    if let Some(&input) = input
                        && places.is_needed[input]
                    {
                        let dy = Cotangent::Whole(dy.clone());
                        places.by_degree.add(input, degree + raised, dy);
                    }
                }
            }
            Kind::Op(_) => unreachable!("ops have a step of their own"),
        }
    }
}

fn step_op<T: Scalar>(earlier: &[Node<T>], node: &Node<T>, rule: &Held<T>, places: &mut Places<T>) {
    let (i, inputs) = (earlier.len(), &node.inputs);
    let (mut values, mut params) = (Wanted::default(), Wanted::default());
    for (k, input) in inputs.iter().enumerate() {
        if let Some(&input) = input
            && places.is_needed[input]
        {
            let is_param = matches!(earlier[input].kind, Kind::Param(_));
            if is_param { params[k] = true } else { values[k] = true }
        }
    }
    if node.is_watched {
        for degree in 0..places.by_degree.degrees {
            if let Some(dy) = places.by_degree.get(i, degree).cloned() {
                places.add(i, Cotangent::Whole(dy.whole()));
            }
        }
    }
    let by_degree = &mut places.by_degree;
    let all = std::array::from_fn(|k| values[k] || params[k]);
    let is_alone = by_degree.count(i) == 1;
    let (each, of_sum) = match (is_alone, any(&values), any(&params)) {
        // One degree alone is its own sum.
        (true, ..) => (Some(&all), None),
        (false, true, true) => (Some(&values), Some(&params)),
        (false, true, false) => (Some(&values), None),
        (false, false, _) => (None, Some(&params)),
    };
    let mut sum = None;
    for degree in 0..by_degree.degrees {
        let Some(dy) = by_degree.take(i, degree) else { continue };
        if of_sum.is_some() {
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
