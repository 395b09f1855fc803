//! Units in other orders (Veit et al. 2016, figure 5b).

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::stats::kendall_tau;
use crate::{Key, Score, Tally};

/// Random orders of a network's units, each after more and more exchanges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reorder {
    /// Number of images.
    pub images: usize,
    /// Into how many folds they are cut; each order is tried on one.
    pub folds: usize,
    /// The pairs of units that may change places, 0-based.
    pub pairs: Vec<(usize, usize)>,
    /// The untouched network, on all images.
    pub intact: Score,
    /// The orders, by the number of exchanges.
    pub orders: Vec<RandomOrder>,
}

/// One order, and how the network does in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomOrder {
    /// How many exchanges led to it.
    pub swaps: usize,
    /// The units in the order in which they run.
    pub order: Vec<usize>,
    /// Kendall's tau between this order and the intact one.
    pub tau: f64,
    /// The network in this order, on one fold.
    pub tally: Tally,
}

impl Answer for Reorder {
    const EXPERIMENT: &'static str = "reorder";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        let Reorder { images, folds, intact, orders, .. } = self;
        expect(*images == asked, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        intact.check("answer.intact", *images)?;
        for (place, RandomOrder { order, tau, tally, .. }) in orders.iter().enumerate() {
            let field = format!("answer.orders[{place}]");
            let mut sorted = order.clone();
            sorted.sort_unstable();
            expect(order.len() > 1 && sorted.iter().copied().eq(0..order.len()), || {
                format!("{field}.order is {order:?}, expected each of two or more units once")
            })?;
            let expected = kendall_tau(order);
            expect(*tau == expected, || {
                format!("{field}.tau is {tau}, expected that of the order, {expected}")
            })?;
            tally.check(&format!("{field}.tally"), *images, *folds)?;
        }
        Ok(())
    }
}
