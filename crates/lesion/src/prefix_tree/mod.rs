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

use std::ops::Range;
use std::sync::Mutex;

use models::{Model, NoSites, Plan, PlanError, Predictions, Sites, Visit, in_groups, score};
use nn::Pass;
use tensor::{Scalar, Tensor};

pub use cost::Cost;
use step::{Step, Steps};
pub(crate) use step::{Way, way};

/// Called with the number of further multiplications done, from whichever thread has
/// done them.
pub type Advance<'a> = &'a mut (dyn FnMut(u64) + Send + 'a);

/// A list of plans, and the steps that answer them with the least work.
///
/// ```
/// use lesion::PrefixTree;
/// use models::{Arch, Plan};
/// use tensor::Tensor;
///
/// // The intact network, and each block deleted.
/// let model = Arch::parse("resnet8")?.build::<f32>(1);
/// let intact = Plan::intact(&model);
/// let mut plans = vec![intact.clone()];
/// for id in 0..model.units.len() {
///     plans.push(intact.clone().delete(&model, id)?);
/// }
/// let tree = PrefixTree::new(&model, plans)?;
/// let batch = (Tensor::full([2, 32, 32, 3], 0.5), vec![3, 8]);
/// let found = tree.evaluate(&model, [batch], &mut |_macs| {});
/// assert_eq!(found.len(), 4);
/// assert!(found.iter().all(|predictions| predictions.images() == 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixTree {
    plans: Vec<Plan>,
    steps: Steps,
}

impl PrefixTree {
    /// The tree of plans of `model`, in any order; equal ones are run once.
    ///
    /// # Errors
    /// The first reason why `model` cannot follow one of the plans.
    pub fn new<T: Scalar>(model: &Model<T>, plans: Vec<Plan>) -> Result<PrefixTree, PlanError> {
        PrefixTree::keyed(model, plans, |_, _| 0)
    }

    /// The same where plans differ in more than order and routes, such as in what
    /// [`Sites`] put in place of a value. `key` is a number for a plan, by its place in the
    /// list, and a place in its order: plans share the work of a place, and what follows,
    /// only where it is the same.
    ///
    /// # Errors
    /// The first reason why `model` cannot follow one of the plans.
    pub fn keyed<T: Scalar>(
        model: &Model<T>,
        plans: Vec<Plan>,
        key: impl Fn(usize, usize) -> u64,
    ) -> Result<PrefixTree, PlanError> {
        plans.iter().try_for_each(|plan| plan.check(model))?;
        let steps = step::steps(&plans, &key);
        Ok(PrefixTree { plans, steps })
    }

    /// The plans, in the order given.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The predictions under each plan, in the order given, over batches of images
    /// `[n, h, w, 3]` with their labels; in evaluation mode.
    ///
    /// # Panics
    /// If the model cannot follow the plans, as the one given to [`PrefixTree::new`] can, or
    /// a batch does not have one label for each image.
    #[track_caller]
    pub fn evaluate<T: Scalar>(
        &self,
        model: &Model<T>,
        batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
        advance: Advance<'_>,
    ) -> Vec<Predictions> {
        self.evaluate_at(model, batches, advance, || NoSites).0
    }

    /// [`PrefixTree::evaluate`] with values inside units shown to sites, which may replace
    /// them. `sites` makes those of a group of images; they come back in the order of the
    /// images.
    ///
    /// # Panics
    /// As [`PrefixTree::evaluate`]; also if a replacement has another shape.
    #[track_caller]
    pub fn evaluate_at<T: Scalar, S: Sites<T> + Send>(
        &self,
        model: &Model<T>,
        batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
        advance: Advance<'_>,
        sites: impl Fn() -> S + Send + Sync,
    ) -> (Vec<Predictions>, Vec<S>) {
        self.require(model);
        let mut all_sites = Vec::new();
        if self.plans.is_empty() {
            return (Vec::new(), all_sites);
        }
        let advance = Mutex::new(advance);
        let mut predictions = vec![Predictions::default(); self.plans.len()];
        let mut first = 0;
        for (images, labels) in batches {
            let n = labels.len();
            assert!(images.dims()[0] == n, "prefix tree: images {}, {n} labels", images.shape());
            // As in an evaluation: few images at a time, so that what a group keeps stays
            // in the caches, each group on one thread. No result depends on it.
            let groups = in_groups(n, |group| {
                let images = images.rows(group.start, group.end);
                let places = first + group.start..first + group.end;
                let mut sites = sites();
                let head = |logits: &Tensor<T>| score(logits, &labels[group.clone()]);
                let found = self.walk(model, images, places, &advance, &mut sites, head);
                (found, sites)
            });
            for (found, sites) in groups {
                all_sites.push(sites);
                for (plans, more) in found {
                    for &plan in plans {
                        predictions[plan].extend(more.clone());
                    }
                }
            }
            first += n;
        }
        (predictions, all_sites)
    }

    /// The logits `[n, classes]` under each plan, in the order given, of images
    /// `[n, h, w, 3]`; in evaluation mode. All of them are in memory at once.
    ///
    /// # Panics
    /// If the model cannot follow the plans, as the one given to [`PrefixTree::new`] can.
    #[track_caller]
    pub fn logits<T: Scalar>(&self, model: &Model<T>, images: &Tensor<T>) -> Vec<Tensor<T>> {
        self.require(model);
        if self.plans.is_empty() {
            return Vec::new();
        }
        let mut ignore = |_| {};
        let advance: Mutex<Advance<'_>> = Mutex::new(&mut ignore);
        let groups = in_groups(images.dims()[0], |group| {
            let of_group = images.rows(group.start, group.end);
            self.walk(model, of_group, group, &advance, &mut NoSites, Tensor::clone)
        });
        let mut parts = vec![Vec::new(); self.plans.len()];
        for (plans, logits) in groups.into_iter().flatten() {
            plans.iter().for_each(|&plan| parts[plan].push(logits.clone()));
        }
        parts.iter().map(|parts| Tensor::concat(parts)).collect()
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

    /// One walk through all steps: what `head` makes of the logits of each head, with its
    /// plans.
    fn walk<T: Scalar, R>(
        &self,
        model: &Model<T>,
        images: Tensor<T>,
        places: Range<usize>,
        advance: &Mutex<Advance<'_>>,
        sites: &mut dyn Sites<T>,
        head: impl Fn(&Tensor<T>) -> R,
    ) -> Vec<(&[usize], R)> {
        let Steps { steps, leaves } = &self.steps;
        let advance = |macs: u64| {
            if macs > 0 {
                advance.lock().expect("no progress display panics")(macs * places.len() as u64);
            }
        };
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(images);
        let mut h = model.forward_stem(&mut pass, &x);
        drop(x);
        advance(model.stem_macs());
        let mut kept = Vec::new();
        let mut found = Vec::new();
        for steps in steps.chunk_by(Step::go_on) {
            match &steps[0] {
                Step::Keep => kept.push(h.clone()),
                Step::Back => h = kept.pop().expect("what is gone back to was kept"),
                Step::Unit { plan, sharing, .. } => {
                    let ids: Vec<usize> = steps.iter().filter_map(Step::unit).collect();
                    let plan = &self.plans[*plan];
                    let visit = Visit { images: places.clone(), plans: &leaves[sharing.clone()] };
                    h = model.eval_units_at(&mut pass, h, &ids, plan, sites, &visit);
                    let macs = |&id: &usize| model.units[id].macs_along(plan.routes[id]);
                    advance(ids.iter().map(macs).sum());
                }
                Step::Head { plans } => {
                    let logits = model.forward_head(&mut pass, &h);
                    found.push((&leaves[plans.clone()], head(logits.value())));
                    advance(model.head_macs());
                }
            }
        }
        found
    }
}
