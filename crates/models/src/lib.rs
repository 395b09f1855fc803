//! Networks as data, plans that say which parts of them run, and evaluation.
//!
//! A [`Model`] is a stem, a list of [`Unit`]s and a head. A [`Plan`] gives the
//! order of the units and a [`Route`] for each: `Both` terms of its sum, the
//! `Skip` alone (the unit is deleted), or the `Branch` alone. The model itself
//! is never edited; deleting, re-ordering and sampling are all plans.
//!
//! **Must not know:** data sets, files and folders, experiments.
//!
//! ```
//! use models::{Arch, Plan};
//!
//! let model = Arch::parse("resnet20").unwrap().build::<f32>(1);
//! assert_eq!(model.units.len(), 9);
//! let intact = Plan::intact(&model);
//! let lesioned = intact.clone().delete(&model, 4).unwrap();
//! assert_ne!(lesioned, intact);
//! // Block 3 changes the resolution, so it cannot change places.
//! let error = intact.swap(&model, 3, 4).unwrap_err();
//! assert!(error.to_string().contains("layer2.0"));
//! ```

mod arch;
mod backward;
mod evaluate;
mod group;
mod model;
mod plan;
mod recalibrate;
mod resnet;
mod unit;
mod vgg;
mod weights;

pub use arch::{Arch, UnknownModel};
pub use backward::{BackwardPlan, BackwardPlanError};
pub use evaluate::{Outcome, count_wrong, evaluate, score};
pub use group::{EVAL_BATCH, EVAL_GROUP, in_groups};
pub use model::{Head, Model, Stem};
pub use nn::Route;
pub use plan::{Plan, PlanError};
pub use recalibrate::recalibrated;
pub use resnet::{PostActResNet, PreActResNet};
pub use tensor::Normalisation;
pub use unit::{PlainLayer, PlainOp, PostActBlock, PreActBlock, Unit, UnitKind, UnitShape};
pub use vgg::Vgg15;
pub use weights::{Metadata, WeightsError, load_weights};
