//! Does a network need its long paths to learn? (Veit et al. 2016, section 5.)

mod arms;
mod figure;
mod shown;

use record::{Answer, BranchScales, Record};

use super::{Estimate, Form, Quantity, Study, StudyFigure};
use crate::{Need, ReportError};
use arms::{Arms, PRIMARY};

/// Networks trained on part of their blocks in each batch, against networks trained on all.
pub(super) const STUDY: Study = Study {
    name: "effective-paths",
    needs: |networks| needs(networks),
    quantities: &[
        Quantity {
            name: "upper end of d",
            unit: "points",
            measure: |records| Ok(Estimate::exactly(single(records)?.high)),
        },
        Quantity {
            name: "lower end of d",
            unit: "points",
            measure: |records| Ok(Estimate::exactly(single(records)?.low)),
        },
        Quantity {
            name: "upper end of d at 32",
            unit: "points",
            measure: |records| Ok(Estimate::exactly(replicated(records)?.high)),
        },
        Quantity { name: "d at 56", unit: "points", measure: single },
    ],
    figures: &[StudyFigure {
        name: "fig-effective-paths",
        needs: || needs(&["resnet110".to_owned(), "resnet56".to_owned()]),
        draw: figure::draw,
        see: "Each row is one network; those called -short trained a random part of their blocks \
              in every batch. The paper finds no significant difference: 5.96 % for 23 of 54 \
              blocks at a time, 6.10 % for all.",
        deviations: "The paper trained ResNet-110, one network each way. How branches are scaled \
                     in the test is not known. Several depths, seeds and rules are shown here.",
    }],
    form: Some(Form {
        experiment: BranchScales::EXPERIMENT,
        table: shown::table,
        json: shown::json,
    }),
    part: shown::part,
};

/// The comparison that has several seeds, trained in full and in part. The variance over
/// its seeds is borrowed by those that have one.
const REPLICATED: [&str; 6] = [
    "resnet32",
    "resnet32-s2",
    "resnet32-s3",
    "resnet32-short",
    "resnet32-short-s2",
    "resnet32-short-s3",
];

/// Of each network but the replicated one itself and its counterpart trained in part; then
/// the replicates.
fn needs(networks: &[String]) -> Vec<Need> {
    let single = networks.iter().filter(|name| *name != REPLICATED[0]);
    let pairs = single.flat_map(|name| [name.clone(), format!("{name}-short")]);
    let names = pairs.chain(REPLICATED.map(str::to_owned));
    names.map(|name| Need::of(BranchScales::EXPERIMENT, &name)).collect()
}

/// The pairs, and the replicates behind them.
fn split<'a, 'r>(
    records: &'a [&'r Record],
) -> Result<(&'a [&'r Record], &'a [&'r Record]), ReportError> {
    let pairs = records.len().checked_sub(REPLICATED.len()).filter(|n| n.is_multiple_of(2));
    let pairs = pairs.ok_or_else(|| {
        ReportError::Lacking(format!("needs pairs of networks and {}", REPLICATED.join(", ")))
    })?;
    Ok(records.split_at(pairs))
}

/// Error of the network trained in part minus that of the one trained in full.
fn single(records: &[&Record]) -> Result<Estimate, ReportError> {
    let (pairs, replicates) = split(records)?;
    if pairs.len() != 2 {
        return Err(ReportError::Networks { expected: "one network", given: pairs.len() / 2 });
    }
    let seeds = Arms::of(replicates)?.over_seeds(PRIMARY)?;
    Ok(Arms::of(pairs)?.difference(PRIMARY, seeds))
}

/// The same over the seeds of the replicated comparison.
fn replicated(records: &[&Record]) -> Result<Estimate, ReportError> {
    let arms = Arms::of(split(records)?.1)?;
    Ok(arms.difference(PRIMARY, arms.over_seeds(PRIMARY)?))
}
