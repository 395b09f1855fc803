//! What a unit computes along a route.

use nn::{Joint, Pass, Route, Var, op};
use tensor::{Scalar, Tensor, threads};

use super::{Join, Padding, Skip, Unit};
use crate::sites::{Place, Probe};

/// How a unit is run.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// Its index in the network, under which sweeps find its joints.
    pub(crate) id: usize,
    /// The terms that are taken.
    pub(crate) route: Route,
    /// What the branches are multiplied with where the skip is taken too.
    pub(crate) scale: f64,
}

/// The sum of some terms, and which they are.
type Terms<T> = (Var<T>, Route);

impl Unit {
    /// The unit's output on `x`, with its sites shown to `probe`.
    ///
    /// # Panics
    /// If the unit has no such route; plans are checked before they run.
    #[track_caller]
    pub(crate) fn forward<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        run: Run,
        probe: &mut Probe<'_, T>,
    ) -> Var<T> {
        let Run { id, route, scale } = run;
        assert!(
            route == Route::SKIP && self.is_deletable()
                || !route.is_empty() && route.is_within(self.intact_route()),
            "unit {} has no route {route}",
            self.name
        );
        let shown = probe.replacement(pass, id, Place::Input, x);
        let c = self.pre.forward(pass, shown.as_ref().unwrap_or(x));
        let skip = route.skip.then(|| {
            let skip = self.skip.forward(pass, &c);
            (probe.show(pass, id, Place::Skip, skip), Route::SKIP)
        });
        let scale = if route.skip { scale } else { 1.0 };
        let y = if self.merge.is_empty() && self.join == Join::Sum {
            self.add_branches(pass, &c, skip, Run { scale, ..run }, probe)
        } else {
            // The branches by themselves: something happens to them before the sum.
            let branches = self.add_branches(pass, &c, None, Run { scale: 1.0, ..run }, probe);
            let merged = branches.map(|(h, terms)| (self.merge.forward(pass, &h), terms));
            match (skip, merged) {
                (Some(skip), Some(h)) => {
                    Some((self.join(pass, &c, skip, h, Run { scale, ..run }, probe), route))
                }
                (skip, h) => skip.or(h),
            }
        };
        let (y, _) = y.expect("a route takes a term");
        let y = self.post.forward(pass, &y);
        probe.show(pass, id, Place::Output, y)
    }

    /// The taken branches, one after the other added to `sum`. Where the pass has parts they
    /// are computed side by side, and added in the same order.
    fn add_branches<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        c: &Var<T>,
        mut sum: Option<Terms<T>>,
        Run { id, route, scale }: Run,
        probe: &mut Probe<'_, T>,
    ) -> Option<Terms<T>> {
        let mut apart = self.side_by_side(pass, c, route).into_iter();
        for i in self.taken(route) {
            let (branch, place, right) = (&self.branches[i], Place::Branch(i), Route::only(i));
            let own = apart.next();
            // On its own if it is wanted on its own, else onto the sum.
            let is_fused = own.is_none() && scale == 1.0 && !probe.wants(id, place);
            let by_itself = |pass: &mut Pass<'_, T>| match own {
                Some(h) => pass.tape.constant(h),
                None => branch.forward(pass, c),
            };
            sum = Some(match sum {
                Some((left, terms)) => {
                    let joint = Joint { unit: id, left: terms, right };
                    let y = if is_fused {
                        branch.forward_onto(pass, c, Some((&left, joint)))
                    } else {
                        let h = by_itself(pass);
                        let h = probe.show(pass, id, place, h);
                        let h = scaled(pass, h, scale);
                        op::join_at(&mut pass.tape, &left, &h, joint)
                    };
                    (y, terms.and(right))
                }
                None => {
                    let h = by_itself(pass);
                    (probe.show(pass, id, place, h), right)
                }
            });
        }
        sum
    }

    /// The branches that a route takes.
    fn taken(&self, route: Route) -> impl Iterator<Item = usize> + use<> {
        (0..self.branches.len()).filter(move |&i| route.meets(Route::only(i)))
    }

    /// The outputs of the branches of a route, each computed on a thread of its own; none where
    /// there is one branch, or the pass has no parts.
    fn side_by_side<T: Scalar>(
        &self,
        pass: &Pass<'_, T>,
        c: &Var<T>,
        route: Route,
    ) -> Vec<Tensor<T>> {
        let Some(parts) = pass.parts().filter(|_| self.taken(route).nth(1).is_some()) else {
            return Vec::new();
        };
        let taken: Vec<usize> = self.taken(route).collect();
        let input = c.value();
        threads::side_by_side(taken.len(), |place| {
            let mut part = parts.pass();
            let c = part.tape.constant(input.clone());
            self.branches[taken[place]].forward(&mut part, &c).into_value()
        })
    }

    /// The skip and the merged branches, joined.
    fn join<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        c: &Var<T>,
        (skip, left): Terms<T>,
        (h, right): Terms<T>,
        Run { id, scale, .. }: Run,
        probe: &mut Probe<'_, T>,
    ) -> Var<T> {
        let (skip, h) = match &self.join {
            Join::Sum => (skip, h),
            Join::Gate(gate) => {
                let t = gate.forward(pass, c);
                let t = op::sigmoid(&mut pass.tape, &t);
                let t = probe.show(pass, id, Place::Gate, t);
                let carried = op::carry(&mut pass.tape, &t, &skip);
                (carried, op::mul(&mut pass.tape, &t, &h))
            }
        };
        let h = scaled(pass, h, scale);
        op::join_at(&mut pass.tape, &skip, &h, Joint { unit: id, left, right })
    }
}

impl Skip {
    /// The skip term. Without a skip the identity stands in.
    fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, c: &Var<T>) -> Var<T> {
        match self {
            Skip::None | Skip::Identity => c.clone(),
            Skip::OptionA(padding) => {
                let Padding { c_out, before, stride } = *padding;
                op::shortcut(&mut pass.tape, c, [before, c_out], stride)
            }
            Skip::Layers(layers) => layers.forward(pass, c),
        }
    }
}

/// `scale h`; at 1 the value itself.
fn scaled<T: Scalar>(pass: &mut Pass<'_, T>, h: Var<T>, scale: f64) -> Var<T> {
    if scale == 1.0 { h } else { op::scale(&mut pass.tape, &h, T::from_f64(scale)) }
}
