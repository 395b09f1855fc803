//! A list of plans of one's own.
//!
//! - **Claim:** none; this is for questions that no experiment here asks.
//! - **Protocol:** the network is evaluated under each plan or lesion of a list, on the
//!   same test images.
//! - **Record:** [`record::Plans`]. The list itself is the option `plans` in its key, so
//!   that a record says what each score is of.

use record::Answer as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Work};

/// A list of plans of one's own.
#[derive(Debug)]
pub struct Plans;

/// What is asked.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The lesions, at least one.
    pub plans: Vec<Lesion>,
}

impl Experiment for Plans {
    type Options = Options;
    type Answer = record::Plans;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the test error under each plan of a list of one's own";
    const OPTIONS: &'static [OptionInfo] = &[OptionInfo {
        name: "plans",
        value: "FILE.jsonl",
        help: "one plan or lesion in JSON on each line",
        is_file: true,
    }];

    fn needs(options: &Options) -> Needs {
        let training = options.plans.iter().any(Lesion::needs_training);
        Needs { networks: Networks::One, test: true, training, log: false }
    }

    fn work(inputs: &Inputs, Options { plans }: &Options) -> Result<Vec<Work>, LesionError> {
        if plans.is_empty() {
            let name = Self::Answer::EXPERIMENT;
            return Err(LesionError::option(name, "plans", "[]", "expected at least one plan"));
        }
        let training = inputs.training.as_ref().map_or(0, |images| images.len());
        for (place, lesion) in plans.iter().enumerate() {
            lesion.check(inputs.network(), training).map_err(|misfit| LesionError::PlanMisfit {
                line: place + 1,
                source: misfit.into(),
            })?;
        }
        let images = 0..inputs.test().len();
        Ok(vec![Work::Lesions { network: 0, lesions: plans.clone(), images }])
    }

    fn answer(inputs: &Inputs, _: &Options, done: Vec<Done>) -> Result<record::Plans, LesionError> {
        let model = &inputs.network().model.name;
        let predictions = done.into_iter().flat_map(Done::into_lesions).enumerate();
        let scores = predictions.map(|(place, predictions)| {
            score(&predictions, model, || format!("line {} of the plans", place + 1))
        });
        Ok(record::Plans { images: inputs.test().len(), scores: scores.collect::<Result<_, _>>()? })
    }
}

/// The lesions of a text with a [`Plan`](models::Plan) or a [`Lesion`] in JSON on each
/// line.
///
/// # Errors
/// The first line that is neither.
pub fn parse_lines(text: &str) -> Result<Vec<Lesion>, LesionError> {
    let lines = text.trim_end().lines().enumerate();
    let parse = |(place, line): (usize, &str)| {
        parse_line(line).map_err(|source| LesionError::PlanLine { line: place + 1, source })
    };
    lines.map(parse).collect()
}

fn parse_line(line: &str) -> Result<Lesion, serde_json::Error> {
    let value: Value = serde_json::from_str(line)?;
    // Only a lesion has a plan in it.
    if value.get("plan").is_some() {
        serde_json::from_value(value)
    } else {
        serde_json::from_value::<models::Plan>(value).map(Lesion::from)
    }
}
