//! Laws of middle blocks.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Model, Plan, Predictions, Route, score};
use nn::Pass;
use record::{MiddleBlocks, MiddleWay};
use serde_json::{Value, json};
use tensor::Tensor;

use crate::common::{however_cut, lived_in, sample, untrained};

const IMAGES: usize = 35;

fn ask(network: &Subject, options: Value) -> Result<Question, LesionError> {
    let test = Some(sample(IMAGES));
    let inputs = Inputs { networks: vec![network.clone()], test, ..Inputs::default() };
    Question::new(experiment::named("middle-blocks").unwrap(), options, inputs)
}

/// Seven blocks a stage: six that can change places, seven in the first stage.
fn network() -> Subject {
    let subject = untrained("resnet44", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// The network on all images in `f64`, the units of `middle` done as `way` says: each step by
/// itself.
fn plain(subject: &Subject, units: &[usize], way: MiddleWay, order: &[usize]) -> Predictions {
    let model: Model<f64> = subject.model.cast();
    let (images, labels) = subject.batches(&sample(IMAGES), IMAGES).next().unwrap();
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images.cast::<f64>());
    let intact = Plan::intact(&model);
    let mut h = model.forward_stem(&mut pass, &x);
    let mut id = 0;
    while id < model.units.len() {
        if id != units[0] {
            h = model.forward_unit(&mut pass, &h, id, &intact);
            id += 1;
            continue;
        }
        id += units.len();
        let rounds = match way {
            MiddleWay::Parallel => 1,
            MiddleWay::Looped => 3,
            MiddleWay::Skipped => {
                let mut plan = intact.clone();
                plan.routes.fill(Route::SKIP);
                units.iter().for_each(|&id| h = model.forward_unit(&mut pass, &h, id, &plan));
                continue;
            }
            _ => {
                order.iter().for_each(|&id| h = model.forward_unit(&mut pass, &h, id, &intact));
                continue;
            }
        };
        for _ in 0..rounds {
            let outputs: Vec<Tensor<f64>> = units
                .iter()
                .map(|&id| model.forward_unit(&mut pass, &h, id, &intact).into_value())
                .collect();
            let mean = Tensor::from_fn(h.value().shape(), |place| {
                let at = outputs.iter().map(|output| output.as_slice()[place]);
                at.sum::<f64>() / units.len() as f64
            });
            h = pass.tape.constant(mean);
        }
    }
    score(model.forward_head(&mut pass, &h).value(), &labels)
}

#[test]
fn every_way_is_what_it_says() {
    let subject = network();
    let question = ask(&subject, json!({ "order-images": IMAGES, "draws": 2 })).unwrap();
    let found: MiddleBlocks = question.run(&mut Runner::default()).unwrap().answer().unwrap();
    assert_eq!((found.images, found.orders.len()), (IMAGES, 3 * 7));
    let (middles, _) = found.orders.as_chunks::<7>();
    let units = middles.iter().map(|one| one[0].units.clone()).collect::<Vec<_>>();
    // Blocks 7 and 14 are boundaries.
    assert_eq!(units, [(1..=5).collect::<Vec<_>>(), (9..=12).collect(), (16..=19).collect()]);
    for one in &found.orders {
        let expected = plain(&subject, &one.units, one.way, &one.order);
        let off = (one.cross_entropy - expected.cross_entropy()).abs();
        assert!(off < 1e-4 * expected.cross_entropy(), "{one:?}: {}", expected.cross_entropy());
        assert!(one.wrong.abs_diff(expected.wrong() as u32) <= 1, "{one:?}");
    }
    let first = &middles[0];
    assert_eq!(
        first.each_ref().map(|one| one.way),
        [
            MiddleWay::Skipped,
            MiddleWay::Repeated,
            MiddleWay::Reversed,
            MiddleWay::Random,
            MiddleWay::Random,
            MiddleWay::Parallel,
            MiddleWay::Looped,
        ]
    );
    assert_eq!((&first[1].order, &first[2].order), (&vec![3; 5], &vec![5, 4, 3, 2, 1]));
    assert_ne!(first[3].order, first[4].order, "each draw is its own");
    for random in &first[3..5] {
        let mut sorted = random.order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, random.units);
    }
    // No two ways agree by chance.
    let mut losses: Vec<f64> = first.iter().map(|one| one.cross_entropy).collect();
    losses.sort_by(f64::total_cmp);
    assert!(losses.windows(2).all(|two| two[1] - two[0] > 1e-6), "{losses:?}");
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network(), json!({ "draws": 1 })).unwrap();
    however_cut(&question);
}

#[test]
fn impossible_questions_are_refused() {
    let cases = [
        ("resnet44", json!({ "step": 0 }), "step is 0: expected 1 to 100000"),
        ("resnet44", json!({ "draws": 0 }), "draws is 0"),
        ("resnet44", json!({ "order-images": 0 }), "order-images is 0"),
        ("resnet20", json!({}), "a stage with six units in a row"),
    ];
    for (network, options, expected) in cases {
        let message = ask(&untrained(network, 1), options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}
