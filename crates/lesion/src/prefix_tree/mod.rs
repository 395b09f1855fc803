//! Many plans on one network, with whatever plans share run once.
//!
//! Two plans share the work before the first place at which the unit or its route
//! differs. A [`PrefixTree`] is the list of steps that walks such prefixes
//! depth-first: it keeps an activation where a later plan branches off, and
//! runs every distinct prefix once.
//!
//! ```text
//! plans      0: A B C      steps   A
//!            1: A B' C             Keep  B' C  Head(1)  Back
//!            2: A B C'             B
//!                                  Keep  C  Head(0)  Back
//!                                  C'  Head(2)
//! ```
//!
//! Whatever is computed is what [`models::evaluate`] computes for each plan by itself,
//! to the last bit.

mod cost;
mod step;

use std::sync::Mutex;

use models::{Model, Outcome, Plan, PlanError, in_groups, score};
use nn::Pass;
use tensor::{Scalar, Tensor};

pub use cost::Cost;
use step::Step;
pub(crate) use step::way;

/// Called with the number of further multiplications done, from whichever thread has
/// done them.
pub type Advance<'a> = &'a mut (dyn FnMut(u64) + Send + 'a);

/// A list of plans, and the steps that answer them with the least work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixTree {
    plans: Vec<Plan>,
    steps: Vec<Step>,
}

impl PrefixTree {
    /// The tree of plans of `model`, in any order; equal ones are run once.
    ///
    /// # Errors
    /// The first reason why `model` cannot follow one of the plans.
    pub fn new<T: Scalar>(model: &Model<T>, plans: Vec<Plan>) -> Result<PrefixTree, PlanError> {
        plans.iter().try_for_each(|plan| plan.check(model))?;
        let steps = step::steps(&plans);
        Ok(PrefixTree { plans, steps })
    }

    /// The plans, in the order given.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The outcome of each plan, in the order given, over batches of images
    /// `[n, h, w, 3]` with their labels; in evaluation mode.
    ///
    /// # Panics
    /// If the model cannot follow the plans, as the one given to [`PrefixTree::new`] can, or
    /// a batch has not one label for each image.
    #[track_caller]
    pub fn evaluate<T: Scalar>(
        &self,
        model: &Model<T>,
        batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
        advance: Advance<'_>,
    ) -> Vec<Outcome> {
        self.require(model);
        if self.plans.is_empty() {
            return Vec::new();
        }
        let advance = Mutex::new(advance);
        let mut outcomes = vec![Outcome::default(); self.plans.len()];
        for (images, labels) in batches {
            let n = labels.len();
            assert!(images.dims()[0] == n, "prefix tree: images {}, {n} labels", images.shape());
            // As in an evaluation: few images at a time, so that what a group keeps stays
            // in the caches, each group on one thread. No result depends on it.
            let groups = in_groups(n, |group| {
                let images = images.rows(group.start, group.end);
                self.walk(model, images, &labels[group], &advance)
            });
            for (plans, outcome) in groups.into_iter().flatten() {
                for &plan in plans {
                    outcomes[plan].extend(outcome.clone());
                }
            }
        }
        outcomes
    }

    /// Panics if the model cannot follow one of the plans.
    #[track_caller]
    fn require<T: Scalar>(&self, model: &Model<T>) {
        for plan in &self.plans {
            if let Err(error) = plan.check(model) {
                panic!("prefix tree: {error}");
            }
        }
    }

    /// One walk through all steps: the outcome of each head, with its plans.
    fn walk<T: Scalar>(
        &self,
        model: &Model<T>,
        images: Tensor<T>,
        labels: &[u8],
        advance: &Mutex<Advance<'_>>,
    ) -> Vec<(&[usize], Outcome)> {
        let advance = |macs: u64| {
            if macs > 0 {
                advance.lock().expect("no progress display panics")(macs * labels.len() as u64);
            }
        };
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(images);
        let mut h = model.forward_stem(&mut pass, &x);
        drop(x);
        advance(model.stem.macs());
        let mut kept = Vec::new();
        let mut outcomes = Vec::new();
        for steps in self.steps.chunk_by(Step::go_on) {
            match &steps[0] {
                Step::Keep => kept.push(h.clone()),
                Step::Back => h = kept.pop().expect("what is gone back to was kept"),
                Step::Unit { plan, .. } => {
                    let ids: Vec<usize> = steps.iter().filter_map(Step::unit).collect();
                    let plan = &self.plans[*plan];
                    h = model.eval_units(&mut pass, h, &ids, plan);
                    let macs = |&id: &usize| model.units[id].macs_along(plan.routes[id]);
                    advance(ids.iter().map(macs).sum());
                }
                Step::Head { plans } => {
                    let logits = model.forward_head(&mut pass, &h);
                    outcomes.push((plans.as_slice(), score(logits.value(), labels)));
                    advance(model.head.macs());
                }
            }
        }
        outcomes
    }
}
