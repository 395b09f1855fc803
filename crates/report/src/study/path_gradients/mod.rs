//! How much gradient do long paths carry? (Veit et al. 2016, figures 6b and 6c.)

mod check;
mod fig6b;
mod fig6c;
mod gradients;
mod quantities;
mod states;
mod tables;

use record::{Answer, PathGradients, Record};
use serde_json::json;

use super::path_lengths::left;
use super::{Form, Study, StudyFigure};
use crate::{Need, ReportError};
use fig6b::mean_row;
use gradients::{Gradients, product};

/// Gradients along single paths and of all paths of a length, in one network.
pub(super) const STUDY: Study = Study {
    name: "path-gradients",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: quantities::ALL,
    figures: &[
        StudyFigure {
            name: "fig6b",
            needs: || vec![need(NETWORK), running(NETWORK)],
            draw: fig6b::fig6b,
            see: "A straight line on this axis is an exponential decay with the length of the \
                  path, as the paper finds it.",
            deviations: "The paper's network is ResNet-110. The size of the batches, the mode of \
                         batch norm and what becomes of paths with a gradient of 0 are our \
                         choices, since the paper does not state them. The mean over all paths \
                         is shown, zeros included; the median, and running statistics on the \
                         first 5 of the batches, stand beside it.",
        },
        StudyFigure {
            name: "fig6c",
            needs: || vec![need(NETWORK)],
            draw: fig6c::fig6c,
            see: "Number of paths times mean norm: the paper finds almost all of it at 5 to 17 of \
                  54 blocks, far below the middle of the axis. The exact shares, in which paths \
                  may cancel, show where the gradient comes from.",
            deviations: "The paper's network is ResNet-110. Circles are its product, normalised. \
                         The exact shares are not in the paper.",
        },
        StudyFigure {
            name: "fig6c-training",
            needs: || vec![initial(NETWORK), fewer(need(HALF_TRAINED)), need(NETWORK)],
            draw: states::figure,
            see: "If the network is one of short paths from the start, the curves before training \
                  have their peaks where those of the trained network have them.",
            deviations: "Not in the paper, which looks at a trained network. The earlier states \
                         are shown the first 5 of the batches.",
        },
        StudyFigure {
            name: "fig6b-check",
            needs: || vec![need(CHECKED), all_paths(CHECKED)],
            draw: check::figure,
            see: "At 1 the random paths have the mean norm of all paths of their length. With \
                  few paths the ratio scatters; one that stays away from 1 with many paths would \
                  mean that the sample is not fair.",
            deviations: "Not in the paper: a check of our sampling, in a network so short that all \
                         paths can be tried.",
        },
    ],
    form: Some(Form {
        experiment: PathGradients::EXPERIMENT,
        table: tables::table,
        json: tables::json,
    }),
    part: tables::part,
};

/// The network of figures 6b and 6c.
const NETWORK: &str = "resnet110";
/// The same network halfway through its training.
const HALF_TRAINED: &str = "resnet110-e32";
/// A network so small that all its paths can be tried.
const CHECKED: &str = "resnet20";

/// From which lengths the gradient of a network comes.
pub(super) struct EffectiveLengths {
    /// The units that have a skip and a branch, 0-based.
    pub(super) units: Vec<usize>,
    /// Of each length the number of paths times their mean norm, as part of the sum.
    pub(super) parts: Vec<f64>,
}

impl EffectiveLengths {
    /// From a record of [`need`].
    ///
    /// # Errors
    /// [`ReportError::Lacking`] if all norms are 0.
    pub(super) fn of(record: &Record) -> Result<EffectiveLengths, ReportError> {
        let gradients = Gradients::of(record)?;
        let lacking = || ReportError::Lacking("no path has a gradient".to_owned());
        let parts = product(&mean_row(&gradients)).ok_or_else(lacking)?;
        Ok(EffectiveLengths { units: gradients.answer.units, parts })
    }

    /// The part that comes from paths through a deleted unit's branch, whichever units of
    /// a length these are: the mean over all sets of as many.
    pub(super) fn lost(&self, deleted: usize) -> f64 {
        let n = self.units.len();
        let left = self.parts.iter().enumerate().map(|(k, part)| part * left(n, deleted, k));
        1.0 - left.sum::<f64>()
    }
}

/// Random paths through the trained network, with the statistics of the batch: the primary
/// protocol.
pub(super) fn need(network: &str) -> Need {
    with(network, "random", "train", "trained")
}

/// Batches of the arms beside the primary one, which are there for comparison: the first
/// of the same ones. The primary one on all batches takes over an hour in a deep network.
const FEWER: usize = 5;

/// The second arm: running statistics.
fn running(network: &str) -> Need {
    fewer(with(network, "random", "eval", "trained"))
}

/// All paths.
fn all_paths(network: &str) -> Need {
    with(network, "all", "train", "trained")
}

/// The network as its training found it.
fn initial(network: &str) -> Need {
    fewer(with(network, "random", "train", "initial"))
}

fn fewer(need: Need) -> Need {
    Need { at_most: json!({ "batches": FEWER, "exact-batches": FEWER }), ..need }
}

fn with(network: &str, choice: &str, mode: &str, state: &str) -> Need {
    let options = json!({ "choice": choice, "mode": mode, "state": state });
    Need { options, ..Need::of(PathGradients::EXPERIMENT, network) }
}
