//! Laws of the additivity index.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Model, Plan, recalibrated};
use record::stats::median;
use record::{Additivity, PairIndex};
use serde_json::{Value, json};

use crate::common::{
    arch, however_cut, lived_in, metadata, near, sample, training, untrained, weights,
};

const IMAGES: usize = 35;

fn ask(network: &Subject, options: Value) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training(256)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    Question::new(experiment::named("additivity").unwrap(), options, inputs)
}

fn answer(network: &Subject, options: Value) -> Additivity {
    ask(network, options).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

fn network() -> Subject {
    let subject = untrained("resnet20", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// The statistics that `batches` batches of training images give.
fn with_statistics(subject: &Subject, model: &Model<f32>, batches: usize) -> Model<f32> {
    let images = training(256);
    let batches = subject.batches_of(&images, 0..128 * batches, 128);
    recalibrated(model, &Plan::intact(model), batches.map(|(images, _)| images))
}

/// The indices of a pair, image by image, and its effects: four evaluations in `f64`.
fn indices(
    subject: &Subject,
    model: &Model<f32>,
    (i, j): (usize, usize),
    n: usize,
) -> [Vec<f64>; 2] {
    let model = model.cast::<f64>();
    let logits = |ids: &[usize]| -> Vec<Vec<f64>> {
        let plan = Plan::intact(&model).delete_all(&model, ids).unwrap();
        let (images, _) = subject.batches_of(&sample(IMAGES), 0..n, n).next().unwrap();
        let logits = model.logits(images.cast(), &plan);
        let centred = |row: &[f64]| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            row.iter().map(|v| v - mean).collect()
        };
        logits.as_slice().chunks_exact(10).map(centred).collect()
    };
    let [z, z_i, z_j, z_ij] = [&[][..], &[i], &[j], &[i, j]].map(logits);
    let norm = |of: &dyn Fn(usize) -> f64| (0..10).map(|k| of(k).powi(2)).sum::<f64>().sqrt();
    let each = (0..n).map(|m| {
        let both = norm(&|k| z[m][k] - z_i[m][k] - z_j[m][k] + z_ij[m][k]);
        let effects = norm(&|k| z[m][k] - z_i[m][k]) * norm(&|k| z[m][k] - z_j[m][k]);
        (both / effects.sqrt(), effects.sqrt() / norm(&|k| z[m][k]))
    });
    let (index, effect) = each.unzip();
    [index, effect]
}

fn check(found: &PairIndex, [index, effect]: [Vec<f64>; 2]) {
    assert_eq!(found.without, 0);
    let ours = [found.index.unwrap().value, found.effect.unwrap().value];
    near(&ours, &[median(&index).unwrap(), median(&effect).unwrap()], 2e-4);
    assert!(ours[0] > 0.01, "the blocks add up: {ours:?}");
}

#[test]
fn an_index_is_that_of_four_evaluations_and_the_control_has_weights_of_its_own() {
    let subject = network();
    let found = answer(&subject, json!({ "pair-images": 33, "control-seed": 7 }));
    let pairs: Vec<_> = found.pairs.iter().map(|pair| (pair.first, pair.second)).collect();
    // Blocks 3 and 6 are boundaries.
    assert_eq!((found.images, found.batches), (33, 2));
    assert_eq!(pairs, [(0, 1), (1, 2), (4, 5), (7, 8)]);
    let branch_scale = subject.model.branch_scale.clone();
    let mut control = Model { branch_scale, ..arch("resnet20").build::<f32>(7) };
    control = with_statistics(&subject, &control, 2);
    for pair in &found.pairs {
        let ids = (pair.first, pair.second);
        check(&pair.trained, indices(&subject, &subject.model, ids, 33));
        check(&pair.initial, indices(&subject, &control, ids, 33));
    }
    assert_eq!(found.pairs[2].stage, 1);
}

/// A branch of zeros changes nothing, so its pairs have no index; the others do.
#[test]
fn images_without_an_index_are_counted() {
    let mut subject = network();
    let weight = subject.model.params.find("layer1.1.conv2.weight").unwrap();
    subject.model.params.value_mut(weight).as_mut_slice().fill(0.0);
    let found = answer(&subject, json!({ "control-batches": 1 }));
    let without: Vec<usize> = found.pairs.iter().map(|pair| pair.trained.without).collect();
    assert_eq!(without, [IMAGES, IMAGES, 0, 0]);
    assert!(found.pairs.iter().all(|p| p.trained.index.is_none() == (p.trained.without > 0)));
    assert!(found.pairs.iter().all(|p| p.initial.without == 0));
    assert_eq!(found.batches, 1);
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network(), json!({ "control-batches": 1 })).unwrap();
    however_cut(&question);
}

#[test]
fn impossible_questions_are_refused() {
    let path = "resnet20.safetensors";
    let bytes = weights("resnet20", 3, Some(&metadata("resnet20", 9)));
    let trained = Subject::from_bytes(arch("resnet20"), path.as_ref(), &bytes).unwrap();
    let cases = [
        (network(), json!({ "pair-images": 0 }), "pair-images is 0: expected at least 1"),
        (network(), json!({ "control-batches": 0 }), "control-batches is 0: expected at least 1"),
        (trained, json!({ "control-seed": 3 }), "the network was trained from this seed"),
        (untrained("resnet8", 1), json!({}), "it needs two neighbouring units"),
        (crate::common::small_vgg(true, 1), json!({}), "an architecture with a name"),
    ];
    for (network, options, expected) in cases {
        let message = ask(&network, options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}
