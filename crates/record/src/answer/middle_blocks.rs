//! The middle units of a stage skipped, repeated, moved or averaged.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// A network with the middle units of one stage run in other ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MiddleBlocks {
    /// Number of test images: the first ones.
    pub images: usize,
    /// The untouched network.
    pub intact: Score,
    /// Every middle in every way, middle by middle.
    pub orders: Vec<MiddleOrder>,
}

/// One middle in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MiddleOrder {
    /// The stage, 0-based.
    pub stage: usize,
    /// The units of the middle, 0-based, in a row.
    pub units: Vec<usize>,
    /// What is done to them.
    pub way: MiddleWay,
    /// What runs in their place, in order; the units themselves where they run side by side.
    pub order: Vec<usize>,
    /// Wrong answers.
    pub wrong: u32,
    /// Mean cross-entropy, in nats.
    pub cross_entropy: f64,
}

/// What is done to the middle units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MiddleWay {
    /// None of them runs.
    Skipped,
    /// The centre one runs in the place of each.
    Repeated,
    /// They run from the last to the first.
    Reversed,
    /// They run in a random order.
    Random,
    /// Each gets the same input; the mean of their outputs goes on.
    Parallel,
    /// The parallel step three times.
    Looped,
}

impl MiddleWay {
    /// All of them.
    pub const ALL: [MiddleWay; 6] = [
        MiddleWay::Skipped,
        MiddleWay::Repeated,
        MiddleWay::Reversed,
        MiddleWay::Random,
        MiddleWay::Parallel,
        MiddleWay::Looped,
    ];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            MiddleWay::Skipped => "skipped",
            MiddleWay::Repeated => "repeated centre",
            MiddleWay::Reversed => "reversed",
            MiddleWay::Random => "random order",
            MiddleWay::Parallel => "parallel",
            MiddleWay::Looped => "looped parallel",
        }
    }
}

impl Answer for MiddleBlocks {
    const EXPERIMENT: &'static str = "middle-blocks";

    fn check(&self, key: &Key) -> Result<(), String> {
        let MiddleBlocks { images, intact, orders } = self;
        let given = key.images.first().map_or(0, |images| images.images);
        let most = key.options["order-images"].as_u64().unwrap_or(u64::MAX);
        let asked = usize::try_from(most).unwrap_or(usize::MAX).min(given);
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected {asked} by the key")
        })?;
        intact.check("answer.intact", *images)?;
        for (place, one) in orders.iter().enumerate() {
            let field = format!("answer.orders[{place}]");
            let MiddleOrder { units, order, wrong, cross_entropy, way, .. } = one;
            expect(units.windows(2).all(|two| two[0] + 1 == two[1]) && !units.is_empty(), || {
                format!("{field}.units are not in a row: {units:?}")
            })?;
            let expected = if *way == MiddleWay::Skipped { 0 } else { units.len() };
            expect(order.len() == expected && order.iter().all(|id| units.contains(id)), || {
                format!("{field}.order is {order:?}, expected {expected} of {units:?}")
            })?;
            expect(*wrong as usize <= *images && cross_entropy.is_finite(), || {
                format!("{field}: {wrong} wrong of {images}, cross-entropy {cross_entropy}")
            })?;
        }
        Ok(())
    }
}
