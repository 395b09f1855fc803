//! Units in other orders.
//!
//! - **Claim:** blocks can change places: error grows smoothly as the order departs from
//!   that of the training.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.3, figure 5b.
//! - **Protocol:** trained weights as they are. For each k = 1 to 20 random orders, each
//!   the result of k exchanges one after the other; an exchange is of two units of one
//!   stage whose input and output have the same shape, every such pair as likely as the
//!   others. Disorder is Kendall's tau over all units. Order j is tried on fold j mod 5
//!   of the test images.
//! - **Expected shape:** error rises smoothly as tau falls from 1.
//! - **Record:** [`record::Reorder`].

use models::{Model, Plan};
use record::stats::kendall_tau;
use record::{Answer as _, RandomOrder};
use serde::{Deserialize, Serialize};
use tensor::random::Stream;

use super::options::check_lesions;
use super::{Experiment, Needs, Networks, OptionInfo};
use crate::folds::Folds;
use crate::{Done, Inputs, LesionError, Work};

/// Units in other orders.
#[derive(Debug)]
pub struct Reorder;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Orders for each number of exchanges.
    pub draws: usize,
    /// The largest number of exchanges.
    pub max_swaps: usize,
    /// Folds of the test images.
    pub folds: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { draws: 50, max_swaps: 20, folds: 5, seed: 0 }
    }
}

impl Experiment for Reorder {
    type Options = Options;
    type Answer = record::Reorder;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the test error with units in random other orders";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("draws", "N", "random draws of each kind"),
        OptionInfo::new("max-swaps", "K", "the most exchanges that lead to an order"),
        OptionInfo::new("folds", "N", "folds of the test images; draw j is tried on fold j mod N"),
        OptionInfo::new("seed", "S", "decides the random draws"),
    ];

    fn preview() -> Options {
        Options { draws: 10, folds: 10, ..Options::default() }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let orders = orders(&inputs.network().model, options)?;
        let plans: Vec<_> = orders.into_iter().map(|order| (order.draw, order.plan)).collect();
        Ok(folds(inputs, options)?.work(inputs, &plans))
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Reorder, LesionError> {
        let model = &inputs.network().model;
        let orders = orders(model, options)?;
        let draws = orders.iter().map(|order| order.draw);
        let lesion = |place: usize| format!("units in the order {:?}", orders[place].plan.order);
        let (intact, tallies) = folds(inputs, options)?.tallies(inputs, draws, done, lesion)?;
        let orders = orders.iter().zip(tallies).map(|(Order { swaps, plan, .. }, tally)| {
            let order = plan.order.clone();
            RandomOrder { swaps: *swaps, tau: kendall_tau(&order), order, tally }
        });
        Ok(record::Reorder {
            images: inputs.test().len(),
            folds: options.folds,
            pairs: pairs(model),
            intact,
            orders: orders.collect(),
        })
    }
}

/// An order, and the number of its draw among those of as many exchanges.
struct Order {
    swaps: usize,
    draw: usize,
    plan: Plan,
}

/// All orders, by exchanges and draw.
fn orders(model: &Model<f32>, options: &Options) -> Result<Vec<Order>, LesionError> {
    let experiment = record::Reorder::EXPERIMENT;
    for (option, value) in [("draws", options.draws), ("max-swaps", options.max_swaps)] {
        if value == 0 {
            return Err(LesionError::option(experiment, option, value, "expected at least 1"));
        }
        check_lesions(experiment, option, value, options.draws.saturating_mul(options.max_swaps))?;
    }
    let pairs = pairs(model);
    if pairs.is_empty() {
        let needed = "two units of one stage that keep their shape";
        return Err(LesionError::unsuited(experiment, &model.name, needed));
    }
    let stream = Stream::new(options.seed, experiment);
    let numbers =
        (1..=options.max_swaps).flat_map(|swaps| (0..options.draws).map(move |d| (swaps, d)));
    let draw = |(swaps, draw): (usize, usize)| {
        let mut rng = stream.at(swaps as u64, draw as u64);
        let mut plan = Plan::intact(model);
        for _ in 0..swaps {
            let (a, b) = pairs[rng.below(pairs.len() as u64) as usize];
            plan = plan.swap(model, a, b).expect("the pairs are of units that can change places");
        }
        Order { swaps, draw, plan }
    };
    Ok(numbers.map(draw).collect())
}

/// All pairs of units that can change places.
fn pairs(model: &Model<f32>) -> Vec<(usize, usize)> {
    let within = |group: Vec<usize>| {
        let pairs = (0..group.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        pairs.map(|(a, b)| (group[a], group[b])).collect::<Vec<_>>()
    };
    let mut pairs: Vec<_> = model.interchangeable().into_iter().flat_map(within).collect();
    // What is drawn depends on their order.
    pairs.sort_unstable();
    pairs
}

fn folds(inputs: &Inputs, options: &Options) -> Result<Folds, LesionError> {
    Folds::new(record::Reorder::EXPERIMENT, inputs, options.folds)
}
