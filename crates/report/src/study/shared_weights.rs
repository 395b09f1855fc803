//! Do blocks that share their weights do as well as blocks of their own? (Liao and Poggio
//! 2016; Jastrzebski et al. 2018.)

use maud::html;
use record::Record;
use record::stats::{Interval, t_interval};

use super::trained::{
    Arm, LENDER, Statistics, Way, arms, difference, forest, needs, over_seeds, rows,
};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure};
use crate::{Answers, ReportError};

/// As many parameters in fewer blocks; shared convolutions; blocks of their own.
const WAYS: [Way; 3] =
    [Way { name: "resnet14", seeds: 2 }, Way { name: "shared32", seeds: 2 }, LENDER];
/// Batch norms shared as well.
const NAIVE: Way = Way { name: "shared32-naive", seeds: 1 };

/// Shared convolutions with batch norms of each step.
pub(super) const STUDY: Study = Study {
    name: "shared-weights",
    needs: |_| needs(&WAYS),
    quantities: &[
        Quantity { name: "share of the gain", unit: "", measure: share_of_gain },
        Quantity { name: "gain of depth", unit: "points", measure: gain_of_depth },
    ],
    figures: &[StudyFigure {
        name: "fig-shared",
        needs: || needs(&[&WAYS[..], &[NAIVE]].concat()),
        draw: |records| {
            forest(
                records,
                Statistics::Reestimated,
                "fig-shared-weights",
                "Blocks that share their weights",
                "Test error of resnet32, of shared32, in which the blocks of a stage share their \
                 convolutions and have batch norms of their own, of resnet14, which has as many \
                 parameters, and of shared32-naive, which shares the batch norms too. Batch-norm \
                 statistics are re-estimated for each step in all of them."
                    .into(),
            )
        },
        see: "If depth is what counts, and not the number of parameters, shared32 lies near resnet32; \
              if parameters count, near resnet14.",
        deviations: "Not in the paper. The claim about shared32 is judged with running statistics.",
    }],
    form: None,
    part,
};

/// Batch norms shared as well as convolutions.
pub(super) const NAIVE_STUDY: Study = Study {
    name: "shared-weights-naive",
    needs: |_| needs(&NAIVE_WAYS),
    quantities: &[Quantity {
        name: "naive minus shared",
        unit: "points",
        measure: naive_minus_shared,
    }],
    figures: &[],
    form: None,
    part: |_| Ok(Part::default()),
};

/// The single seed of the naive network borrows its variance.
const NAIVE_WAYS: [Way; 3] = [WAYS[1], NAIVE, LENDER];

/// `(e14 - shared) / (e14 - e32)`; its interval, to first order, from the variances of the
/// three errors over seeds. The images are the same and take little part in it.
fn share_of_gain(records: &[&Record]) -> Result<Estimate, ReportError> {
    let arms = arms(&WAYS, records)?;
    let [few, shared, own] = [0, 1, 2].map(|place| arms[place].error(Statistics::Running));
    let gain = few - own;
    if gain <= 0.0 {
        return Err(ReportError::Lacking("depth has no gain to share".into()));
    }
    let value = (few - shared) / gain;
    let all: Vec<(&Arm, Statistics)> = arms.iter().map(|arm| (arm, Statistics::Running)).collect();
    let seeds = over_seeds(&all)?;
    let parts: Vec<_> = [(1.0 - value, 0), (1.0, 1), (value, 2)]
        .into_iter()
        .map(|(slope, place)| {
            let networks = (1.0 / WAYS[place].seeds as f64).sqrt();
            seeds.scaled(slope.abs() * networks / gain)
        })
        .collect();
    let Interval { low, high } = t_interval(value, &parts);
    Ok(Estimate { value, low, high })
}

fn gain_of_depth(records: &[&Record]) -> Result<Estimate, ReportError> {
    let arms = arms(&WAYS, records)?;
    let [few, own] = [0, 2].map(|place| (&arms[place], Statistics::Running));
    difference([own, few], None)
}

/// Re-estimated statistics on both sides: those of a shared batch norm belong to no step.
fn naive_minus_shared(records: &[&Record]) -> Result<Estimate, ReportError> {
    let arms = arms(&NAIVE_WAYS, records)?;
    let [shared, naive] = [0, 1].map(|place| (&arms[place], Statistics::Reestimated));
    difference([shared, naive], Some(&arms[2]))
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let ways = [&WAYS[..], &[NAIVE]].concat();
    let Some(table) = rows(&ways, answers, Statistics::Reestimated)? else {
        return Ok(Part::default());
    };
    let body = html! {
        p {
            "Test errors with batch-norm statistics re-estimated for each step. shared32 and \
             shared32-naive share the convolutions of the blocks of a stage."
        }
        (table)
    };
    let section = Section { id: "shared-weights", title: "Shared weights", body };
    Ok(Part { finding: None, section: Some(section) })
}
