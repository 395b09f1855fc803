//! Sites: places inside a unit whose values can be read, or replaced.
//!
//! Gates, the norms of residuals, probes and replacements by zero, a channel's mean or
//! another image's value are all [`Sites`]: a pass shows it the values that it wants, and
//! goes on with what it answers. Reading changes no bit of a pass in evaluation mode. (In
//! training mode the moments of a sum are taken in passing where its last branch is not
//! read, and in a pass of their own where it is, so they may differ by rounding.)

use std::ops::Range;

use nn::{Pass, Var};
use serde::{Deserialize, Serialize};
use tensor::{Scalar, Tensor};

/// A place in a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// The unit.
    pub unit: usize,
    /// Where in it.
    pub place: Place,
}

/// Where in a unit, in the order in which a pass comes by. Terms that the route does not
/// take are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// What the unit receives.
    Input,
    /// The skip, before a gate.
    Skip,
    /// A branch, before `merge`, a gate or a scale.
    Branch(usize),
    /// The gate `t`, where both terms are taken.
    Gate,
    /// What the unit hands on.
    Output,
}

/// For what a value has been computed.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    /// The places of its images among all that are evaluated.
    pub images: Range<usize>,
    /// The places of the plans that share it; a pass has one plan, number 0.
    pub plans: &'a [usize],
}

/// Whoever reads or replaces values inside units.
///
/// ```
/// use models::{Arch, Place, Plan, Site, Sites, Visit};
/// use nn::{Pass, Var};
/// use tensor::Tensor;
///
/// /// Notes the norm of what each branch adds.
/// struct Norms(Vec<f64>);
///
/// impl Sites<f32> for Norms {
///     fn wants(&self, site: Site) -> bool {
///         site.place == Place::Branch(0)
///     }
///
///     fn at(&mut self, _: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
///         self.0.push(value.value().norm());
///         None // changes nothing
///     }
/// }
///
/// let model = Arch::parse("resnet8").unwrap().build::<f32>(1);
/// let mut norms = Norms(Vec::new());
/// let mut pass = Pass::eval(&model.params);
/// let x = pass.tape.constant(Tensor::full([2, 8, 8, 3], 1.0));
/// model.forward_at(&mut pass, &x, &Plan::intact(&model), &mut norms);
/// assert_eq!(norms.0.len(), 3);
/// ```
pub trait Sites<T: Scalar> {
    /// Whether [`at`](Sites::at) is to be called at this site.
    fn wants(&self, site: Site) -> bool;

    /// Sees a value at a site that it wants; `Some` replaces it for all that follows, in a
    /// recorded pass as a constant.
    ///
    /// Images `[n, h, w, c]` come in any number at a time, but in order at each site.
    fn at(&mut self, site: Site, visit: &Visit<'_>, value: &Var<T>) -> Option<Tensor<T>>;
}

/// Wants nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSites;

impl<T: Scalar> Sites<T> for NoSites {
    fn wants(&self, _: Site) -> bool {
        false
    }

    fn at(&mut self, _: Site, _: &Visit<'_>, _: &Var<T>) -> Option<Tensor<T>> {
        None
    }
}

/// [`Sites`] on a visit.
pub(crate) struct Probe<'a, T: Scalar> {
    pub(crate) sites: &'a mut dyn Sites<T>,
    pub(crate) visit: Visit<'a>,
}

impl<T: Scalar> Probe<'_, T> {
    pub(crate) fn wants(&self, unit: usize, place: Place) -> bool {
        self.sites.wants(Site { unit, place })
    }

    /// What replaces a value, if it is wanted and replaced.
    ///
    /// # Panics
    /// If the replacement has another shape.
    #[track_caller]
    pub(crate) fn replacement(
        &mut self,
        pass: &mut Pass<'_, T>,
        unit: usize,
        place: Place,
        value: &Var<T>,
    ) -> Option<Var<T>> {
        if !self.wants(unit, place) {
            return None;
        }
        let new = self.sites.at(Site { unit, place }, &self.visit, value)?;
        let (found, expected) = (new.shape(), value.value().shape());
        assert!(
            found == expected,
            "unit {unit}, {place:?}: a value of shape {found} cannot replace one of {expected}"
        );
        Some(pass.tape.constant(new))
    }

    /// The value, or what replaces it.
    #[track_caller]
    pub(crate) fn show(
        &mut self,
        pass: &mut Pass<'_, T>,
        unit: usize,
        place: Place,
        value: Var<T>,
    ) -> Var<T> {
        self.replacement(pass, unit, place, &value).unwrap_or(value)
    }
}
