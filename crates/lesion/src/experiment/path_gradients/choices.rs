//! Which paths of each length are tried.

use std::ops::RangeInclusive;

use record::Answer as _;
use record::stats::choose;
use tensor::random::Stream;

use super::{Choice, Options};
use crate::LesionError;
use crate::draw::subset;

/// Units of which all `2^n` paths can be asked for.
const MOST_FOR_ALL: usize = 16;

/// Most paths of a length.
const MOST_PATHS: usize = 100_000;

/// The paths through some units, by length.
#[derive(Debug, Clone)]
pub(super) struct Choices {
    units: Vec<usize>,
    choice: Choice,
    paths: usize,
    long_paths: usize,
    stream: Stream,
}

impl Choices {
    /// # Errors
    /// If no path is asked for, or all of too many.
    pub(super) fn new(options: &Options, units: &[usize]) -> Result<Choices, LesionError> {
        let refused = |option, value: &str, reason: String| {
            Err(LesionError::option(record::PathGradients::EXPERIMENT, option, value, reason))
        };
        let n = units.len();
        if options.choice == Choice::All && n > MOST_FOR_ALL {
            let reason = format!(
                "{n} units have 2^{n} paths; they can be listed for {MOST_FOR_ALL} units at most"
            );
            return refused("choice", "all", reason);
        }
        for (option, value) in [("paths", options.paths), ("long-paths", options.long_paths)] {
            if value == 0 || value > MOST_PATHS {
                let value = value.to_string();
                return refused(option, &value, format!("expected 1 to {MOST_PATHS}"));
            }
        }
        let Options { choice, paths, long_paths, seed, .. } = *options;
        let stream = Stream::new(seed, record::PathGradients::EXPERIMENT);
        Ok(Choices { units: units.to_vec(), choice, paths, long_paths, stream })
    }

    /// All lengths.
    pub(super) fn lengths(&self) -> RangeInclusive<usize> {
        0..=self.units.len()
    }

    /// How many paths of length `k` are tried on each batch.
    pub(super) fn number(&self, k: usize) -> usize {
        let all = choose(self.units.len(), k);
        self.asked(k).map_or(all as usize, |asked| (asked as f64).min(all) as usize)
    }

    /// Whether these are all paths of the length.
    pub(super) fn takes_all(&self, k: usize) -> bool {
        self.asked(k).is_none_or(|asked| asked as f64 >= choose(self.units.len(), k))
    }

    /// How many are asked for, if not all.
    fn asked(&self, k: usize) -> Option<usize> {
        match self.choice {
            Choice::All => None,
            Choice::Random if 2 * k <= self.units.len() => Some(self.paths),
            Choice::Random => Some(self.long_paths),
        }
    }

    /// The paths of length `k` on a batch: the units whose branch each one takes, ascending.
    pub(super) fn paths(&self, k: usize, batch: usize) -> Vec<Vec<usize>> {
        if self.takes_all(k) {
            return sets(&self.units, k);
        }
        (0..self.number(k)).map(|draw| self.draw(k, batch, draw)).collect()
    }

    /// The paths of all lengths on a batch, in the order of the lengths.
    pub(super) fn all_paths(&self, batch: usize) -> impl Iterator<Item = Vec<usize>> {
        self.lengths().flat_map(move |k| self.paths(k, batch))
    }

    /// What the sweeps along all paths of a batch cost, if the way down through the last
    /// units that several share is gone once: about as much on each batch.
    pub(super) fn macs(&self, branch: impl Fn(usize) -> u64) -> u64 {
        let mut paths: Vec<Vec<usize>> = self.all_paths(0).collect();
        // Whether each unit is on the path, from the last unit down.
        let is_on = |path: &[usize], unit: &usize| path.contains(unit);
        let routes = |path: &Vec<usize>| -> Vec<bool> {
            self.units.iter().rev().map(|unit| is_on(path, unit)).collect()
        };
        paths.sort_by_cached_key(routes);
        let mut before: Vec<bool> = Vec::new();
        let mut macs = 0;
        for path in &paths {
            let routes = routes(path);
            let shared = routes.iter().zip(&before).take_while(|(a, b)| a == b).count();
            let own = self.units.iter().rev().zip(&routes).skip(shared);
            macs += own.filter(|(_, on)| **on).map(|(&unit, _)| branch(unit)).sum::<u64>();
            before = routes;
        }
        macs
    }

    fn draw(&self, k: usize, batch: usize, draw: usize) -> Vec<usize> {
        let place = (k as u64) << 32 | draw as u64;
        subset(&self.units, k, &mut self.stream.at(batch as u64, place))
    }
}

/// All sets of `k` of some units, in the order of a dictionary.
fn sets(units: &[usize], k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![Vec::new()];
    }
    let from = |place: usize| {
        let rest = sets(&units[place + 1..], k - 1).into_iter();
        rest.map(move |rest| [&[units[place]], rest.as_slice()].concat())
    };
    (0..units.len().saturating_sub(k - 1)).flat_map(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(n: usize, choice: Choice, paths: usize, long_paths: usize) -> Choices {
        let options = Options { choice, paths, long_paths, ..Options::default() };
        // Every second unit is open.
        Choices::new(&options, &(0..n).map(|i| 2 * i).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn short_lengths_have_more_paths_and_rare_ones_all() {
        let choices = choices(9, Choice::Random, 40, 8);
        let numbers: Vec<_> = choices.lengths().map(|k| choices.number(k)).collect();
        assert_eq!(numbers, [1, 9, 36, 40, 40, 8, 8, 8, 8, 1]);
        let all: Vec<_> = choices.lengths().filter(|&k| choices.takes_all(k)).collect();
        assert_eq!(all, [0, 1, 2, 9]);
        for k in choices.lengths() {
            let paths = choices.paths(k, 3);
            assert_eq!(paths.len(), choices.number(k));
            let is_path = |path: &Vec<usize>| {
                path.len() == k
                    && path.is_sorted_by(|a, b| a < b)
                    && path.iter().all(|u| u % 2 == 0)
            };
            assert!(paths.iter().all(is_path), "{paths:?}");
        }
        assert_eq!(choices.paths(4, 1), choices.paths(4, 1));
        assert_ne!(choices.paths(4, 1), choices.paths(4, 2), "each batch has its own");
        assert_eq!(choices.paths(2, 1), choices.paths(2, 2), "except for all of them");
    }

    #[test]
    fn all_paths_are_each_set_once() {
        let choices = choices(7, Choice::All, 1, 1);
        let mut paths: Vec<_> = choices.lengths().flat_map(|k| choices.paths(k, 0)).collect();
        assert_eq!(paths.len(), 1 << 7);
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 1 << 7);
    }

    /// Of all paths through n units, 2^i sweeps go down the branch of the unit that is i
    /// below the last one.
    #[test]
    fn shared_ways_are_paid_once() {
        let all = choices(9, Choice::All, 1, 1);
        assert_eq!(all.macs(|_| 1), 511);
        assert_eq!(all.macs(|unit| u64::from(unit == 0)), 256);
        assert_eq!(all.macs(|unit| u64::from(unit == 16)), 1);
        let some = choices(54, Choice::Random, 40, 8);
        let alone: usize = some.lengths().map(|k| k * some.number(k)).sum();
        let shared = some.macs(|_| 1);
        assert!(shared < alone as u64 && shared > alone as u64 / 2, "{shared} of {alone}");
    }

    /// Each unit of nine is in a random third of the paths of length 3: 9,000 paths,
    /// within five standard deviations of 45.
    #[test]
    fn every_unit_is_as_often_on_a_path_as_the_others() {
        let choices = choices(9, Choice::Random, 75, 1);
        let mut times = [0_i64; 9];
        for path in (0..120).flat_map(|batch| choices.paths(3, batch)) {
            path.iter().for_each(|unit| times[unit / 2] += 1);
        }
        assert_eq!(times.iter().sum::<i64>(), 27_000);
        assert!(times.iter().all(|n| (n - 3_000).abs() < 5 * 45), "{times:?}");
    }
}
