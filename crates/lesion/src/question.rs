//! A question: an experiment with its options, put to networks, images or a log.

use std::fmt;

use models::Plan;
use record::{Key, Record};
use serde_json::Value;

use crate::experiment::{AnyExperiment, Needs};
use crate::images::images_id;
use crate::name::record_name;
use crate::sorted::Sorted;
use crate::{Cost, Inputs, Lesion, LesionError, Runner, Subject, Work, work};

/// A question, checked: everything that decides the answer, without the work of finding
/// it.
///
/// ```
/// use lesion::{Inputs, Question, Runner, Subject, experiment};
/// use models::Arch;
///
/// let arch = Arch::parse("resnet8")?;
/// let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
/// let subject = Subject::from_bytes(arch, "mine.safetensors".as_ref(), &bytes)?;
/// let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
/// let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(5)?;
/// let inputs = Inputs { networks: vec![subject], test: Some(images), ..Inputs::default() };
///
/// // An option that does not exist is refused here, before anything runs.
/// let delete_many = experiment::named("delete-many")?;
/// let ask = |options| Question::new(delete_many, options, inputs.clone());
/// assert!(ask(serde_json::json!({ "drawz": 3 })).is_err());
///
/// let question = ask(serde_json::json!({ "draws": 2, "max-deleted": 3 }))?;
/// let answer: record::DeleteMany = question.run(&mut Runner::default())?.answer()?;
/// assert_eq!((answer.counts.len(), answer.counts[0].draws.len()), (3, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Question {
    experiment: &'static dyn AnyExperiment,
    inputs: Inputs,
    work: Vec<Work>,
    key: Key,
    name: String,
}

impl Question {
    /// The question that `experiment` asks under some options, an object. Options that it
    /// leaves out are as in the full protocol; images and logs that are not used are not
    /// part of the question.
    ///
    /// # Errors
    /// If there is no such option or its value makes no sense, if a network, images or a
    /// log are missing, or if a lesion cannot be done to its network.
    ///
    /// # Panics
    /// If the experiment's work is on a network or on images that are not there.
    pub fn new(
        experiment: &'static dyn AnyExperiment,
        options: Value,
        inputs: Inputs,
    ) -> Result<Question, LesionError> {
        let options = experiment.complete(&options)?;
        let inputs = needed(experiment, experiment.needs(&options)?, inputs)?;
        let work = experiment.work(&inputs, &options)?;
        check(experiment, &inputs, &work)?;
        let name = record_name(experiment, &options, &inputs);
        let key = Key {
            experiment: experiment.name().to_owned(),
            version: experiment.version(),
            options,
            networks: inputs.networks.iter().map(Subject::id).collect(),
            log: inputs.log.as_ref().map(|log| log.id.clone()),
            images: inputs.test.iter().chain(&inputs.training).map(images_id).collect(),
            work: work::sha256(&work),
            simd: tensor::simd::level().to_string(),
        };
        Ok(Question { experiment, inputs, work, key, name })
    }

    /// The experiment.
    pub fn experiment(&self) -> &'static dyn AnyExperiment {
        self.experiment
    }

    /// The networks, images and log.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Everything that decides the answer: a record that is
    /// [up to date](Record::is_up_to_date) with it needs no run.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The record's name: experiment, networks (with the model where their name does not
    /// begin with it), images where they are not the whole set, options where they are not
    /// those of the full protocol. For instance `delete-one-resnet20`,
    /// `delete-one-vgg15-sample-first-64`. Where a name does not tell which weights or log
    /// is meant, since no catalogue lists it, the first digits of their sha-256 follow:
    /// `delete-one-resnet20-final-0c1d2e3f`.
    pub fn record_name(&self) -> &str {
        &self.name
    }

    /// What has to be computed.
    pub fn work(&self) -> &[Work] {
        &self.work
    }

    /// What all of it costs.
    pub fn cost(&self) -> Cost {
        self.work.iter().map(|work| work.cost(&self.inputs)).sum()
    }

    /// Every lesion with its network, in the experiment's order.
    pub fn lesions(&self) -> impl Iterator<Item = (&Subject, &Lesion)> {
        self.lists().flat_map(|(subject, lesions)| lesions.iter().map(move |l| (subject, l)))
    }

    /// The plan of every lesion with its network, in the experiment's order.
    pub fn plans(&self) -> impl Iterator<Item = (&Subject, &Plan)> {
        self.lesions().map(|(subject, lesion)| (subject, &lesion.plan))
    }

    /// How many lesions differ, counted for each part of the work.
    pub fn distinct(&self) -> usize {
        self.lists().map(|(_, lesions)| Sorted::new(lesions).distinct.len()).sum()
    }

    /// Finds the answer.
    ///
    /// # Errors
    /// If a number is not finite that has to be, if the run was stopped, or if the
    /// finished pieces cannot be kept.
    pub fn run(&self, runner: &mut Runner<'_>) -> Result<Record, LesionError> {
        let done = runner.run(self)?;
        self.experiment.record(&self.name, &self.key, &self.inputs, done)
    }

    fn lists(&self) -> impl Iterator<Item = (&Subject, &[Lesion])> {
        self.work.iter().filter_map(|work| match work {
            Work::Lesions { network, lesions, .. } => {
                Some((&self.inputs.networks[*network], lesions.as_slice()))
            }
            Work::Items { .. } => None,
        })
    }
}

/// The inputs that are used, all of them.
fn needed(
    experiment: &dyn AnyExperiment,
    Needs { networks, test, training, log }: Needs,
    mut inputs: Inputs,
) -> Result<Inputs, LesionError> {
    let (experiment, found) = (experiment.name(), inputs.networks.len());
    if !networks.admits(found) {
        return Err(LesionError::Networks { experiment, expected: networks, found });
    }
    for (split, used, images) in
        [("test", test, &mut inputs.test), ("training", training, &mut inputs.training)]
    {
        if !used {
            *images = None;
        } else if images.is_none() {
            return Err(LesionError::Images { experiment, split });
        }
    }
    match (log, &inputs.log) {
        (true, None) => return Err(LesionError::NoLog { experiment }),
        (true, Some(_)) => {}
        (false, _) => inputs.log = None,
    }
    Ok(inputs)
}

/// Checks that the work can be done.
fn check(
    experiment: &dyn AnyExperiment,
    inputs: &Inputs,
    work: &[Work],
) -> Result<(), LesionError> {
    let experiment = experiment.name();
    for subject in &inputs.networks {
        for images in inputs.test.iter().chain(&inputs.training) {
            subject.check_classes(images)?;
        }
    }
    let training = inputs.training.as_ref().map_or(0, |images| images.len());
    for work in work {
        let Work::Lesions { network, lesions, images } = work else { continue };
        let (networks, test) = (inputs.networks.len(), inputs.test.as_ref().map(|i| i.len()));
        assert!(*network < networks, "{experiment}: work on network {network} of {networks}");
        assert!(
            images.start <= images.end && test.is_some_and(|n| images.end <= n),
            "{experiment}: work on images {images:?} of {test:?}"
        );
        let subject = &inputs.networks[*network];
        for (place, lesion) in lesions.iter().enumerate() {
            lesion.check(subject, training).map_err(|misfit| {
                let (network, source) = (subject.name.clone(), Box::new(misfit));
                LesionError::Misfit { experiment, network, place, source }
            })?;
        }
    }
    Ok(())
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("key", &self.key).field("work", &self.work).finish()
    }
}
