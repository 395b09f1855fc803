//! How much gradient do long paths carry? (Veit et al. 2016, figures 6b and 6c.)

mod check;
mod fig6b;
mod fig6c;
mod gradients;
mod initial;
mod quantities;
mod tables;

use record::{Answer, PathGradients};
use serde_json::json;

use super::{Form, Study, StudyFigure};
use crate::Need;

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
        },
        StudyFigure { name: "fig6c", needs: || vec![need(NETWORK)], draw: fig6c::fig6c },
        StudyFigure {
            name: "fig6c-initial",
            needs: || vec![initial(NETWORK), need(NETWORK)],
            draw: initial::figure,
        },
        StudyFigure {
            name: "fig6b-check",
            needs: || vec![need(CHECKED), all_paths(CHECKED)],
            draw: check::figure,
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
const NETWORK: &str = "resnet20";
/// A network so small that all its paths can be tried.
const CHECKED: &str = "resnet20";

/// Random paths through the trained network, with the statistics of the batch: the primary
/// protocol.
pub(super) fn need(network: &str) -> Need {
    with(network, "random", "train", "trained")
}

/// The second arm: running statistics.
fn running(network: &str) -> Need {
    with(network, "random", "eval", "trained")
}

/// All paths.
fn all_paths(network: &str) -> Need {
    with(network, "all", "train", "trained")
}

/// The network as its training found it.
fn initial(network: &str) -> Need {
    with(network, "random", "train", "initial")
}

fn with(network: &str, choice: &str, mode: &str, state: &str) -> Need {
    let options = json!({ "choice": choice, "mode": mode, "state": state });
    Need { options, ..Need::of(PathGradients::EXPERIMENT, network) }
}
