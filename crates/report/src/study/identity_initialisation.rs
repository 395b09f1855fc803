//! Does a network without batch norm train better if its blocks start near the identity?
//! (Ours, after Hardt and Ma 2017, section 4.)

use maud::html;
use record::Record;

use super::trained::{Statistics, Way, arms, difference, forest, needs, rows};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure};
use crate::{Answers, ReportError};

/// Weights of blocks near zero, of the usual size, and with a last convolution of zero.
const WAYS: [Way; 3] = [
    Way { name: "identity20", seeds: 2 },
    Way { name: "identity20-standard", seeds: 2 },
    Way { name: "identity20-zero", seeds: 2 },
];

/// Initial weights of a residual network without batch norm.
pub(super) const STUDY: Study = Study {
    name: "identity-initialisation",
    needs: |_| needs(&WAYS[..2]),
    quantities: &[Quantity {
        name: "standard minus small",
        unit: "points",
        measure: standard_minus_small,
    }],
    figures: &[StudyFigure {
        name: "fig-identity",
        needs: || needs(&WAYS),
        draw: |records| {
            forest(
                records,
                Statistics::Running,
                "fig-identity-initialisation",
                "Without batch norm: where blocks start",
                "Test error of identity20, which has no batch norm, trained for 10 epochs from three \
                 kinds of initial weights: deviations 1 / (k^2 c) in the blocks, 1 / (k sqrt(c)) \
                 (\"-standard\"), and the latter with last convolutions of 0 (\"-zero\"). Each kind \
                 has the learning rate that was best on held-out training images."
                    .into(),
            )
        },
        see: "If blocks near the identity train better, the first rows and the last have lower errors \
              than those in the middle.",
        deviations: "Not in the paper. The network is a small relative of that of Hardt and Ma, which \
                     has 13.6 million parameters.",
    }],
    form: None,
    part,
};

fn standard_minus_small(records: &[&Record]) -> Result<Estimate, ReportError> {
    let arms = arms(&WAYS[..2], records)?;
    let [small, standard] = [0, 1].map(|place| (&arms[place], Statistics::Running));
    difference([small, standard], None)
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let Some(table) = rows(&WAYS, answers, Statistics::Running)? else {
        return Ok(Part::default());
    };
    let body = html! {
        p {
            "Residual networks of nine blocks without batch norm, trained for 10 epochs from three kinds \
             of initial weights."
        }
        (table)
    };
    let section = Section {
        id: "identity-initialisation",
        title: "Blocks that start near the identity",
        body,
    };
    Ok(Part { finding: None, section: Some(section) })
}
