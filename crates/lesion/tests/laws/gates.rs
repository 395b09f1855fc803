//! Laws of the gates of highway networks.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{EVAL_GROUP, Join, Model, Plan, Route, recalibrated};
use nn::Pass;
use record::{GateUse, Gates, MeanSd};
use serde_json::{Value, json};
use tensor::Tensor;

use crate::common::{arch, however_cut, lived_in, metadata, sample, training, untrained, weights};

const IMAGES: usize = EVAL_GROUP + 1;

fn question(network: &Subject, images: usize, options: Value) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(images)), Some(training(300)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    Question::new(experiment::named("gates").unwrap(), options, inputs)
}

fn answer(network: &Subject, images: usize, options: Value) -> Gates {
    let question = question(network, images, options).unwrap();
    question.run(&mut Runner::default()).unwrap().answer().unwrap()
}

/// A highway network whose metadata say that seed 3 drew it, with other weights.
fn trained() -> Subject {
    let file = weights("highway-b0", 9, Some(&metadata("highway-b0", 17)));
    let path = "highway-b0.safetensors".as_ref();
    let subject = Subject::from_bytes(arch("highway-b0"), path, &file).unwrap();
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// All values of T of a unit, and the norms of `T h` and `(1 - T) x`.
type Gate = (Vec<f64>, f64, f64);

/// Of each gated unit, for one image alone and in `f64`.
fn gates(model: &Model<f64>, image: Tensor<f64>) -> Vec<Gate> {
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(image);
    let mut h = model.forward_stem(&mut pass, &x);
    let intact = Plan::intact(model);
    let mut all = Vec::new();
    for (id, unit) in model.units.iter().enumerate() {
        if let Join::Gate(layers) = &unit.join {
            let logits = layers.forward(&mut pass, &h).into_value();
            let t: Vec<f64> = logits.as_slice().iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
            let mut open = intact.clone();
            open.routes[id] = Route::BRANCH;
            let branch = model.forward_unit(&mut pass, &h, id, &open).into_value();
            let norm = |values: &Tensor<f64>, by: fn(f64) -> f64| {
                let terms = t.iter().zip(values.as_slice()).map(|(&t, v)| by(t) * v);
                terms.map(|v| v * v).sum::<f64>().sqrt()
            };
            let transformed = model.branch_scale[id] * norm(&branch, |t| t);
            let carried = norm(h.value(), |t| 1.0 - t);
            all.push((t, transformed, carried));
        }
        h = model.forward_unit(&mut pass, &h, id, &intact);
    }
    all
}

#[test]
fn gates_are_those_of_each_image_alone() {
    const FEW: usize = 3;
    let subject = trained();
    let (model, images) = (subject.model.cast::<f64>(), sample(FEW));
    let each: Vec<_> = (0..FEW)
        .map(|i| subject.batches_of(&images, i..i + 1, 1).next().unwrap().0.cast())
        .map(|image| gates(&model, image))
        .collect();
    let found = answer(&subject, FEW, json!({ "batches": 1 }));
    assert_eq!((found.images, found.batches, found.units.len()), (FEW, 1, 15));
    for (place, unit) in found.units.iter().enumerate() {
        assert_eq!(unit.name, model.units[unit.index].name);
        let mean = |t: &[f64]| t.iter().sum::<f64>() / t.len() as f64;
        let GateUse { gate, histogram, transformed, carried, ratio } = &unit.after;
        let of = |f: &dyn Fn(&Gate) -> f64| {
            MeanSd::of(each.iter().map(|all| f(&all[place])).collect::<Vec<_>>().into_iter())
        };
        let pairs = [
            (gate, of(&|(t, _, _)| mean(t))),
            (transformed, of(&|one| one.1)),
            (carried, of(&|one| one.2)),
            (ratio, of(&|one| one.1 / one.2)),
        ];
        for (number, (found, expected)) in pairs.into_iter().enumerate() {
            let off = (found.mean - expected.mean).abs() + (found.sd - expected.sd).abs();
            let what = format!("{}, number {number}", unit.name);
            assert!(off <= 1e-4 * expected.mean, "{what}: {found:?}, expected {expected:?}");
        }
        // A value next to the edge of a part may fall on either side of it.
        let all: Vec<f64> = each.iter().flat_map(|all| all[place].0.clone()).collect();
        let below = |edge: f64| all.iter().filter(|&&t| t < edge).count() as u64;
        assert_eq!(histogram.iter().sum::<u64>(), all.len() as u64);
        for (bin, &count) in histogram.iter().enumerate() {
            let (from, to) = (bin as f64 / 100.0, (bin as f64 + 1.0) / 100.0);
            let top = if bin == 99 { f64::INFINITY } else { to };
            let (least, most) = (
                below(top - 1e-4).saturating_sub(below(from + 1e-4)),
                below(top + 1e-4) - below(from - 1e-4),
            );
            assert!((least..=most).contains(&count), "{}, part {bin}: {count}", unit.name);
        }
    }
}

/// The network before its training is that of its seed, with statistics of its own.
#[test]
fn before_is_the_initial_network_after_recalibration() {
    let subject = trained();
    let found = answer(&subject, IMAGES, json!({ "batches": 50 }));
    assert_eq!(found.batches, 2, "300 training images are two whole batches");
    let mut initial: Model<f32> = arch("highway-b0").build(3);
    initial.branch_scale.clone_from(&subject.model.branch_scale);
    let (images, plan) = (training(256), Plan::intact(&initial));
    let batches = subject.batches(&images, 128).map(|(images, _)| images);
    initial = recalibrated(&initial, &plan, batches);
    let initial = Subject { model: initial, ..subject };
    let of_initial = answer(&initial, IMAGES, json!({ "batches": 1 }));
    for (found, expected) in found.units.iter().zip(&of_initial.units) {
        assert_eq!(found.before.as_ref(), Some(&expected.after), "{}", found.name);
        assert_ne!(found.before.as_ref(), Some(&found.after));
        let start = found.before.as_ref().unwrap().gate.mean;
        assert!((start - 0.5).abs() < 0.2, "{}: {start}", found.name);
    }
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = question(&trained(), IMAGES, json!({ "batches": 1 })).unwrap();
    however_cut(&question);
}

#[test]
fn weights_without_a_seed_have_no_before() {
    let found = answer(&untrained("highway", 1), 2, json!({}));
    assert_eq!((found.batches, found.units.len()), (0, 15));
    assert!(found.units.iter().all(|unit| unit.before.is_none()));
    // Biases start at -2, so the gates at sigmoid(-2) or near it.
    let gate = found.units[0].after.gate.mean;
    assert!((0.05..0.3).contains(&gate), "{gate}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let cases = [
        (untrained("resnet8", 1), json!({}), "it needs units with a gate"),
        (trained(), json!({ "batches": 0 }), "batches is 0: expected at least 1"),
    ];
    for (network, options, expected) in cases {
        let message = question(&network, 2, options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}
