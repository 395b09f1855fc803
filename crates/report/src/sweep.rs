//! A delete-one record as rates, differences and their intervals.

use record::stats::{self, Interval};
use record::{DeleteOne, Deletion, Outcome, Record, UnitDeletion};

/// Error of a guess on CIFAR-10: ten classes with equally many test images.
pub(crate) const CHANCE: f64 = 0.9;

/// One record of the experiment `delete-one`.
#[derive(Clone, Copy)]
pub(crate) struct Sweep<'a> {
    pub(crate) record: &'a Record,
    outcome: &'a DeleteOne,
}

/// What deleting one unit does; rates and differences are fractions.
pub(crate) struct Effect<'a> {
    pub(crate) unit: &'a UnitDeletion,
    /// Error of the lesioned network, with Wilson's interval.
    pub(crate) error: f64,
    pub(crate) error_interval: Interval,
    /// Lesioned minus intact error on the same images, with its paired interval.
    pub(crate) difference: f64,
    pub(crate) difference_interval: Interval,
    /// McNemar's two-sided mid-p value.
    pub(crate) p: f64,
}

impl<'a> Sweep<'a> {
    /// The sweep in `record`, if it holds one.
    pub(crate) fn of(record: &'a Record) -> Option<Self> {
        match &record.result {
            Outcome::DeleteOne(outcome) => Some(Sweep { record, outcome }),
        }
    }

    pub(crate) fn model(&self) -> &'a str {
        &self.record.key.model.name
    }

    /// What the model's units are called: a block has a skip, a layer has none.
    pub(crate) fn unit_word(&self) -> &'static str {
        let starts = |names: &[&str]| names.iter().any(|name| self.model().starts_with(name));
        if starts(&["resnet", "bottleneck", "highway"]) {
            "block"
        } else if starts(&["vgg", "plain"]) {
            "layer"
        } else {
            "unit"
        }
    }

    pub(crate) fn images(&self) -> usize {
        self.outcome.images
    }

    pub(crate) fn units(&self) -> &'a [UnitDeletion] {
        &self.outcome.units
    }

    pub(crate) fn intact_error(&self) -> f64 {
        self.rate(self.outcome.intact.wrong)
    }

    pub(crate) fn intact_interval(&self) -> Interval {
        stats::wilson(self.outcome.intact.wrong.into(), self.images() as u64)
    }

    /// One effect for every unit that can be deleted, in the network's order.
    pub(crate) fn effects(&self) -> Vec<Effect<'a>> {
        let deleted = |unit: &'a UnitDeletion| Some((unit, unit.deleted.as_ref()?));
        let units = self.units().iter().filter_map(deleted);
        units.map(|(unit, deletion)| self.effect(unit, deletion)).collect()
    }

    fn effect(&self, unit: &'a UnitDeletion, deletion: &Deletion) -> Effect<'a> {
        let images = self.images() as u64;
        let (worse, better) = (deletion.newly_wrong.into(), deletion.newly_right.into());
        Effect {
            unit,
            error: self.rate(deletion.score.wrong),
            error_interval: stats::wilson(deletion.score.wrong.into(), images),
            difference: (worse as f64 - better as f64) / images as f64,
            difference_interval: stats::paired_difference(worse, better, images),
            p: stats::mcnemar_mid_p(worse, better),
        }
    }

    fn rate(&self, wrong: u32) -> f64 {
        f64::from(wrong) / self.images() as f64
    }
}

/// A name for each sweep: the model's, and where two share it the weights' too.
pub(crate) fn labels(sweeps: &[Sweep]) -> Vec<String> {
    let shared = |name: &str| sweeps.iter().filter(|other| other.model() == name).count() > 1;
    let label = |sweep: &Sweep| match sweep.model() {
        name if shared(name) => format!("{name} ({})", weights_name(&sweep.record.key)),
        name => name.to_string(),
    };
    sweeps.iter().map(label).collect()
}

/// The weights file's name without its extension.
pub(crate) fn weights_name(key: &record::Key) -> &str {
    let source = &key.weights.source;
    source.strip_suffix(".safetensors").unwrap_or(source)
}
