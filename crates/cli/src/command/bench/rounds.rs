//! The rounds: every measurement once a round, ours and the peer's in turn.
//!
//! A machine is never quiet for long, so absolute speeds drift from minute to minute.
//! Two measurements that follow each other share the weather, and their ratio lasts.
//! Who begins alternates from round to round.

use anyhow::Result;
use record::stats::{median, quantile};
use tensor::simd::Level;

use super::setting::{Sample, Setting, Side, Work};

/// One quantity over the rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Series {
    /// Ours, one value a round.
    pub(super) ours: Vec<f64>,
    /// The peer's, as many or none.
    pub(super) peer: Vec<f64>,
}

/// The median of some values, and how far they spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
}

impl Spread {
    /// That of some values, if there are any.
    pub(super) fn of(values: &[f64]) -> Option<Spread> {
        Some(Spread {
            median: median(values)?,
            lowest: quantile(values, 0.0)?,
            highest: quantile(values, 1.0)?,
        })
    }
}

impl Series {
    /// Ours over the peer's, round by round.
    pub(super) fn ratio(&self) -> Option<Spread> {
        if self.ours.len() != self.peer.len() {
            return None;
        }
        let ratios = self.ours.iter().zip(&self.peer).map(|(ours, peer)| ours / peer);
        Spread::of(&ratios.collect::<Vec<_>>())
    }

    fn side(&mut self, side: Side) -> &mut Vec<f64> {
        match side {
            Side::Ours => &mut self.ours,
            Side::Peer => &mut self.peer,
        }
    }
}

/// Everything measured. What cannot be had stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Results {
    /// Training ResNet-110, images per second.
    pub(super) train: Series,
    /// Evaluating ResNet-110, images per second.
    pub(super) eval: Series,
    /// Peak memory of training ResNet-110, in MiB.
    pub(super) peak_mb: Series,
    /// Training VGG-15, images per second.
    pub(super) vgg15_train: Series,
    /// Training ResNet-110 at level AVX2, images per second.
    pub(super) avx2_train: Series,
    /// The speed of training with two threads over that with one.
    pub(super) two_threads: Series,
    /// The time of all single deletions over that of as many evaluations.
    pub(super) deletions: Series,
}

/// What is to be measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// How often.
    pub(super) count: usize,
    /// On how many threads.
    pub(super) threads: usize,
    /// Whether there is a peer.
    pub(super) has_peer: bool,
    /// Whether the processor has AVX2.
    pub(super) has_avx2: bool,
}

impl Rounds {
    /// Measures everything, one process after the other. `measure` gets the round,
    /// from 0, whose turn it is, and what to do.
    pub(super) fn run(
        &self,
        mut measure: impl FnMut(usize, Side, &Setting) -> Result<Sample>,
    ) -> Result<Results> {
        let mut results = Results::default();
        for round in 0..self.count {
            self.round(round, &mut results, |side, setting| measure(round, side, setting))?;
        }
        Ok(results)
    }

    fn round(
        &self,
        round: usize,
        results: &mut Results,
        mut measure: impl FnMut(Side, &Setting) -> Result<Sample>,
    ) -> Result<()> {
        let sides = match (self.has_peer, round % 2) {
            (false, _) => &[Side::Ours][..],
            (true, 0) => &[Side::Ours, Side::Peer],
            (true, _) => &[Side::Peer, Side::Ours],
        };
        let usual = |work| Setting { work, threads: self.threads, level: None };
        for &side in sides {
            let Sample { value, peak_mb } = measure(side, &usual(Work::Train))?;
            results.train.side(side).push(value);
            results.peak_mb.side(side).extend(peak_mb);
        }
        for (work, series) in
            [(Work::Evaluate, &mut results.eval), (Work::TrainVgg15, &mut results.vgg15_train)]
        {
            for &side in sides {
                series.side(side).push(measure(side, &usual(work))?.value);
            }
        }
        if self.has_avx2 {
            let setting = Setting { level: Some(Level::Avx2), ..usual(Work::Train) };
            for &side in sides {
                results.avx2_train.side(side).push(measure(side, &setting)?.value);
            }
        }
        for (work, series) in [
            (Work::TwoThreads, &mut results.two_threads),
            (Work::Deletions, &mut results.deletions),
        ] {
            series.ours.push(measure(Side::Ours, &usual(work))?.value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    /// Runs against a program that is `speed(round, side, setting)` fast, and tells
    /// what was measured.
    fn run(
        rounds: Rounds,
        speed: impl Fn(usize, Side, &Setting) -> f64,
    ) -> (Results, Vec<(Side, Setting)>) {
        let mut log = Vec::new();
        let results = rounds.run(|round, side, setting| {
            log.push((side, *setting));
            Ok(Sample { value: speed(round, side, setting), peak_mb: Some(100.0) })
        });
        (results.unwrap(), log)
    }

    const AGAINST: Rounds = Rounds { count: 2, threads: 2, has_peer: true, has_avx2: true };

    #[test]
    fn both_take_turns_and_the_other_begins_next() {
        let (_, log) = run(AGAINST, |_, _, _| 1.0);
        let train = |level| Setting { work: Work::Train, threads: 2, level };
        for setting in [
            train(None),
            train(Some(Level::Avx2)),
            Setting { work: Work::Evaluate, ..train(None) },
            Setting { work: Work::TrainVgg15, ..train(None) },
        ] {
            let sides: Vec<Side> =
                log.iter().filter(|(_, of)| *of == setting).map(|(side, _)| *side).collect();
            assert_eq!(sides, [Side::Ours, Side::Peer, Side::Peer, Side::Ours], "{setting}");
        }
        for work in [Work::TwoThreads, Work::Deletions] {
            let sides: Vec<Side> =
                log.iter().filter(|(_, of)| of.work == work).map(|(side, _)| *side).collect();
            assert_eq!(sides, [Side::Ours; 2], "{work:?}");
        }
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_ratios() {
        // The machine slows down fourfold; in the last round the peer suffers alone.
        let (ours, peer) = ([80.0, 40.0, 20.0], [100.0, 50.0, 10.0]);
        let (results, _) = run(Rounds { count: 3, ..AGAINST }, |round, side, _| match side {
            Side::Ours => ours[round],
            Side::Peer => peer[round],
        });
        let ratio = results.train.ratio().unwrap();
        assert_eq!(ratio, Spread { median: 0.8, lowest: 0.8, highest: 2.0 });
        assert_eq!(Spread::of(&results.train.ours).unwrap().median, 40.0);
        assert_eq!(results.peak_mb.ratio().unwrap().median, 1.0);
    }

    #[test]
    fn what_cannot_be_had_is_not_measured() {
        let rounds = Rounds { has_peer: false, has_avx2: false, ..AGAINST };
        let (results, log) = run(rounds, |_, _, _| 1.0);
        assert_eq!(results.avx2_train, Series::default());
        assert!(log.iter().all(|(side, of)| *side == Side::Ours && of.level.is_none()));
        assert!(results.train.peer.is_empty() && results.train.ratio().is_none());
    }

    #[test]
    fn a_failed_measurement_ends_the_run() {
        let mut calls = 0;
        let outcome = AGAINST.run(|_, side, _| {
            calls += 1;
            match side {
                Side::Ours => Ok(Sample { value: 1.0, peak_mb: None }),
                Side::Peer => bail!("out of memory"),
            }
        });
        assert_eq!(outcome.unwrap_err().to_string(), "out of memory");
        assert_eq!(calls, 2, "ours, then the peer's");
    }
}
