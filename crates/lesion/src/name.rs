//! The names of records.

use record::sha256_hex;
use serde_json::Value;

use crate::experiment::{AnyExperiment, Preset};
use crate::images::{suffix, training_suffix};
use crate::{Inputs, Log, Subject};

/// Networks that a name lists; of more it gives the first and a sum.
const LISTED: usize = 4;

/// Digits of a sum in a name.
const DIGITS: usize = 8;

/// Longest name: a file's may have 255 bytes on most systems, and `.run.json` and the mark of
/// a temporary file are added to it. Of a longer name the first part is kept, with its sum.
const LONGEST: usize = 200;

/// The name of a question's record.
pub(crate) fn record_name(
    experiment: &dyn AnyExperiment,
    options: &Value,
    inputs: &Inputs,
) -> String {
    let mut name = experiment.name().to_owned();
    let networks: Vec<String> = inputs.networks.iter().map(network).collect();
    if networks.len() <= LISTED {
        networks.iter().for_each(|network| name += &format!("-{network}"));
    } else {
        let (more, sum) = (networks.len() - 1, sum(&networks.join("\n")));
        name += &format!("-{}-and-{more}-more-{sum}", networks[0]);
    }
    name += &inputs.log.as_ref().map(log).unwrap_or_default();
    name += &inputs.test.as_ref().or(inputs.training.as_ref()).map(suffix).unwrap_or_default();
    if let (Some(_), Some(training)) = (&inputs.test, &inputs.training) {
        name += &training_suffix(training);
    }
    let full = experiment.preset(Preset::Full);
    for (option, value) in options.as_object().into_iter().flatten() {
        if full.get(option) != Some(value) {
            name += &format!("-{option}{}", brief(value));
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let plain: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    if plain.len() <= LONGEST {
        return plain;
    }
    format!("{}-{}", &plain[..LONGEST - DIGITS - 1], sum(&name))
}

/// The network's name, with the model where it does not begin with it, and the sum of the
/// weights where the name does not tell them.
fn network(subject: &Subject) -> String {
    let (name, model) = (&subject.name, &subject.model.name);
    let model = if name.starts_with(model.as_str()) { "" } else { &format!("{model}-") };
    let sum = if subject.listed { "" } else { &format!("-{}", digits(&subject.weights.sha256)) };
    format!("{model}{name}{sum}")
}

/// The same of a log.
fn log(log: &Log) -> String {
    let sum = if log.listed { "" } else { &format!("-{}", digits(&log.id.sha256)) };
    format!("-{}{sum}", log.id.name)
}

/// A value as a name has it; of a list or an object its sum.
fn brief(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => sum(&value.to_string()),
        _ => value.to_string(),
    }
}

fn sum(text: &str) -> String {
    digits(&sha256_hex(text.as_bytes())).to_owned()
}

fn digits(sum: &str) -> &str {
    &sum[..DIGITS.min(sum.len())]
}
