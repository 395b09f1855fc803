//! What the tests share: networks, images, weights files.

use std::path::Path;

use data::{Dataset, Split};
use lesion::{AnyExperiment, Inputs, Limits, Loading, Question, Runner, Subject};
use models::{Arch, Metadata, Model, Normalisation, Vgg15};
use record::{Record, WeightsId};
use serde_json::{Value, json};
use tensor::random::Stream;
use tensor::{Scalar, Tensor, threads};

/// The first test images of the shipped sample.
pub(crate) fn sample(n: usize) -> Dataset {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    data::load_sample(&shipped, Split::Test).unwrap().take_first(n).unwrap()
}

pub(crate) fn arch(name: &str) -> Arch {
    Arch::parse(name).unwrap()
}

/// The first training images of the shipped sample.
pub(crate) fn training(n: usize) -> Dataset {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    data::load_sample(&shipped, Split::Train).unwrap().take_first(n).unwrap()
}

/// A question to one network on test images, and training images for whoever needs them.
pub(crate) fn question(
    experiment: &'static dyn AnyExperiment,
    options: Value,
    subject: Subject,
    test: Dataset,
) -> Question {
    let (test, training) = (Some(test), Some(training(256)));
    let inputs = Inputs { networks: vec![subject], test, training, ..Inputs::default() };
    Question::new(experiment, options, inputs).unwrap()
}

/// Every unit deleted in turn.
pub(crate) fn delete_one(subject: Subject, test: Dataset) -> Question {
    question(&lesion::experiment::DeleteOne, json!({}), subject, test)
}

pub(crate) fn run(question: &Question) -> Record {
    question.run(&mut Runner::default()).unwrap()
}

/// The record of a question, which is the same for work in one piece on one thread and for
/// the smallest pieces on three.
#[track_caller]
pub(crate) fn however_cut(question: &Question) -> Record {
    let run = |limits, n| {
        let answer = || question.run(&mut Runner { limits, ..Runner::default() }).unwrap();
        threads::with_threads(n, answer).unwrap()
    };
    let record = run(SMALLEST, 3);
    assert_eq!(record, run(Limits::default(), 1));
    record
}

/// Lesions and items as small as they can be cut.
pub(crate) const SMALLEST: Limits = Limits { macs: 1, parts: u64::MAX };

/// A weights file of the untrained network `name`, perhaps with metadata.
pub(crate) fn weights(name: &str, seed: u64, metadata: Option<&Metadata>) -> Vec<u8> {
    let mut state = arch(name).build::<f32>(seed).params.to_state();
    state.metadata = metadata.map(|metadata| serde_json::to_string(metadata).unwrap());
    state.to_bytes()
}

/// The untrained network `name`, from a foreign weights file.
pub(crate) fn untrained(name: &str, seed: u64) -> Subject {
    let path = format!("folder/{name}.safetensors");
    Subject::from_bytes(arch(name), path.as_ref(), &weights(name, seed, None)).unwrap()
}

/// What the record of a question calls the foreign network `name`.
pub(crate) fn foreign(question: &Question, name: &str) -> String {
    format!("{name}-{}", &question.key().networks[0].weights.sha256[..8])
}

/// Metadata of the network `name` with this many units.
pub(crate) fn metadata(name: &str, units: usize) -> Metadata {
    Metadata {
        model: name.to_owned(),
        recipe: "one-cycle".to_owned(),
        peak_rate: None,
        epochs: 15,
        of_epochs: None,
        seed: 3,
        test_error: Some(0.125),
        normalisation: Normalisation::CIFAR10,
        branch_scale: vec![1.0; units],
        paths: None,
        backward: None,
        program: "0.0.0".to_owned(),
    }
}

/// VGG-15 with few channels: a network that has no name.
pub(crate) fn small_vgg(batch_norm: bool, seed: u64) -> Subject {
    Subject {
        name: "vgg15-narrow".to_owned(),
        model: Vgg15 { width: 8, batch_norm, skips: false }.build("vgg15-narrow", seed),
        weights: WeightsId {
            source: "vgg15-narrow.safetensors".to_owned(),
            sha256: "0".repeat(64),
            recipe: None,
            epochs: None,
            of_epochs: None,
            seed: None,
            test_error: None,
        },
        normalisation: Normalisation::CIFAR10,
        listed: false,
        loading: Loading::default(),
    }
}

/// The model with batch-norm values off their initial 0 and 1, and branches scaled, so
/// that none of them can be forgotten unnoticed.
pub(crate) fn lived_in<T: Scalar>(mut model: Model<T>, seed: u64) -> Model<T> {
    let ids: Vec<_> = model.params.iter().map(|(id, p)| (id, p.value.dims().len())).collect();
    let mut rng = Stream::new(seed, "lived in").at(0, 0);
    for (id, _) in ids.into_iter().filter(|&(_, rank)| rank == 1) {
        for v in model.params.value_mut(id).as_mut_slice() {
            *v = T::from_f64(0.3 + rng.uniform());
        }
    }
    model.branch_scale.iter_mut().for_each(|scale| *scale = 0.5 + rng.uniform());
    model
}

/// Noise as images `[n, 32, 32, 3]` with labels, in two batches, the first of `cut`.
pub(crate) fn noise<T: Scalar>(seed: u64, n: usize, cut: usize) -> Vec<(Tensor<T>, Vec<u8>)> {
    let mut rng = Stream::new(seed, "noise").at(0, 0);
    let mut batch = |n: usize| {
        let images = Tensor::from_fn([n, 32, 32, 3], |_| T::from_f64(rng.normal()));
        (images, (0..n).map(|_| rng.below(10) as u8).collect())
    };
    [cut, n - cut].into_iter().filter(|&n| n > 0).map(&mut batch).collect()
}

/// Panics unless each number is within `tolerance` of the expected one.
#[track_caller]
pub(crate) fn near(found: &[f64], expected: &[f64], tolerance: f64) {
    let fits = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    let fit = found.len() == expected.len() && found.iter().zip(expected).all(fits);
    assert!(fit, "{found:?}, expected {expected:?} within {tolerance}");
}
