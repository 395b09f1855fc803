//! How near the identity are the blocks of a linear residual network at its optimum?
//!
//! - **Claim:** a law, checked. A network `(I + A_l) … (I + A_1)` can be any linear map R with
//!   positive determinant, and at some global optimum the largest spectral norm of an `A_i` is
//!   at most `2 (sqrt(pi) + sqrt(3 gamma))^2 / l`, for depths `l >= 3 gamma`, where
//!   `gamma = max(|log s_max|, |log s_min|)` of the singular values of R.
//! - **Source:** Hardt and Ma 2017, "Identity Matters in Deep Learning", theorem 2.1.
//! - **Protocol:** `R = exp(0.7 G / 4)` with 16 x 16 standard normal G, which has a positive
//!   determinant. Gradient descent in f64 on `|(I + A_l) … (I + A_1) - R|^2 / 2`, from all
//!   `A_i = 0`, until the loss is 1e-10 of what it was. The step grows by a tenth after each
//!   step that lowers the loss and is halved, and the step taken back, where it does not. Ten
//!   draws of G, depths 8 to 64.
//! - **Expected shape:** the largest norm is inversely proportional to the depth. The theorem
//!   says that there is such an optimum, not that gradient descent finds it.
//! - **Record:** [`record::LinearResidual`].

mod descent;
mod matrix;

use record::{Answer as _, LinearDepth, LinearDraw};
use serde::{Deserialize, Serialize};
use tensor::random::Stream;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::{Done, Inputs, LesionError, Work};
use descent::descend;
use matrix::Matrix;

/// The blocks of linear residual networks at their optimum.
#[derive(Debug)]
pub struct LinearResidual;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Random maps.
    pub draws: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { draws: 10, seed: 0 }
    }
}

/// Rows of R.
const SIZE: usize = 16;
/// `R = exp(SPREAD G / sqrt(SIZE))`.
const SPREAD: f64 = 0.7;
/// Depths of the networks.
const DEPTHS: [usize; 7] = [8, 12, 16, 24, 32, 48, 64];

impl Experiment for LinearResidual {
    type Options = Options;
    type Answer = record::LinearResidual;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "how near the identity linear residual networks have their optimum";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("draws", "N", "random linear maps"),
        OptionInfo::new("seed", "S", "decides the random maps"),
    ];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::None, test: false, training: false, log: false }
    }

    fn work(_: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        if options.draws == 0 {
            let name = record::LinearResidual::EXPERIMENT;
            return Err(LesionError::option(name, "draws", 0, "expected at least 1"));
        }
        let seed = options.seed;
        let products: usize = DEPTHS.iter().map(|depth| 5 * depth).sum();
        Ok(vec![Work::Items {
            label: format!("optima of linear networks of {SIZE} x {SIZE}, depths {DEPTHS:?}"),
            count: options.draws,
            // Some hundreds of steps.
            macs: (300 * products * SIZE.pow(3)) as u64,
            run: Box::new(move |_, draw| optima(seed, draw)),
        }])
    }

    fn answer(
        _: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::LinearResidual, LesionError> {
        let draw = |numbers: Vec<f64>| LinearDraw {
            gamma: numbers[0],
            depths: numbers[1..]
                .chunks_exact(3)
                .zip(DEPTHS)
                .map(|(found, depth)| LinearDepth {
                    depth,
                    steps: found[0] as u64,
                    relative_loss: found[1],
                    largest_norm: found[2],
                })
                .collect(),
        };
        let items = done.into_iter().flat_map(Done::into_items);
        Ok(record::LinearResidual { size: SIZE, draws: items.map(draw).collect() })
    }
}

/// `gamma` of a random map, then for each depth the steps, the relative loss at the end, and
/// the largest spectral norm of a block.
fn optima(seed: u64, draw: usize) -> Vec<f64> {
    let mut random = Stream::new(seed, "linear-residual").at(draw as u64, 0);
    let generator = Matrix::from_fn(SIZE, |_, _| random.normal());
    let map = generator.times(SPREAD / (SIZE as f64).sqrt()).exp();
    let singular = map.singular_values();
    let gamma = singular.iter().map(|s| libm::log(*s).abs()).fold(0.0, f64::max);
    let found = DEPTHS.iter().flat_map(|&depth| {
        let optimum = descend(&map, depth);
        let norms = optimum.blocks.iter().map(|block| block.singular_values()[0]);
        [optimum.steps as f64, optimum.relative_loss, norms.fold(0.0, f64::max)]
    });
    std::iter::once(gamma).chain(found).collect()
}
