//! Do fewer blocks of several functions do as well, and does one function matter less than a
//! block? (Abdi and Nahavandi 2016, "Multi-Residual Networks".)

mod arms;
mod figure;
mod shown;

use record::{Answer, DeleteBranches, Record};

use super::{Estimate, Form, Quantity, Study, StudyFigure, delete_one, seeds};
use crate::{Need, ReportError};
use arms::{Arm, difference, median_of_blocks, ratio_of_medians};

/// Networks of 18 functions: one, two and three a block.
const NETWORKS: [&str; 3] = ["resnet38", "multires-3x2", "multires-2x3"];

/// Seeds of each network.
const SEEDS: usize = 3;

/// Networks of several functions a block beside one of as many parameters with one.
pub(super) const STUDY: Study = Study {
    name: "multi-residual",
    needs,
    quantities: &[
        Quantity {
            name: "upper end of d of 9 x 2",
            unit: "points",
            measure: |records| Ok(Estimate::exactly(compared(records, 1)?.high)),
        },
        Quantity {
            name: "upper end of d of 6 x 3",
            unit: "points",
            measure: |records| Ok(Estimate::exactly(compared(records, 2)?.high)),
        },
        Quantity { name: "ratio of medians", unit: "", measure: ratio },
        Quantity {
            name: "median D of blocks",
            unit: "points",
            measure: |records| median_of_blocks(&arm(records, 0)?),
        },
    ],
    figures: &[StudyFigure {
        name: "fig-functions",
        needs: || needs(&NETWORKS.map(str::to_owned)),
        draw: figure::draw,
        see: "Each mark is what the loss of one function costs: of a whole block on the left, of \
              one of two or three functions of a block beside it. If functions of a block stand \
              in for each other, the marks lie lower from left to right.",
        deviations: "Not in the paper of Veit et al. The networks are small relatives of those of \
                     Abdi and Nahavandi (26 to 434 layers), who delete nothing.",
    }],
    form: Some(Form {
        experiment: DeleteBranches::EXPERIMENT,
        table: shown::table,
        json: shown::json,
    }),
    part: shown::part,
};

/// The seeds of each network: blocks deleted in the first one, functions in the others.
fn needs(networks: &[String]) -> Vec<Need> {
    let of = |(place, network): (usize, &String)| {
        seeds::names(network, SEEDS).into_iter().map(move |name| match place {
            0 => delete_one::need(&name),
            _ => Need::of(DeleteBranches::EXPERIMENT, &name),
        })
    };
    networks.iter().enumerate().flat_map(of).collect()
}

/// The seeds of the network at this place, from the records of [`needs`].
fn arm(records: &[&Record], place: usize) -> Result<Arm, ReportError> {
    let given = records.len() / SEEDS;
    let seeds = records.chunks_exact(SEEDS).nth(place);
    Arm::of(seeds.ok_or(ReportError::Networks { expected: "several networks", given })?)
}

/// The error of the network at this place minus that of the first one, in points.
fn compared(records: &[&Record], place: usize) -> Result<Estimate, ReportError> {
    difference(&arm(records, 0)?, &arm(records, place)?)
}

/// The median D of functions of the second network over that of blocks of the first.
fn ratio(records: &[&Record]) -> Result<Estimate, ReportError> {
    ratio_of_medians(&arm(records, 0)?, &arm(records, 1)?)
}
