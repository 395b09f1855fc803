//! Which paths a step trains: all of them, or those of a random sub-network.

use std::fmt;
use std::str::FromStr;

use models::{Model, Plan, Route};
use serde::{Deserialize, Serialize};
use tensor::Scalar;
use tensor::random::Stream;

use crate::TrainError;

/// The blocks whose branches a training step runs. The others are skipped: they get no
/// gradient, no decay, no momentum step and no new batch-norm statistics. Blocks that
/// change the resolution can be skipped too; what their skip needs always runs.
///
/// As text: `all`, `stochastic-depth:P`, `stochastic-depth` (P = 0.5) or `subset:M`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrainedPaths {
    /// All blocks in every step.
    #[default]
    All,
    /// Stochastic depth (Huang et al. 2016) with linear decay: block `l` of `n`, from 1,
    /// survives a step with probability `p_l = 1 - (l / n) (1 - p_last)`.
    StochasticDepth {
        /// That of the last block, above 0 and at most 1.
        p_last: f64,
    },
    /// Exactly `m` blocks, every choice of them equally likely: the effective paths of
    /// Veit et al. 2016, section 5.
    Subset {
        /// At least 1, at most all.
        m: usize,
    },
}

impl TrainedPaths {
    /// Puts the routes of a step into a plan. The choice belongs to the place
    /// `(epoch, step)` of the stream, whatever was drawn before; nothing is allocated.
    ///
    /// # Panics
    /// If the plan has a route for fewer units than the network has.
    pub fn fill<T: Scalar>(
        &self,
        plan: &mut Plan,
        model: &Model<T>,
        stream: Stream,
        epoch: u64,
        step: u64,
    ) {
        let mut random = stream.at(epoch, step);
        let units = model.units.len();
        // Blocks that are still to be chosen, of a subset.
        let mut wanted = if let TrainedPaths::Subset { m } = *self { m as u64 } else { 0 };
        for (id, unit) in model.units.iter().enumerate() {
            let survives = match *self {
                TrainedPaths::All => true,
                TrainedPaths::StochasticDepth { .. } => random.uniform() < self.rate(id, units),
                // Selection sampling: `wanted` of the units that are left (Knuth 3.4.2, S).
                TrainedPaths::Subset { .. } => random.below((units - id) as u64) < wanted,
            };
            wanted -= u64::from(survives && wanted > 0);
            plan.routes[id] = if survives { unit.intact_route() } else { Route::SKIP };
        }
    }

    /// The part of all steps in which unit `id` of `units` survives: what inference
    /// multiplies its branch with.
    pub fn rate(&self, id: usize, units: usize) -> f64 {
        match *self {
            TrainedPaths::All => 1.0,
            TrainedPaths::StochasticDepth { p_last } => {
                1.0 - (id + 1) as f64 / units as f64 * (1.0 - p_last)
            }
            TrainedPaths::Subset { m } => m as f64 / units as f64,
        }
    }

    /// Whether a network can be trained so.
    ///
    /// # Errors
    /// If a unit has no skip and blocks are to be skipped, or a number is out of range.
    pub fn check<T: Scalar>(&self, model: &Model<T>) -> Result<(), TrainError> {
        if *self == TrainedPaths::All {
            return Ok(());
        }
        require_skips(model, &format!("--paths {self}"))?;
        let blocks = model.units.len();
        let fits = match *self {
            TrainedPaths::Subset { m } => (1..=blocks).contains(&m),
            _ => self.is_sound(),
        };
        if fits { Ok(()) } else { Err(TrainError::Paths { paths: *self, blocks }) }
    }

    /// What the name of a training or of its weights says of them, nothing of `all`:
    /// `-sd` (with P where it is not 0.5), `-subsetM`.
    pub fn suffix(&self) -> String {
        match *self {
            TrainedPaths::All => String::new(),
            TrainedPaths::StochasticDepth { p_last: P_LAST } => "-sd".to_owned(),
            TrainedPaths::StochasticDepth { p_last } => format!("-sd{p_last}"),
            TrainedPaths::Subset { m } => format!("-subset{m}"),
        }
    }

    /// Whether the numbers make sense for some network.
    fn is_sound(&self) -> bool {
        match *self {
            TrainedPaths::All => true,
            TrainedPaths::StochasticDepth { p_last } => p_last > 0.0 && p_last <= 1.0,
            TrainedPaths::Subset { m } => m > 0,
        }
    }
}

/// Refuses a network with a unit whose branch is all that it has.
pub(crate) fn require_skips<T: Scalar>(model: &Model<T>, option: &str) -> Result<(), TrainError> {
    match model.units.iter().find(|unit| !unit.has_skip()) {
        None => Ok(()),
        Some(unit) => Err(TrainError::NoSkip {
            option: option.to_owned(),
            model: model.name.clone(),
            unit: unit.name.clone(),
        }),
    }
}

/// The last block's chance to survive where none is given (Huang et al. 2016).
const P_LAST: f64 = 0.5;

/// A text that names no paths.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown paths {0:?}; known are all, stochastic-depth:P (P is the last block's chance to \
     survive, above 0 and at most 1; 0.5 if left out) and subset:M (M blocks in every step)"
)]
pub struct UnknownPaths(String);

impl FromStr for TrainedPaths {
    type Err = UnknownPaths;

    fn from_str(text: &str) -> Result<Self, UnknownPaths> {
        let paths = match text.split_once(':') {
            None if text == "all" => Some(TrainedPaths::All),
            None if text == "stochastic-depth" => {
                Some(TrainedPaths::StochasticDepth { p_last: P_LAST })
            }
            Some(("stochastic-depth", p)) => {
                p.parse().ok().map(|p_last| TrainedPaths::StochasticDepth { p_last })
            }
            Some(("subset", m)) => m.parse().ok().map(|m| TrainedPaths::Subset { m }),
            _ => None,
        };
        paths.filter(TrainedPaths::is_sound).ok_or_else(|| UnknownPaths(text.to_owned()))
    }
}

impl fmt::Display for TrainedPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainedPaths::All => f.write_str("all"),
            TrainedPaths::StochasticDepth { p_last } => write!(f, "stochastic-depth:{p_last}"),
            TrainedPaths::Subset { m } => write!(f, "subset:{m}"),
        }
    }
}

impl TryFrom<String> for TrainedPaths {
    type Error = UnknownPaths;

    fn try_from(text: String) -> Result<Self, UnknownPaths> {
        text.parse()
    }
}

impl From<TrainedPaths> for String {
    fn from(paths: TrainedPaths) -> String {
        paths.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leads_to_its_paths_and_back() {
        let sd = |p_last| TrainedPaths::StochasticDepth { p_last };
        let cases = [
            ("all", TrainedPaths::All, "all", ""),
            ("stochastic-depth", sd(0.5), "stochastic-depth:0.5", "-sd"),
            ("stochastic-depth:0.5", sd(0.5), "stochastic-depth:0.5", "-sd"),
            ("stochastic-depth:0.8", sd(0.8), "stochastic-depth:0.8", "-sd0.8"),
            ("stochastic-depth:1", sd(1.0), "stochastic-depth:1", "-sd1"),
            ("subset:23", TrainedPaths::Subset { m: 23 }, "subset:23", "-subset23"),
        ];
        for (text, paths, full, suffix) in cases {
            assert_eq!(text.parse(), Ok(paths), "{text}");
            assert_eq!((paths.to_string(), paths.suffix()), (full.into(), suffix.into()));
            let json = serde_json::to_string(&paths).unwrap();
            assert_eq!(json, format!("{full:?}"));
            assert_eq!(serde_json::from_str::<TrainedPaths>(&json).unwrap(), paths);
        }
        for text in [
            "",
            "some",
            "all:1",
            "subset",
            "subset:0",
            "subset:-1",
            "stochastic-depth:0",
            "stochastic-depth:1.5",
            "stochastic-depth:NaN",
        ] {
            let error = text.parse::<TrainedPaths>().unwrap_err();
            assert!(error.to_string().contains(&format!("unknown paths {text:?}")), "{error}");
        }
    }
}
