//! Several units deleted at random, more and more of them.
//!
//! - **Claim:** error grows smoothly with the number of deleted blocks, as that of an
//!   ensemble that loses members; about 0.2 with 10 of 54 deleted, a severe drop at 20.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.2, figure 5a. How many sets were
//!   drawn, and whether blocks that change the resolution were among them, is not stated;
//!   both pools can be asked for.
//! - **Protocol:** trained weights as they are. For each k = 1 to 20, and every second k
//!   from 22 on with a fifth of the draws, random sets of k units of the pool, each as
//!   likely as the others; k ends at the size of the pool. Draw j is tried on fold
//!   j mod 5 of the test images.
//! - **Expected shape:** a smooth rise that levels off at chance.
//! - **Record:** [`record::DeleteMany`].

use models::{Model, Plan};
use record::{Answer as _, DeletedCount, DeletedSet};
use serde::{Deserialize, Serialize};
use tensor::random::Stream;

use super::options::check_lesions;
use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::draw::subset;
use crate::folds::Folds;
use crate::{Done, Inputs, LesionError, Work};

/// Several units deleted at random.
#[derive(Debug)]
pub struct DeleteMany;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// The units that sets are drawn from.
    pub pool: Pool,
    /// Sets of each size up to 20; of larger ones a fifth, rounded up.
    pub draws: usize,
    /// The largest size; never more than the pool has.
    pub max_deleted: usize,
    /// Folds of the test images.
    pub folds: usize,
    /// The seed of the draws.
    pub seed: u64,
}

/// Units that sets are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// All that can be deleted.
    All,
    /// Those of them that change neither resolution nor channels.
    NonBoundary,
}

/// Up to this size every size has all draws.
const DENSE: usize = 20;

impl Default for Options {
    fn default() -> Self {
        Options { pool: Pool::All, draws: 100, max_deleted: 54, folds: 5, seed: 0 }
    }
}

impl Experiment for DeleteMany {
    type Options = Options;
    type Answer = record::DeleteMany;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the test error with random sets of units deleted";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("pool", "POOL", "which units are drawn: all or non-boundary"),
        OptionInfo::new("draws", "N", "random draws of each kind"),
        OptionInfo::new("max-deleted", "K", "the most units deleted at once"),
        OptionInfo::new("folds", "N", "folds of the test images; draw j is tried on fold j mod N"),
        OptionInfo::new("seed", "S", "decides the random draws"),
    ];

    fn preview() -> Options {
        Options { draws: 10, ..Options::default() }
    }

    fn preview_images(_: &Options) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        let plan = |Set { draw, units }: &Set| {
            let plan = Plan::intact(model).delete_all(model, units);
            (*draw, plan.expect("the pool has only units that can be deleted"))
        };
        let plans: Vec<(usize, Plan)> = sets(model, options)?.iter().map(plan).collect();
        Ok(folds(inputs, options)?.work(inputs, &plans))
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeleteMany, LesionError> {
        let model = &inputs.network().model;
        let sets = sets(model, options)?;
        let draws = sets.iter().map(|set| set.draw);
        let lesion = |place: usize| format!("units {:?} deleted", sets[place].units);
        let (intact, tallies) = folds(inputs, options)?.tallies(inputs, draws, done, lesion)?;
        let drawn = sets.iter().zip(tallies);
        let drawn: Vec<_> =
            drawn.map(|(set, tally)| DeletedSet { units: set.units.clone(), tally }).collect();
        let counts = drawn
            .chunk_by(|a, b| a.units.len() == b.units.len())
            .map(|draws| DeletedCount { deleted: draws[0].units.len(), draws: draws.to_vec() });
        Ok(record::DeleteMany {
            images: inputs.test().len(),
            folds: options.folds,
            pool: pool(model, options.pool),
            intact,
            counts: counts.collect(),
        })
    }
}

/// A set of units, and the number of its draw among those of its size.
struct Set {
    draw: usize,
    units: Vec<usize>,
}

/// All sets, by size and draw.
fn sets(model: &Model<f32>, options: &Options) -> Result<Vec<Set>, LesionError> {
    let pool = pool(model, options.pool);
    let refused = |option, value: String, reason: String| {
        Err(LesionError::option(record::DeleteMany::EXPERIMENT, option, value, reason))
    };
    if pool.is_empty() {
        let value = serde_json::json!(options.pool).to_string();
        return refused("pool", value, format!("{} has no such unit", model.name));
    }
    for (option, value) in [("draws", options.draws), ("max-deleted", options.max_deleted)] {
        if value == 0 {
            return refused(option, value.to_string(), "expected at least 1".to_owned());
        }
    }
    let stream = Stream::new(options.seed, "delete-many");
    let most = options.max_deleted.min(pool.len());
    let sizes = (1..=most).filter(|size| *size <= DENSE || size.is_multiple_of(2));
    let draws = |size| if size <= DENSE { options.draws } else { options.draws.div_ceil(5) };
    let number = sizes.clone().map(draws).fold(0, usize::saturating_add);
    check_lesions(record::DeleteMany::EXPERIMENT, "draws", options.draws, number)?;
    let sets = sizes.flat_map(|size| (0..draws(size)).map(move |draw| (size, draw)));
    let draw = |(size, draw): (usize, usize)| {
        let units = subset(&pool, size, &mut stream.at(size as u64, draw as u64));
        Set { draw, units }
    };
    Ok(sets.map(draw).collect())
}

/// The units of a pool, in the network's order.
fn pool(model: &Model<f32>, pool: Pool) -> Vec<usize> {
    let belongs = |id: &usize| {
        let unit = &model.units[*id];
        unit.is_deletable() && (pool == Pool::All || !unit.is_boundary())
    };
    (0..model.units.len()).filter(belongs).collect()
}

fn folds(inputs: &Inputs, options: &Options) -> Result<Folds, LesionError> {
    Folds::new(record::DeleteMany::EXPERIMENT, inputs, options.folds)
}
