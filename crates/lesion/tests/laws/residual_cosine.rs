//! Laws of the cosine of branches with the gradient.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{EVAL_GROUP, Model, Plan, Route, recalibrated};
use nn::{Mode, Pass, Tape, op};
use record::{MeanCosine, ResidualCosine};
use serde_json::json;
use tensor::Tensor;

use crate::common::{arch, however_cut, lived_in, near, sample, small_vgg, training, untrained};

const IMAGES: usize = EVAL_GROUP + 3;

fn ask(network: &Subject) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training(256)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    let experiment = experiment::named("residual-cosine").unwrap();
    Question::new(experiment, json!({ "control-seed": 7, "control-batches": 1 }), inputs)
}

fn answer(network: &Subject) -> ResidualCosine {
    ask(network).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

fn network() -> Subject {
    let subject = untrained("resnet14", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// The cosines of one image in these units, in `f64`: the loss as a function of the unit's
/// input alone, and the branch as the unit's output along that route.
fn cosines(model: &Model<f64>, image: &Tensor<f64>, label: u8, units: &[usize]) -> Vec<f64> {
    let plan = Plan::intact(model);
    let mut h = {
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(image.clone());
        model.forward_stem(&mut pass, &x).into_value()
    };
    let mut found = Vec::new();
    for id in 0..model.units.len() {
        let mut pass = Pass::new(Tape::recording(), Mode::Eval, &model.params);
        let input = pass.tape.input(h.clone());
        let mut y = model.forward_unit(&mut pass, &input, id, &plan);
        let output = y.value().clone();
        if units.contains(&id) {
            for above in id + 1..model.units.len() {
                y = model.forward_unit(&mut pass, &y, above, &plan);
            }
            let logits = model.forward_head(&mut pass, &y);
            let loss = op::cross_entropy(&mut pass.tape, &logits, &[label]);
            let grads = pass.tape.backward(&loss);
            let gradient = grads.of(&input).unwrap();
            let mut alone = plan.clone();
            alone.routes[id] = Route::BRANCH;
            let mut pass = Pass::eval(&model.params);
            let x = pass.tape.constant(h.clone());
            let branch = model.forward_unit(&mut pass, &x, id, &alone).into_value();
            found.push(gradient.dot(&branch) / (gradient.norm() * branch.norm()));
        }
        h = output;
    }
    found
}

/// Means over all images, with true labels or the network's own.
fn means(subject: &Subject, model: &Model<f32>, predicted: bool, units: &[usize]) -> Vec<f64> {
    let (images, model) = (sample(IMAGES), model.cast::<f64>());
    let mut sums = vec![0.0; units.len()];
    for i in 0..IMAGES {
        let (image, labels) = subject.batches_of(&images, i..i + 1, 1).next().unwrap();
        let image: Tensor<f64> = image.cast();
        let logits = model.logits(image.clone(), &Plan::intact(&model));
        let by_size =
            |a: &usize, b: &usize| logits.as_slice()[*a].total_cmp(&logits.as_slice()[*b]);
        let own = (0..10).max_by(by_size).unwrap() as u8;
        let label = if predicted { own } else { labels[0] };
        let each = cosines(&model, &image, label, units);
        sums.iter_mut().zip(each).for_each(|(sum, cosine)| *sum += cosine / IMAGES as f64);
    }
    sums
}

#[test]
fn cosines_are_those_of_each_image_by_itself() {
    let subject = network();
    let found = answer(&subject);
    let branch_scale = subject.model.branch_scale.clone();
    let mut control = Model { branch_scale, ..arch("resnet14").build::<f32>(7) };
    let images = training(256);
    let batches = subject.batches_of(&images, 0..128, 128).map(|(images, _)| images);
    control = recalibrated(&control, &Plan::intact(&control), batches);
    let units: Vec<usize> = found.units.iter().map(|unit| unit.index).collect();
    // Without the boundaries 2 and 4.
    assert_eq!((found.images, found.batches, units.as_slice()), (IMAGES, 1, &[0, 1, 3, 5][..]));
    let of = |of: fn(&record::UnitCosine) -> MeanCosine| -> Vec<f64> {
        found.units.iter().map(|unit| of(unit).cosine.unwrap().mean).collect()
    };
    near(&of(|u| u.trained), &means(&subject, &subject.model, false, &units), 2e-5);
    near(&of(|u| u.predicted), &means(&subject, &subject.model, true, &units), 2e-5);
    near(&of(|u| u.initial), &means(&subject, &control, false, &units), 2e-5);
    assert!(of(|u| u.trained).iter().any(|cosine| cosine.abs() > 1e-3), "all are near 0");
}

/// With logits so large that the most certain image has a probability of about 1 - 1e-11,
/// which is 1 in `f32` and not in `f64`, gradients point where those in `f64` do.
#[test]
fn images_that_are_certain_have_their_direction() {
    let mut subject = network();
    let (batch, _) = subject.batches(&sample(IMAGES), IMAGES).next().unwrap();
    let logits = subject.model.logits(batch, &Plan::intact(&subject.model));
    let margin = |row: &[f32]| {
        let mut sorted = row.to_vec();
        sorted.sort_by(f32::total_cmp);
        sorted[9] - sorted[8]
    };
    let margins: Vec<f32> = logits.as_slice().chunks_exact(10).map(margin).collect();
    let factor = 25.0 / margins.iter().copied().fold(0.0, f32::max);
    assert!(margins.iter().filter(|&&m| factor * m > 18.0).count() > 3, "{margins:?}");
    for name in ["linear.weight", "linear.bias"] {
        let id = subject.model.params.find(name).unwrap();
        subject.model.params.value_mut(id).as_mut_slice().iter_mut().for_each(|v| *v *= factor);
    }
    let found = answer(&subject);
    let units: Vec<usize> = found.units.iter().map(|unit| unit.index).collect();
    let ours: Vec<f64> =
        found.units.iter().map(|unit| unit.predicted.cosine.unwrap().mean).collect();
    near(&ours, &means(&subject, &subject.model, true, &units), 1e-4);
}

/// A branch of zeros has no direction; a negative scale turns it round.
#[test]
fn branches_without_a_direction_are_counted_and_scales_have_signs() {
    let mut subject = network();
    let before = answer(&subject);
    subject.model.branch_scale[1] = 0.0;
    let found = answer(&subject);
    assert_eq!((found.units[1].trained.without, found.units[1].trained.cosine), (IMAGES, None));
    assert_eq!(found.units[0].trained.without, 0);
    subject = network();
    let last = subject.model.branch_scale.len() - 1;
    subject.model.branch_scale[last] *= -1.0;
    let turned = answer(&subject);
    // The loss is another, so only the size of the change can be told.
    let [a, b] = [&before, &turned].map(|found| found.units[3].predicted.cosine.unwrap().mean);
    let units: Vec<usize> = turned.units.iter().map(|unit| unit.index).collect();
    let plain = means(&subject, &subject.model, true, &units)[3];
    // The route of a branch alone takes no scale.
    assert!((b + plain).abs() < 2e-5 && (a - b).abs() > 1e-4, "{a}, {b}, {plain}");
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network()).unwrap();
    however_cut(&question);
}

#[test]
fn networks_without_such_units_are_refused() {
    let message = ask(&small_vgg(true, 1)).unwrap_err().to_string();
    assert!(message.contains("units that add one branch to a skip"), "{message}");
}
