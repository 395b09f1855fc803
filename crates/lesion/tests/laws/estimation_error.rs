//! Laws of estimation errors.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{EVAL_GROUP, Model, Plan, recalibrated};
use nn::Pass;
use record::{ChannelErrors, EstimationError};
use serde_json::json;
use tensor::Tensor;

use crate::common::{arch, however_cut, lived_in, near, sample, small_vgg, training, untrained};

const IMAGES: usize = EVAL_GROUP + 3;

fn ask(network: &Subject) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training(256)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    let experiment = experiment::named("estimation-error").unwrap();
    Question::new(experiment, json!({ "control-seed": 7, "control-batches": 1 }), inputs)
}

fn network() -> Subject {
    let subject = untrained("resnet20", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// The output of each unit on all images, in `f64`.
fn outputs(subject: &Subject, model: &Model<f32>) -> Vec<Tensor<f64>> {
    let model = model.cast::<f64>();
    let images = subject.batches(&sample(IMAGES), IMAGES).next().unwrap().0.cast();
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images);
    let mut h = model.forward_stem(&mut pass, &x);
    let plan = Plan::intact(&model);
    let mut unit = |id: usize| {
        h = model.forward_unit(&mut pass, &h, id, &plan);
        h.value().clone()
    };
    (0..model.units.len()).map(&mut unit).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let m = mean(values);
    (values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Mean, standard error and spread of each channel, two passes over all values.
fn errors(unit: &Tensor<f64>, last: &Tensor<f64>) -> [Vec<f64>; 3] {
    let c = *unit.dims().last().unwrap();
    let of = |values: &[f64], k: usize| -> Vec<f64> {
        values.iter().skip(k).step_by(c).copied().collect()
    };
    let difference: Vec<f64> =
        unit.as_slice().iter().zip(last.as_slice()).map(|(a, b)| a - b).collect();
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for k in 0..c {
        let (d, scale) = (of(&difference, k), deviation(&of(last.as_slice(), k)));
        let images: Vec<f64> = d.chunks_exact(d.len() / IMAGES).map(mean).collect();
        let n = IMAGES as f64;
        let error = deviation(&images) * (n / (n - 1.0)).sqrt() / n.sqrt();
        let numbers = [mean(&d), error, deviation(&d)].map(|v| v / scale);
        all.iter_mut().zip(numbers).for_each(|(all, number)| all.push(number));
    }
    all
}

fn check(found: &ChannelErrors, [mean, error, spread]: [Vec<f64>; 3]) {
    assert_eq!(found.constant, 0);
    near(&found.mean, &mean, 1e-4);
    near(&found.error, &error, 1e-4);
    near(&found.spread, &spread, 1e-4);
}

#[test]
fn errors_are_those_of_all_values_put_together() {
    let subject = network();
    let found: EstimationError =
        ask(&subject).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap();
    let branch_scale = subject.model.branch_scale.clone();
    let mut control = Model { branch_scale, ..arch("resnet20").build::<f32>(7) };
    let images = training(256);
    let batches = subject.batches_of(&images, 0..128, 128).map(|(images, _)| images);
    control = recalibrated(&control, &Plan::intact(&control), batches);
    let (ours, theirs) = (outputs(&subject, &subject.model), outputs(&subject, &control));
    assert_eq!((found.images, found.batches), (IMAGES, 1));
    let units: Vec<Vec<usize>> =
        found.stages.iter().map(|s| s.units.iter().map(|unit| unit.index).collect()).collect();
    // Without the boundaries 3 and 6 and the last units 2, 5 and 8.
    assert_eq!(units, [vec![0, 1], vec![4], vec![7]]);
    for stage in &found.stages {
        assert_eq!(stage.last, 3 * stage.stage + 2);
        for unit in &stage.units {
            check(&unit.trained, errors(&ours[unit.index], &ours[stage.last]));
            check(&unit.initial, errors(&theirs[unit.index], &theirs[stage.last]));
        }
    }
}

/// A channel that nothing writes to has no deviation to divide by.
#[test]
fn channels_that_do_not_vary_are_left_out_and_counted() {
    let mut subject = network();
    for name in ["conv1", "layer1.0.conv2", "layer1.1.conv2", "layer1.2.conv2"] {
        let weight = subject.model.params.find(&format!("{name}.weight")).unwrap();
        // [k, k, c_in, 16]
        let to_first = subject.model.params.value_mut(weight).as_mut_slice().iter_mut().step_by(16);
        to_first.for_each(|v| *v = 0.0);
    }
    let found: EstimationError =
        ask(&subject).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap();
    let first = &found.stages[0].units[0];
    assert_eq!((first.trained.constant, first.trained.mean.len()), (1, 15));
    assert_eq!(first.initial.constant, 0);
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network()).unwrap();
    however_cut(&question);
}

#[test]
fn networks_without_such_units_are_refused() {
    for network in [small_vgg(true, 1), untrained("resnet8", 1)] {
        let message = ask(&network).unwrap_err().to_string();
        assert!(message.contains("a stage with two residual units of one shape"), "{message}");
    }
}
