//! The raw numbers of each experiment, one file each.

mod additivity;
mod branch_scales;
mod delete_branches;
mod delete_many;
mod delete_one;
mod delete_pairs;
mod delete_spans;
mod dependence;
mod ensemble;
mod estimation_error;
mod gates;
mod linear_residual;
mod masks;
mod middle_blocks;
mod path_gradients;
mod plans;
mod probes;
mod reorder;
mod residual_cosine;
mod residual_norms;
mod sub_networks;
mod training_log;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Key;

pub use additivity::{Additivity, NeighbourPair, PairIndex};
pub use branch_scales::{BranchScales, ScaledArm};
pub use delete_branches::{BranchDeletions, DeleteBranches};
pub use delete_many::{DeleteMany, DeletedCount, DeletedSet};
pub use delete_one::{DeleteOne, DeleteOneOptions, NormStatistics, Term, UnitDeletion};
pub use delete_pairs::{DeletePairs, PairDeletion};
pub use delete_spans::{ChosenUnits, DeleteSpans, DeletedSpan, HowChosen};
pub use dependence::{Dependence, DependentUnit};
pub use ensemble::{Ensemble, Profile};
pub use estimation_error::{ChannelErrors, EstimationError, StageErrors, UnitErrors};
pub use gates::{GateUse, Gates, UnitGate};
pub use linear_residual::{LinearDepth, LinearDraw, LinearResidual};
pub use masks::{MaskCount, Masks};
pub use middle_blocks::{MiddleBlocks, MiddleOrder, MiddleWay};
pub use path_gradients::{LengthBatch, PathBatch, PathGradients, PathNorms};
pub use plans::Plans;
pub use probes::{Probe, ProbedNetwork, Probes, UnitProbe};
pub use reorder::{RandomOrder, Reorder};
pub use residual_cosine::{MeanCosine, ResidualCosine, UnitCosine};
pub use residual_norms::{BranchNorms, ResidualNorms, UnitNorms};
pub use sub_networks::SubNetworks;
pub use training_log::TrainingLog;

/// The raw numbers of one experiment, as its records store them.
pub trait Answer: Serialize + DeserializeOwned {
    /// The experiment's name.
    const EXPERIMENT: &'static str;

    /// Whether the numbers agree with each other and with the question.
    ///
    /// # Errors
    /// What does not, as `field is this, expected that`.
    fn check(&self, key: &Key) -> Result<(), String>;
}

/// The answers of this crate, checked whenever a record is read or written.
const ALL: &[Known] = &[
    Known::new::<DeleteOne>(),
    Known::new::<DeleteMany>(),
    Known::new::<BranchScales>(),
    Known::new::<PathGradients>(),
    Known::new::<Plans>(),
    Known::new::<Reorder>(),
    Known::new::<ResidualNorms>(),
    Known::new::<Gates>(),
    Known::new::<Ensemble>(),
    Known::new::<SubNetworks>(),
    Known::new::<DeletePairs>(),
    Known::new::<LinearResidual>(),
    Known::new::<Masks>(),
    Known::new::<DeleteBranches>(),
    Known::new::<Additivity>(),
    Known::new::<EstimationError>(),
    Known::new::<ResidualCosine>(),
    Known::new::<MiddleBlocks>(),
    Known::new::<DeleteSpans>(),
    Known::new::<Dependence>(),
    Known::new::<Probes>(),
    Known::new::<TrainingLog>(),
];

struct Known {
    experiment: &'static str,
    check: fn(&Key, &Value) -> Result<(), String>,
}

impl Known {
    const fn new<A: Answer>() -> Known {
        Known { experiment: A::EXPERIMENT, check: check_as::<A> }
    }
}

fn check_as<A: Answer>(key: &Key, answer: &Value) -> Result<(), String> {
    A::deserialize(answer).map_err(|error| format!("answer: {error}"))?.check(key)
}

/// Checks an answer if its experiment is one of this crate's.
pub(crate) fn check(key: &Key, answer: &Value) -> Result<(), String> {
    match ALL.iter().find(|known| known.experiment == key.experiment) {
        Some(known) => (known.check)(key, answer),
        None => Ok(()),
    }
}
