//! All networks that are left when any blocks of one network are deleted.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Committee, Key, Score};

/// Every sub-network of one network on the same images: each unit that can be deleted is
/// kept or deleted, which makes 2^n of them.
///
/// A sub-network is a number from 0 on: bit `i` says whether it keeps unit `units[i]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubNetworks {
    /// Number of images.
    pub images: usize,
    /// The untouched network.
    pub intact: Score,
    /// The units that can be deleted, 0-based, ascending.
    pub units: Vec<usize>,
    /// All sub-networks, the intact network among them, by their numbers.
    pub all: Committee,
    /// Those that keep 0, 1, … units, each group by its numbers.
    pub by_kept: Vec<Committee>,
}

impl SubNetworks {
    /// The sub-networks that keep so many of `units` units, by their numbers.
    pub fn keeping(units: usize, kept: usize) -> impl Iterator<Item = usize> {
        (0..1 << units).filter(move |network: &usize| network.count_ones() as usize == kept)
    }
}

impl Answer for SubNetworks {
    const EXPERIMENT: &'static str = "sub-networks";

    fn check(&self, key: &Key) -> Result<(), String> {
        let SubNetworks { images, intact, units, all, by_kept } = self;
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(*images == asked, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        intact.check("answer.intact", *images)?;
        expect(units.is_sorted_by(|a, b| a < b) && units.len() < 32, || {
            format!("answer.units is {units:?}, expected fewer than 32, ascending")
        })?;
        let networks = 1 << units.len();
        all.check("answer.all", networks, *images)?;
        let whole = all.member_wrong[networks - 1];
        expect(whole == intact.wrong, || {
            format!(
                "answer.all says {whole} wrong of the intact network, expected {}",
                intact.wrong
            )
        })?;
        expect(by_kept.len() == units.len() + 1, || {
            format!("answer.by_kept has {}, expected {}", by_kept.len(), units.len() + 1)
        })?;
        for (kept, committee) in by_kept.iter().enumerate() {
            let here = SubNetworks::keeping(units.len(), kept);
            let wrong: Vec<u32> = here.map(|network| all.member_wrong[network]).collect();
            committee.check(&format!("answer.by_kept[{kept}]"), wrong.len(), *images)?;
            expect(committee.member_wrong == wrong, || {
                format!("answer.by_kept[{kept}].member_wrong is not that of answer.all")
            })?;
        }
        Ok(())
    }
}
