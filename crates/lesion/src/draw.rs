//! Random sets of units.

use tensor::random::Random;

/// `size` of these units, ascending; every set is as likely as the others.
///
/// # Panics
/// If there are fewer units.
pub(crate) fn subset(units: &[usize], size: usize, rng: &mut Random) -> Vec<usize> {
    assert!(size <= units.len(), "subset: {size} of {} units", units.len());
    let mut chosen = units.to_vec();
    // The first steps of a shuffle.
    for place in 0..size {
        let rest = (chosen.len() - place) as u64;
        chosen.swap(place, place + rng.below(rest) as usize);
    }
    chosen.truncate(size);
    chosen.sort_unstable();
    chosen
}
