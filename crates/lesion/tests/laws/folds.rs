//! An experiment that is defined outside of the crate: lesions on ranges of the images,
//! and items.

use lesion::experiment::{Experiment, Needs, Networks, OptionInfo};
use lesion::{Done, Inputs, Lesion, LesionError, Work};
use models::Plan;
use record::{Answer, Key};
use serde::{Deserialize, Serialize};
use tensor::random::Stream;

/// Deletes random blocks, drawn afresh for each fold of the images, and adds up each
/// image's logits.
pub(crate) struct Folds;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) draws: usize,
    pub(crate) folds: usize,
    pub(crate) seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { draws: 3, folds: 5, seed: 0 }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Found {
    /// Of each fold and draw the numbers of wrong answers.
    pub(crate) wrong: Vec<Vec<usize>>,
    /// Of each image the sum of its logits.
    pub(crate) sums: Vec<f64>,
}

impl Answer for Found {
    const EXPERIMENT: &'static str = "folds";

    fn check(&self, key: &Key) -> Result<(), String> {
        let images = key.images[0].images;
        if self.sums.len() == images { Ok(()) } else { Err(format!("expected {images} sums")) }
    }
}

impl Experiment for Folds {
    type Options = Options;
    type Answer = Found;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "random deletions on folds of the images";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("draws", "N", "random deletions on each fold"),
        OptionInfo::new("folds", "N", "parts of the images"),
        OptionInfo::new("seed", "S", "decides the draws"),
    ];

    fn preview() -> Options {
        Options { draws: 2, ..Options::default() }
    }

    fn needs(options: &Options) -> Needs {
        // Training images for one seed, so that tests can ask for them.
        Needs { networks: Networks::One, test: true, training: options.seed == 13, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        if options.draws == 0 {
            return Err(LesionError::option("folds", "draws", 0, "expected at least 1"));
        }
        let n = inputs.test().len();
        let mut work: Vec<Work> = (0..options.folds)
            .map(|fold| Work::Lesions {
                network: 0,
                lesions: plans(inputs, options, fold).into_iter().map(Lesion::from).collect(),
                images: fold * n / options.folds..(fold + 1) * n / options.folds,
            })
            .collect();
        let run = |inputs: &Inputs, item: usize| vec![sum_of_logits(inputs, item)];
        let macs = inputs.network().model.macs();
        work.push(Work::Items {
            label: "sum of logits".to_owned(),
            count: n,
            macs,
            run: Box::new(run),
        });
        Ok(work)
    }

    fn answer(_: &Inputs, _: &Options, mut done: Vec<Done>) -> Result<Found, LesionError> {
        let sums = done.pop().unwrap().into_items().concat();
        let wrong = |done: Done| done.into_lesions().iter().map(|p| p.wrong()).collect();
        Ok(Found { wrong: done.into_iter().map(wrong).collect(), sums })
    }
}

/// The plans of a fold.
pub(crate) fn plans(inputs: &Inputs, options: &Options, fold: usize) -> Vec<Plan> {
    let model = &inputs.network().model;
    let draw = |draw| {
        let mut rng = Stream::new(options.seed, "folds").at(fold as u64, draw as u64);
        let id = rng.below(model.units.len() as u64) as usize;
        Plan::intact(model).delete(model, id).unwrap()
    };
    (0..options.draws).map(draw).collect()
}

pub(crate) fn sum_of_logits(inputs: &Inputs, image: usize) -> f64 {
    let subject = inputs.network();
    let mut batches = subject.batches_of(inputs.test(), image..image + 1, 1);
    let logits = subject.model.logits(batches.next().unwrap().0, &Plan::intact(&subject.model));
    logits.as_slice().iter().map(|&logit| f64::from(logit)).sum()
}
