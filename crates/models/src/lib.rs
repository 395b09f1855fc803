//! Networks as data, plans that say which parts of them run, and evaluation.
//!
//! A [`Model`] is a stem, a list of [`Unit`]s and a head. A [`Plan`] gives the
//! order of the units and a [`Route`] for each: both terms of its sum, the skip
//! alone (the unit is deleted), or the branch alone. The model itself is never
//! edited; deleting, re-ordering and sampling are all plans.
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
pub mod build;
mod evaluate;
mod group;
mod images;
mod import;
mod layers;
mod model;
mod plan;
mod recalibrate;
mod recording;
mod sites;
mod unit;
mod weights;

pub use arch::{
    Arch, Bottleneck, FAMILIES, Family, MultiResidual, ResNext, SharedWeights, Shortcut, Training,
    UnknownModel, UnknownShortcut, Vgg15,
};
pub use backward::{BackwardPlan, BackwardPlanError};
pub use build::{LayerSpec, ModelBuilder, UnitSpec};
pub use evaluate::{Predictions, count_wrong, evaluate, score};
pub use group::{EVAL_BATCH, EVAL_GROUP, in_groups};
pub use layers::{Layer, Layers};
pub use model::Model;
pub use nn::Route;
pub use plan::{Plan, PlanError};
pub use recalibrate::recalibrated;
pub use recording::{PathGradient, Recording, Scaled};
pub use sites::{NoSites, Place, Site, Sites, Visit};
pub use tensor::Normalisation;
pub use unit::{Join, Padding, Skip, Unit, UnitShape};
pub use weights::{Choices, ImportError, Loaded, Metadata, Origin, WeightsError, load_weights};
