//! Made-up records: plausible identities and scores, for tests of whatever reads records.
//! None of the numbers is a result.

use record::{
    Answer, Bits, Conventions, DeleteOne, DeleteOneOptions, ImagesId, Key, ModelId, NetworkId,
    NormStatistics, Record, Score, Term, UnitDeletion, WeightsId,
};
use serde_json::Value;

/// A trained network called `name`, of the architecture of the same name.
pub fn network(name: &str) -> NetworkId {
    NetworkId {
        name: name.into(),
        model: ModelId {
            name: name.into(),
            unit: if name.starts_with("vgg") { "layer" } else { "block" }.into(),
            parameters: 272_474,
            macs: 40_813_184,
        },
        weights: WeightsId {
            source: format!("{name}.safetensors"),
            sha256: "a1".repeat(32),
            recipe: Some("short".into()),
            epochs: Some(15),
            of_epochs: None,
            seed: Some(3),
            test_error: Some(0.0987),
        },
        conventions: Conventions {
            mean: vec![0.4914, 0.4822, 0.4465],
            std: vec![0.2470, 0.2435, 0.2616],
            assumed: Vec::new(),
        },
        branch_scale: vec![1.0, 0.5],
    }
}

/// `n` test images; 2,000 of them are the sample.
pub fn test_images(n: usize) -> ImagesId {
    ImagesId {
        name: "cifar10-test".into(),
        sample: n == 2_000,
        images: n,
        classes: 10,
        sha256: "b2".repeat(32),
    }
}

/// A question to these networks on `n` test images.
pub fn key(experiment: &str, networks: &[&str], n: usize, options: Value) -> Key {
    Key {
        experiment: experiment.into(),
        version: 1,
        options,
        networks: networks.iter().map(|name| network(name)).collect(),
        log: None,
        images: vec![test_images(n)],
        work: "c3".repeat(32),
        simd: "portable".into(),
    }
}

/// A record of one network on `n` test images, called `EXPERIMENT-NETWORK-N`.
///
/// # Panics
/// If the answer contradicts itself or `n`.
pub fn record<A: Answer>(network: &str, n: usize, options: Value, answer: &A) -> Record {
    let name = format!("{}-{network}-{n}", A::EXPERIMENT);
    Record::new(name, key(A::EXPERIMENT, &[network], n, options), answer).expect("it is consistent")
}

/// Answers to `n` images, the last `wrong` of them wrong.
///
/// # Panics
/// If there are not so many images.
pub fn score(n: usize, wrong: usize) -> Score {
    assert!(wrong <= n, "score: {wrong} of {n} images wrong");
    Score::new((0..n).map(|i| i < n - wrong).collect(), 1.0)
}

/// Answers to `n` images of which the first `newly_right` of the `wrong` images of
/// `before` turn right, and `newly_wrong` others wrong.
///
/// # Panics
/// If `before` has not so many wrong or right images.
pub fn changed(before: &Score, newly_wrong: usize, newly_right: usize) -> Score {
    let (mut lose, mut gain) = (newly_wrong, newly_right);
    let change = |was_right: bool| {
        let left = if was_right { &mut lose } else { &mut gain };
        let changes = *left > 0;
        *left -= usize::from(changes);
        was_right != changes
    };
    let right: Bits = before.right.iter().map(change).collect();
    assert!((lose, gain) == (0, 0), "changed: {lose} images too few are right, {gain} wrong");
    Score::new(right, 1.0)
}

/// What is made up of one unit: its name, whether it is a boundary, and the number of
/// wrong answers without it, if it can be deleted.
pub type Unit = (&'static str, bool, Option<usize>);

/// A `delete-one` record on `n` images, `intact` of them wrong, with the default options. A
/// deletion that adds d wrong answers makes d + 10 newly wrong and 10 newly right.
///
/// # Panics
/// If a number does not fit `n`, or a deletion has more than 10 right answers more.
pub fn delete_one(network: &str, units: &[Unit], n: usize, intact: usize) -> Record {
    delete_one_as(DeleteOneOptions::default(), network, units, n, intact)
}

/// The same with these options; statistics are re-estimated on 7 batches.
///
/// # Panics
/// As [`delete_one`].
pub fn delete_one_as(
    options: DeleteOneOptions,
    network: &str,
    units: &[Unit],
    n: usize,
    intact: usize,
) -> Record {
    let intact_score = score(n, intact);
    let unit = |(index, &(name, boundary, wrong)): (usize, &Unit)| UnitDeletion {
        index,
        name: name.into(),
        stage: index / 2,
        boundary,
        deleted: wrong.map(|wrong| changed(&intact_score, wrong + 10 - intact, 10)),
    };
    let units = units.iter().enumerate().map(unit).collect();
    deletions(options, network, intact_score.clone(), units)
}

/// A `delete-one` record with these options, called as [`record()`] does it, and after its
/// options where they are not the default; statistics are re-estimated on 7 batches.
///
/// # Panics
/// If the scores are not of as many images.
pub fn deletions(
    options: DeleteOneOptions,
    network: &str,
    intact: Score,
    units: Vec<UnitDeletion>,
) -> Record {
    let DeleteOneOptions { term, statistics } = options;
    let batches = (statistics == NormStatistics::Reestimated).then_some(7);
    let images = intact.right.len();
    let answer = DeleteOne { images, batches, intact, units };
    let options = serde_json::to_value(options).expect("options are plain data");
    let mut made = record(network, images, options, &answer);
    if term == Term::Skip {
        made.name += "-skip";
    }
    if batches.is_some() {
        made.name += "-reestimated";
    }
    made
}
