//! Laws of deleted spans.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Model, Plan, Predictions, evaluate};
use nn::Pass;
use record::{DeleteSpans, HowChosen, MeanSd};
use serde_json::{Value, json};
use tensor::Tensor;

use crate::common::{however_cut, lived_in, sample, training, untrained};

const IMAGES: usize = 35;
const TRAINING: usize = 19;

fn ask(network: &Subject, options: Value) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training(TRAINING)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    Question::new(experiment::named("delete-spans").unwrap(), options, inputs)
}

/// Four blocks a stage; 4 and 8 are boundaries.
fn network() -> Subject {
    let subject = untrained("resnet26", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// Of each training image what each unit receives, and what the last one hands on.
fn activations(subject: &Subject, model: &Model<f64>) -> Vec<Vec<Tensor<f64>>> {
    let images = training(TRAINING);
    let each = (0..TRAINING).map(|i| {
        let (image, _) = subject.batches_of(&images, i..i + 1, 1).next().unwrap();
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(image.cast::<f64>());
        let mut h = model.forward_stem(&mut pass, &x);
        let mut all = vec![h.value().clone()];
        for id in 0..model.units.len() {
            h = model.forward_unit(&mut pass, &h, id, &Plan::intact(model));
            all.push(h.value().clone());
        }
        all
    });
    each.collect()
}

/// The network without these units, by itself and in `f64`.
fn plain(subject: &Subject, model: &Model<f64>, units: &[usize], test: bool) -> Predictions {
    let images = if test { sample(IMAGES) } else { training(TRAINING) };
    let plan = Plan::intact(model).delete_all(model, units).unwrap();
    let batches = subject.batches(&images, images.len());
    evaluate(model, &plan, batches.map(|(images, labels)| (images.cast(), labels)))
}

#[test]
fn every_number_is_that_of_a_plain_evaluation() {
    let subject = network();
    let model: Model<f64> = subject.model.cast();
    let question = ask(&subject, json!({ "draws": 3 })).unwrap();
    let found: DeleteSpans = question.run(&mut Runner::default()).unwrap().answer().unwrap();
    assert_eq!((found.images, found.calibration), (IMAGES, TRAINING));
    // Rows 0 to 3, 5 to 7 and 9 to 11: 10 spans and twice 6.
    let spans: Vec<&[usize]> = found.spans.iter().map(|span| span.units.as_slice()).collect();
    assert_eq!(spans.len(), 22);
    assert_eq!(&spans[..5], &[&[0][..], &[0, 1], &[0, 1, 2], &[0, 1, 2, 3], &[1]]);
    assert!(spans.iter().all(|span| !span.contains(&4) && !span.contains(&8)));
    let activations = activations(&subject, &model);
    let close = |units: &[usize], wrong: u32, cross_entropy: f64| {
        let expected = plain(&subject, &model, units, true);
        let off = (cross_entropy - expected.cross_entropy()).abs();
        assert!(off < 1e-4 * expected.cross_entropy(), "{units:?}: {cross_entropy}");
        assert!(wrong.abs_diff(expected.wrong() as u32) <= 1, "{units:?}: {wrong}");
    };
    close(&[], found.intact.wrong, found.intact.cross_entropy);
    for span in &found.spans {
        assert_eq!(span.stage, span.units[0] / 4);
        close(&span.units, span.wrong, span.cross_entropy);
        let (first, last) = (span.units[0], *span.units.last().unwrap());
        let distances = activations.iter().map(|of| {
            let (a, b) = (of[first].as_slice(), of[last + 1].as_slice());
            let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            (dot / (of[first].norm() * of[last + 1].norm())).acos() / std::f64::consts::PI
        });
        let expected = MeanSd::of(distances.collect::<Vec<_>>().into_iter());
        let off =
            (span.distance.mean - expected.mean).abs() + (span.distance.sd - expected.sd).abs();
        assert!(off < 1e-5, "{span:?}, expected {expected:?}");
    }
    // Spans differ by more than the tolerance, or one could stand in for another.
    let mut distances: Vec<f64> = found.spans.iter().map(|span| span.distance.mean).collect();
    distances.sort_by(f64::total_cmp);
    assert!(distances.windows(2).all(|two| two[1] - two[0] > 1e-5), "{distances:?}");

    let pool = [0, 1, 2, 3, 5, 6, 7, 9, 10, 11];
    let mut order = pool.map(|id| (plain(&subject, &model, &[id], false).cross_entropy(), id));
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(order.windows(2).all(|two| two[1].0 - two[0].0 > 1e-5), "{order:?}");
    let (least, random) = found.sets.split_at(4);
    for (n, set) in (1..).zip(least) {
        let mut expected: Vec<usize> = order[..n].iter().map(|one| one.1).collect();
        expected.sort_unstable();
        assert_eq!((set.how, &set.units), (HowChosen::Least, &expected));
        close(&set.units, set.wrong, set.cross_entropy);
    }
    assert_eq!(random.len(), 4 * 3);
    for (place, set) in random.iter().enumerate() {
        assert_eq!((set.how, set.units.len()), (HowChosen::Random, place / 3 + 1));
        assert!(set.units.iter().all(|id| pool.contains(id)), "{set:?}");
        close(&set.units, set.wrong, set.cross_entropy);
    }
    assert!(random[9..].iter().any(|set| set.units != random[9].units), "each draw is its own");
}

#[test]
fn steps_leave_lengths_out_and_options_images() {
    let question =
        ask(&network(), json!({ "step": 2, "span-images": 9, "calibration-images": 5 })).unwrap();
    let found: DeleteSpans = question.run(&mut Runner::default()).unwrap().answer().unwrap();
    assert_eq!((found.images, found.calibration, found.spans.len()), (9, 5, 6 + 4 + 4));
    assert!(found.spans.iter().all(|span| span.units.len() % 2 == 1));
    let lengths = found.sets.iter().filter(|set| set.how == HowChosen::Least);
    assert_eq!(lengths.map(|set| set.units.len()).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network(), json!({ "draws": 1 })).unwrap();
    however_cut(&question);
}

#[test]
fn impossible_questions_are_refused() {
    let cases = [
        ("resnet26", json!({ "step": 0 }), "step is 0: expected 1 to 100000"),
        ("resnet26", json!({ "draws": 0 }), "draws is 0"),
        ("resnet26", json!({ "span-images": 0 }), "span-images is 0"),
        ("resnet26", json!({ "calibration-images": 0 }), "calibration-images is 0"),
        ("resnet8", json!({}), "two residual units in a row"),
        ("plain32", json!({}), "two residual units in a row"),
    ];
    for (network, options, expected) in cases {
        let message = ask(&untrained(network, 1), options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}
