//! Pairs of blocks deleted: does deleting one change what deleting another does?
//!
//! - **Claim:** paths do not depend strongly on each other.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4; the test of pairs is ours.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics, on
//!   the first 2,000 test images, or all where there are fewer. Of the units that can be
//!   deleted and are not boundaries each one and every pair is deleted. The interaction of a
//!   pair is `e_ij - e_i - e_j + e_0`, with errors `e` on the same images. With `max-blocks`
//!   below the number of these units, so many of them, evenly spread over the network.
//! - **Expected shape:** near 0 nearly everywhere if deletions add up; positive where either
//!   block can stand in for the other, negative where both do the same damage.
//! - **Record:** [`record::DeletePairs`].

use models::{Model, Plan};
use record::{Answer as _, PairDeletion, Score, UnitDeletion};
use serde::{Deserialize, Serialize};

use super::options::check_lesions;
use super::{Experiment, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Predictions, Work};

/// Pairs of units deleted.
#[derive(Debug)]
pub struct DeletePairs;

/// How much is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// How many test images, the first ones; fewer where there are fewer.
    pub pair_images: usize,
    /// Most units, whose number enters with its square.
    pub max_blocks: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { pair_images: 2_000, max_blocks: 100 }
    }
}

impl Experiment for DeletePairs {
    type Options = Options;
    type Answer = record::DeletePairs;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the test error with each pair of units deleted";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("pair-images", "N", "test images, the first ones"),
        OptionInfo::new("max-blocks", "N", "most units, evenly spread over the network"),
    ];

    fn preview() -> Options {
        Options { pair_images: 400, max_blocks: 16 }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let name = record::DeletePairs::EXPERIMENT;
        for (option, value, least) in
            [("pair-images", options.pair_images, 1), ("max-blocks", options.max_blocks, 2)]
        {
            if value < least {
                let reason = format!("expected at least {least}");
                return Err(LesionError::option(name, option, value, reason));
            }
        }
        let model = &inputs.network().model;
        let units = units(model, options.max_blocks);
        let n = units.len();
        check_lesions(name, "max-blocks", options.max_blocks, n * n.saturating_sub(1) / 2)?;
        if n < 2 {
            let needed = "two units that can be deleted and are not boundaries";
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let delete = |ids: &[usize]| {
            let plan = Plan::intact(model).delete_all(model, ids);
            Lesion::from(plan.expect("only deletable units are deleted"))
        };
        let singles = units.iter().map(|&id| delete(&[id]));
        let pairs = pairs(&units).into_iter().map(|(first, second)| delete(&[first, second]));
        let lesions = [delete(&[])].into_iter().chain(singles).chain(pairs).collect();
        let images = 0..images(inputs, options);
        Ok(vec![Work::Lesions { network: 0, lesions, images }])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeletePairs, LesionError> {
        let model = &inputs.network().model;
        let ids = units(model, options.max_blocks);
        let all: Vec<Predictions> = done.into_iter().flat_map(Done::into_lesions).collect();
        let (intact, singles, of_pairs) = (&all[0], &all[1..=ids.len()], &all[1 + ids.len()..]);
        let checked =
            |predictions: &Predictions, without: &[usize]| -> Result<Score, LesionError> {
                score(predictions, &model.name, || format!("units {without:?} deleted"))
            };
        let unit = |(&id, predictions): (&usize, &Predictions)| {
            let unit = &model.units[id];
            Ok(UnitDeletion {
                index: id,
                name: unit.name.clone(),
                stage: unit.stage,
                boundary: unit.is_boundary(),
                deleted: Some(checked(predictions, &[id])?),
            })
        };
        let place = |id| ids.iter().position(|&other| other == id).expect("pairs are of units");
        let pair = |((first, second), predictions): ((usize, usize), &Predictions)| {
            let wrong = checked(predictions, &[first, second])?.wrong;
            let others = [intact, &singles[place(first)], &singles[place(second)]];
            Ok(PairDeletion { first, second, wrong, squares: squares(predictions, others) })
        };
        Ok(record::DeletePairs {
            images: images(inputs, options),
            intact: score(intact, &model.name, || "intact".to_owned())?,
            units: ids.iter().zip(singles).map(unit).collect::<Result<_, LesionError>>()?,
            pairs: pairs(&ids)
                .into_iter()
                .zip(of_pairs)
                .map(pair)
                .collect::<Result<_, LesionError>>()?,
        })
    }
}

/// The sum over the images of the squared interaction.
fn squares(both: &Predictions, [intact, first, second]: [&Predictions; 3]) -> u32 {
    let interaction = |image: usize| {
        let wrong = |predictions: &Predictions| i32::from(!predictions.is_right[image]);
        wrong(both) - wrong(first) - wrong(second) + wrong(intact)
    };
    (0..both.images()).map(|image| interaction(image).pow(2) as u32).sum()
}

/// The units tried: at most `most` of those that can be deleted and are not boundaries.
fn units(model: &Model<f32>, most: usize) -> Vec<usize> {
    let belongs = |&id: &usize| model.units[id].is_deletable() && !model.units[id].is_boundary();
    let pool: Vec<usize> = (0..model.units.len()).filter(belongs).collect();
    if pool.len() <= most {
        return pool;
    }
    // The first and the last are among them.
    (0..most).map(|i| pool[i * (pool.len() - 1) / (most - 1)]).collect()
}

/// The first with each later one, then the second, and so on.
fn pairs(units: &[usize]) -> Vec<(usize, usize)> {
    let with_later = |(place, &first): (usize, &usize)| {
        units[place + 1..].iter().map(move |&second| (first, second)).collect::<Vec<_>>()
    };
    units.iter().enumerate().flat_map(with_later).collect()
}

fn images(inputs: &Inputs, options: &Options) -> usize {
    options.pair_images.min(inputs.test().len())
}
