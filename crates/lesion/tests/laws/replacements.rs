//! Laws of values that something else takes the place of.

use data::Split;
use lesion::{
    Inputs, Lesion, LesionError, Limits, Question, Replacement, Runner, Statistics, Subject,
    Substitute, experiment,
};
use models::{EVAL_GROUP, Place, Plan, score};
use nn::Pass;
use record::{Plans, Score};
use serde_json::json;
use tensor::{Tensor, threads};

use crate::common::{sample, untrained};

const IMAGES: usize = 2 * EVAL_GROUP + 3;

fn training() -> data::Dataset {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    data::load_sample(&shipped, Split::Train).unwrap().take_first(256).unwrap()
}

fn question(network: &Subject, lesions: &[Lesion]) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training()));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    Question::new(experiment::named("plans").unwrap(), json!({ "plans": lesions }), inputs)
}

fn scores(network: &Subject, lesions: &[Lesion]) -> Vec<Score> {
    let record = question(network, lesions).unwrap().run(&mut Runner::default()).unwrap();
    record.answer::<Plans>().unwrap().scores
}

fn replacing(network: &Subject, unit: usize, place: Place, with: Substitute) -> Lesion {
    let replacements = vec![Replacement { unit, place, with }];
    Lesion { replacements, ..Plan::intact(&network.model).into() }
}

/// The logits of the test images.
fn logits(network: &Subject) -> (Tensor<f32>, Vec<u8>) {
    let images = sample(IMAGES);
    let (inputs, labels) = network.batches(&images, IMAGES).next().unwrap();
    (network.model.logits(inputs, &Plan::intact(&network.model)), labels)
}

#[test]
fn a_branch_of_zeros_is_a_deleted_block() {
    let network = untrained("resnet14", 3);
    for unit in [1, 2, 5] {
        let zero = replacing(&network, unit, Place::Branch(0), Substitute::Zero);
        let deleted = Plan::intact(&network.model).delete(&network.model, unit).unwrap();
        let found = scores(&network, &[zero, deleted.into()]);
        assert_eq!(found[0], found[1], "unit {unit}");
    }
}

/// The last output of one image given to another gives it the other's logits.
#[test]
fn the_next_image_lends_its_value_and_the_first_follows_the_last() {
    let network = untrained("resnet8", 3);
    let lesion = replacing(&network, 2, Place::Output, Substitute::OtherImage);
    let (logits, labels) = logits(&network);
    let next = Tensor::concat(&[logits.rows(1, IMAGES), logits.rows(0, 1)]);
    let expected = score(&next, &labels);
    let found = scores(&network, &[lesion]).remove(0);
    assert_eq!(found.right.iter().collect::<Vec<_>>(), expected.is_right);
    assert_eq!(found.cross_entropy.to_bits(), expected.cross_entropy().to_bits());
}

/// Of the stem's output, which the first unit receives, the means can be had without sites.
#[test]
fn a_channels_mean_is_that_over_the_training_images() {
    let network = untrained("resnet8", 3);
    let with = Substitute::ChannelMean { batches: 2 };
    let found = scores(&network, &[replacing(&network, 0, Place::Input, with)]).remove(0);
    let (model, images) = (&network.model, training());
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(network.batches(&images, 256).next().unwrap().0);
    let stem = model.forward_stem(&mut pass, &x).into_value();
    let channels = stem.shape().channels();
    let sum = |c: usize| -> f64 {
        stem.as_slice().iter().skip(c).step_by(channels).map(|&v| f64::from(v)).sum()
    };
    let means: Vec<f32> =
        (0..channels).map(|c| (sum(c) / (stem.len() / channels) as f64) as f32).collect();
    // All images look alike to the network.
    let input = Tensor::from_fn([1, 32, 32, channels], |i| means[i % channels]);
    let mut h = pass.tape.constant(input);
    for id in 0..model.units.len() {
        h = model.forward_unit(&mut pass, &h, id, &Plan::intact(model));
    }
    let one = model.forward_head(&mut pass, &h).into_value();
    let labels = sample(IMAGES).labels().to_vec();
    let expected = score(&Tensor::concat(&vec![one; IMAGES]), &labels);
    assert_eq!(found.wrong as usize, expected.wrong());
    assert!((found.cross_entropy - expected.cross_entropy()).abs() < 1e-5, "{found:?}");
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let network = untrained("resnet8", 3);
    let others = [
        replacing(&network, 1, Place::Skip, Substitute::OtherImage),
        replacing(&network, 0, Place::Branch(0), Substitute::ChannelMean { batches: 1 }),
        replacing(&network, 2, Place::Output, Substitute::Zero),
        Plan::intact(&network.model).into(),
    ];
    let expected = scores(&network, &others);
    for (macs, n) in [(1, 1), (1 << 30, 2), (1 << 40, 3)] {
        let question = question(&network, &others).unwrap();
        let limits = Limits { macs, parts: 1_000 };
        let run = || question.run(&mut Runner { limits, ..Runner::default() }).unwrap();
        let found: Plans = threads::with_threads(n, run).unwrap().answer().unwrap();
        assert_eq!(found.scores, expected, "{macs} multiplications, {n} threads");
    }
}

#[test]
fn places_that_a_plan_does_not_pass_are_refused() {
    let network = untrained("resnet8", 3);
    let deleted = Plan::intact(&network.model).delete(&network.model, 1).unwrap();
    let zero = |unit, place| replacing(&network, unit, place, Substitute::Zero);
    let mean = |batches| replacing(&network, 1, Place::Skip, Substitute::ChannelMean { batches });
    let mut twice = zero(1, Place::Skip);
    twice.replacements.extend(mean(1).replacements);
    let statistics = Statistics::Reestimated { batches: 1 };
    let cases = [
        (zero(3, Place::Input), "at Input of unit 3"),
        (zero(1, Place::Branch(1)), "at Branch(1) of unit 1"),
        (zero(1, Place::Gate), "at Gate of unit 1"),
        (Lesion { plan: deleted, ..zero(1, Place::Branch(0)) }, "at Branch(0) of unit 1"),
        (mean(0), "on 0 batches"),
        (mean(3), "on 3 batches"),
        (mean(usize::MAX), "batches of 128 training images; 256 images are enough for 1 to 2"),
        (twice, "at Skip of unit 1"),
        (Lesion { statistics, ..zero(1, Place::Skip) }, "cannot be combined with re-estimated"),
    ];
    for (lesion, expected) in cases {
        let message = question(&network, &[lesion]).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}

#[test]
fn a_lesion_without_replacements_is_written_as_it_was() {
    let network = untrained("resnet8", 3);
    let lesion = Lesion::from(Plan::intact(&network.model));
    let text = r#"{"plan":{"order":[0,1,2],"routes":["both","both","both"]}}"#;
    assert_eq!(serde_json::to_string(&lesion).unwrap(), text);
    let replaced = replacing(&network, 1, Place::Branch(0), Substitute::OtherImage);
    let text = serde_json::to_string(&replaced).unwrap();
    assert!(
        text.ends_with(r#""replacements":[{"unit":1,"place":{"branch":0},"with":"other_image"}]}"#)
    );
    assert_eq!(serde_json::from_str::<Lesion>(&text).unwrap(), replaced);
}
