//! Gradients along many backward plans, with the way that they share gone once.

use nn::Route;
use tensor::Scalar;

use super::{PathGradient, Recording, Scaled};
use crate::BackwardPlan;

impl<T: Scalar> Recording<T> {
    /// The gradient along each of these backward plans; `each` gets the place of a plan
    /// with its gradient, in an order of its own.
    ///
    /// From the loss downwards, plans with the same routes so far are one sweep. They form
    /// a tree that is walked depth first, so only the cotangents at its forks are kept. No
    /// bit depends on the company of a plan.
    ///
    /// # Panics
    /// If a plan takes terms that the forward pass did not take.
    #[track_caller]
    pub fn gradients(&self, plans: &[BackwardPlan], each: &mut dyn FnMut(usize, PathGradient<T>)) {
        for plan in plans {
            if let Err(error) = plan.check(&self.forward) {
                panic!("recording: {error}");
            }
        }
        let mut places: Vec<usize> = (0..plans.len()).collect();
        self.descend(self.units.len(), self.top(), plans, &mut places, each);
    }

    /// Goes down from the output of the unit below `above`, for those plans whose places
    /// are given: they have come here together.
    fn descend(
        &self,
        above: usize,
        dy: Scaled<T>,
        plans: &[BackwardPlan],
        places: &mut [usize],
        each: &mut dyn FnMut(usize, PathGradient<T>),
    ) {
        let Some((id, unit)) = above.checked_sub(1).map(|unit| &self.units[unit]) else {
            if let Some((last, others)) = places.split_last() {
                let at_images = self.stem.back(&dy, 0, Route::EVERY);
                for &place in others {
                    let (at_images, at_stem) = (at_images.clone(), dy.clone());
                    each(place, PathGradient { at_images, at_stem });
                }
                each(*last, PathGradient { at_images, at_stem: dy });
            }
            return;
        };
        let route = |place: usize| plans[place].routes[*id];
        let key = |route: Route| (route.skip, route.branches);
        places.sort_by_key(|&place| key(route(place)));
        let mut groups = places.chunk_by_mut(|&a, &b| route(a) == route(b)).peekable();
        let mut dy = Some(dy);
        while let Some(group) = groups.next() {
            let route = route(group[0]);
            let below = match groups.peek() {
                Some(_) => unit.back(dy.as_ref().expect("kept until the last group"), *id, route),
                // The last group no longer needs it, and neither does anything further down.
                None => unit.back(&dy.take().expect("kept until the last group"), *id, route),
            };
            self.descend(above - 1, below, plans, group, each);
        }
    }
}
