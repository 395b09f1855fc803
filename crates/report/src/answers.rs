//! The records given, found by what they answer.

use std::cmp::Reverse;

use record::{Key, Record};
use serde_json::Value;

use crate::{Pictures, ReportError, words};

/// One record that is needed: an experiment on networks, with options.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// The experiment.
    pub experiment: &'static str,
    /// The networks of this one record, by name, in order, or the training whose log it
    /// reads; none for pure arithmetic.
    pub networks: Vec<String>,
    /// The options that matter, as a JSON object. The experiment's preset decides the
    /// others.
    pub options: Value,
    /// Numeric options of which no more is asked for than this, as a JSON object, where the
    /// preset has more. A record with more or less of them is an answer as well.
    pub at_most: Value,
}

impl Need {
    /// The experiment on one network, with options of the preset.
    pub fn of(experiment: &'static str, network: &str) -> Need {
        let none = || Value::Object(Default::default());
        Need { experiment, networks: vec![network.into()], options: none(), at_most: none() }
    }

    /// These options of a preset, with those of the need.
    pub fn applied_to(&self, mut preset: Value) -> Value {
        for (name, value) in self.options.as_object().into_iter().flatten() {
            preset[name.as_str()] = value.clone();
        }
        for (name, most) in self.at_most.as_object().into_iter().flatten() {
            // An option that the preset lacks is put in, so that the experiment refuses it.
            let has_less =
                preset[name.as_str()].as_f64().is_some_and(|own| Some(own) <= most.as_f64());
            if !has_less {
                preset[name.as_str()] = most.clone();
            }
        }
        preset
    }

    /// Whether the record of `key` is an answer, whatever its images.
    pub fn is_met_by(&self, key: &Key) -> bool {
        let options = self.options.as_object().into_iter().flatten();
        key.experiment == self.experiment && key.subjects().eq(&self.networks) && { options }
            .all(|(name, value)| key.options.get(name) == Some(value))
    }
}

/// The records given to a report, and the images that they are about.
///
/// ```
/// use report::{Answers, Need};
///
/// # let units: &[testkit::made_up::Unit] = &[("stage1.block0", false, Some(11))];
/// # let records = [testkit::made_up::delete_one("resnet20", units, 100, 10)];
/// // records: Vec<Record>, for instance read with Record::load.
/// let answers = Answers::new(&records);
/// assert!(answers.find(&Need::of("delete-one", "resnet20")).is_some());
/// let lacking = answers.find_all(&[Need::of("reorder", "resnet20")]).unwrap_err();
/// assert!(lacking.to_string().contains("needs reorder of resnet20"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    records: &'a [Record],
    /// The test images, where they are to be shown.
    pub pictures: Option<&'a Pictures>,
}

impl<'a> Answers<'a> {
    /// These records, without images.
    pub fn new(records: &'a [Record]) -> Self {
        Answers { records, pictures: None }
    }

    /// All records of an experiment, in the order given.
    pub fn of(&self, experiment: &str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.key.experiment == experiment)
    }

    /// The record that meets `need`: of several the one with most images, then the
    /// first by name.
    pub fn find(&self, need: &Need) -> Option<&'a Record> {
        let met = self.records.iter().filter(|record| need.is_met_by(&record.key));
        met.min_by_key(|record| {
            let images = record.key.images.first().map_or(0, |images| images.images);
            (Reverse(images), &record.name)
        })
    }

    /// One record for each need, in their order.
    ///
    /// # Errors
    /// [`ReportError::Lacking`] says everything that is not there, for instance
    /// `needs delete-one of resnet32 and resnet56`.
    pub fn find_all(&self, needs: &[Need]) -> Result<Vec<&'a Record>, ReportError> {
        let lacking: Vec<&Need> = needs.iter().filter(|need| self.find(need).is_none()).collect();
        if lacking.is_empty() {
            return Ok(needs.iter().filter_map(|need| self.find(need)).collect());
        }
        let groups =
            lacking.chunk_by(|a, b| a.experiment == b.experiment && a.options == b.options);
        let groups: Vec<String> = groups.map(group).collect();
        Err(ReportError::Lacking(format!("needs {}", groups.join("; "))))
    }
}

/// `delete-one of resnet32 and resnet56`; networks of one record are joined by `with`, options
/// follow in brackets.
fn group(needs: &[&Need]) -> String {
    let Need { experiment, options, .. } = needs[0];
    let subjects = needs.iter().filter(|need| !need.networks.is_empty());
    let subjects: Vec<String> = subjects.map(|need| need.networks.join(" with ")).collect();
    let of = if subjects.is_empty() { "" } else { " of " };
    let options = options.as_object().into_iter().flatten();
    let options = options.map(|(name, value)| match value {
        Value::String(text) => format!("{name} {text}"),
        value => format!("{name} {value}"),
    });
    let options: Vec<String> = options.collect();
    let options =
        if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
    format!("{experiment}{of}{}{options}", words::list(&subjects))
}
