//! What networks of different cardinality reach while training.

use record::stats::{Interval, Variance, mean, pooled_variance, t_interval};
use record::{Record, TrainingLog};

use super::SEEDS;
use crate::figure::{Axis, Figure, Lines, Series};
use crate::study::Estimate;
use crate::{ReportError, words};

/// The training loss after each epoch, for each seed of a network.
pub(super) struct Arm {
    pub(super) name: String,
    /// Seed by seed, epoch by epoch: mean cross-entropy of the batches, in nats.
    losses: Vec<Vec<f64>>,
}

impl Arm {
    /// One for each network, from the logs of all seeds.
    ///
    /// # Errors
    /// If they are not of as many epochs.
    pub(super) fn all(records: &[&Record]) -> Result<Vec<Arm>, ReportError> {
        let log = |record: &&Record| {
            let epochs = record.answer::<TrainingLog>()?.epochs;
            Ok(epochs.iter().map(|epoch| epoch.train_loss).collect())
        };
        let all: Vec<Vec<f64>> = records.iter().map(log).collect::<Result<_, ReportError>>()?;
        if !all.windows(2).all(|pair| pair[0].len() == pair[1].len()) {
            return Err(ReportError::Lacking("needs trainings of as many epochs".into()));
        }
        let name = |record: &Record| record.key.log.as_ref().map_or("", |log| &log.name).to_owned();
        let arm = |(records, losses): (&[&Record], &[Vec<f64>])| Arm {
            name: name(records[0]),
            losses: losses.to_vec(),
        };
        Ok(records.chunks_exact(SEEDS).zip(all.chunks_exact(SEEDS)).map(arm).collect())
    }

    /// The mean training loss of the last epoch, for each seed.
    pub(super) fn last(&self) -> Vec<f64> {
        self.losses.iter().filter_map(|epochs| epochs.last().copied()).collect()
    }
}

/// The difference of two arms in the training loss of the last epoch.
pub(super) struct Difference {
    value: f64,
    /// Its variance over seeds, from that pooled over both arms.
    variance: Variance,
}

impl Difference {
    /// The first arm minus the second.
    pub(super) fn of(records: &[&Record]) -> Result<Difference, ReportError> {
        let arms = Arm::all(records)?;
        let [a, b] = arms.as_slice() else {
            return Err(ReportError::Networks { expected: "two networks", given: arms.len() });
        };
        let (a, b) = (a.last(), b.last());
        let pooled = pooled_variance(&[&a, &b]).expect("there are several seeds");
        let networks = (1.0 / a.len() as f64 + 1.0 / b.len() as f64).sqrt();
        let mean = |losses: &[f64]| mean(losses).expect("there are seeds");
        Ok(Difference { value: mean(&a) - mean(&b), variance: pooled.scaled(networks) })
    }

    /// With the t interval over seeds.
    pub(super) fn estimate(&self) -> Estimate {
        let Interval { low, high } = t_interval(self.value, &[self.variance]);
        Estimate { value: self.value, low, high }
    }

    /// The same over its standard error.
    pub(super) fn in_standard_errors(&self) -> Result<Estimate, ReportError> {
        let error = self.variance.value.sqrt();
        if error == 0.0 {
            return Err(ReportError::Lacking("needs seeds that differ".into()));
        }
        let Estimate { value, low, high } = self.estimate();
        Ok(Estimate { value: value / error, low: low / error, high: high / error })
    }
}

/// The loss against the epoch, a curve for each network.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let arms = Arm::all(records)?;
    let epochs = arms.first().map_or(0, |arm| arm.losses[0].len());
    let each = |arm: &Arm, epoch: usize| -> Vec<f64> {
        arm.losses.iter().map(|losses| losses[epoch]).collect()
    };
    let series = arms.iter().map(|arm| {
        let point = |epoch: usize| {
            let losses = each(arm, epoch);
            ((epoch + 1) as f64, mean(&losses).expect("there are seeds"))
        };
        let range = |epoch: usize| {
            let losses = each(arm, epoch);
            let low = losses.iter().copied().fold(f64::INFINITY, f64::min);
            let high = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            ((epoch + 1) as f64, Interval { low, high })
        };
        let mut series = Series::new(arm.name.clone(), (0..epochs).map(point));
        series.band = (0..epochs).map(range).collect();
        series
    });
    let ends = arms.iter().map(|arm| {
        let last = mean(&arm.last()).expect("there are seeds");
        format!("{} {}", arm.name, words::decimal(last, 4))
    });
    let all = arms.iter().flat_map(|arm| arm.losses.iter().flatten().copied());
    Lines {
        title: "Does more cardinality learn better?".into(),
        subtitle: format!("training loss, {SEEDS} seeds of each network"),
        x: Axis::counting("epoch", epochs),
        y: Axis::around("training loss (nats)", all.chain([0.0])),
        series: series.collect(),
        levels: Vec::new(),
        keys: vec![(crate::figure::Key::Band, "from the lowest to the highest seed".into())],
        caption: format!(
            "Mean cross-entropy of the batches while training on them, mean over {SEEDS} seeds, of \
             networks with as many parameters and different numbers of groups: CxD has C groups \
             of D channels in the first stage. In the last epoch: {}.",
            words::list(&ends.collect::<Vec<_>>())
        ),
    }
    .draw("fig-cardinality")
}
