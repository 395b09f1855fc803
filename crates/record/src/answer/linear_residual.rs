//! Linear residual networks at their optimum.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::Key;
use crate::check::expect;

/// Networks `(I + A_l) … (I + A_1)` that are random linear maps R.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearResidual {
    /// Rows of each map.
    pub size: usize,
    /// One entry for each map.
    pub draws: Vec<LinearDraw>,
}

/// One map, reached at several depths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearDraw {
    /// `max(|log s_max|, |log s_min|)` of the singular values of R.
    pub gamma: f64,
    /// By growing depth.
    pub depths: Vec<LinearDepth>,
}

/// A network of one depth, where its descent has ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearDepth {
    /// Blocks, l.
    pub depth: usize,
    /// Steps of gradient descent.
    pub steps: u64,
    /// The loss at the end as part of that at the start.
    pub relative_loss: f64,
    /// The largest spectral norm of an `A_i`.
    pub largest_norm: f64,
}

impl Answer for LinearResidual {
    const EXPERIMENT: &'static str = "linear-residual";

    fn check(&self, _: &Key) -> Result<(), String> {
        expect(!self.draws.is_empty(), || "answer.draws is empty".to_owned())?;
        for (place, draw) in self.draws.iter().enumerate() {
            let field = format!("answer.draws[{place}]");
            let is_number = |v: f64| v.is_finite() && v >= 0.0;
            let numbers = draw.depths.iter().flat_map(|at| [at.relative_loss, at.largest_norm]);
            expect(numbers.chain([draw.gamma]).all(is_number), || {
                format!("{field} has a number that is negative or not finite")
            })?;
            expect(draw.depths.is_sorted_by(|a, b| a.depth < b.depth), || {
                format!("{field}.depths do not grow")
            })?;
            expect(draw.depths.first().is_some_and(|at| at.depth > 0), || {
                format!("{field}.depths is empty or begins with 0")
            })?;
        }
        Ok(())
    }
}
