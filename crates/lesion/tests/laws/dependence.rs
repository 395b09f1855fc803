//! Laws of the dependence of later units on earlier ones.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Model, Plan, Route};
use nn::{Pass, Var};
use record::Dependence;
use serde_json::{Value, json};
use tensor::Tensor;

use crate::common::{however_cut, lived_in, near, sample, small_vgg, untrained};

const IMAGES: usize = 11;

fn ask(network: &Subject, options: Value) -> Result<Question, LesionError> {
    let test = Some(sample(IMAGES));
    let inputs = Inputs { networks: vec![network.clone()], test, ..Inputs::default() };
    Question::new(experiment::named("dependence").unwrap(), options, inputs)
}

fn network() -> Subject {
    let subject = untrained("resnet14", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// Inputs and branches of all units of one image under a plan, in `f64`.
fn run(model: &Model<f64>, image: &Tensor<f64>, plan: &Plan) -> Vec<[Tensor<f64>; 2]> {
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(image.clone());
    let mut h: Var<f64> = model.forward_stem(&mut pass, &x);
    let each = (0..model.units.len()).map(|id| {
        let found = [h.value().clone(), branch(model, id, h.value())];
        h = model.forward_unit(&mut pass, &h, id, plan);
        found
    });
    each.collect()
}

fn branch(model: &Model<f64>, id: usize, input: &Tensor<f64>) -> Tensor<f64> {
    let mut plan = Plan::intact(model);
    plan.routes[id] = Route::BRANCH;
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(input.clone());
    model.forward_unit(&mut pass, &x, id, &plan).into_value()
}

fn minus(a: &Tensor<f64>, b: &Tensor<f64>, factor: f64) -> Tensor<f64> {
    Tensor::from_fn(a.shape(), |i| a.as_slice()[i] - factor * b.as_slice()[i])
}

#[test]
fn changes_are_those_of_each_image_by_itself() {
    let subject = network();
    let question = ask(&subject, json!({ "pair-images": 9 })).unwrap();
    let found: Dependence = question.run(&mut Runner::default()).unwrap().answer().unwrap();
    let ids: Vec<usize> = found.units.iter().map(|unit| unit.index).collect();
    // Without the boundaries 2 and 4.
    assert_eq!((found.images, ids.as_slice()), (9, &[0, 1, 3, 5][..]));
    let model = subject.model.cast::<f64>();
    let intact = Plan::intact(&model);
    let (test, each) = (sample(IMAGES), 1.0 / 9.0);
    let mut propagated = vec![vec![0.0; 4]; 4];
    let mut local = vec![vec![0.0; 4]; 4];
    for i in 0..9 {
        let image = subject.batches_of(&test, i..i + 1, 1).next().unwrap().0.cast();
        let whole = run(&model, &image, &intact);
        for (s, &missing) in ids.iter().enumerate() {
            let without = run(&model, &image, &intact.clone().delete(&model, missing).unwrap());
            for (l, &id) in ids.iter().enumerate().skip(s + 1) {
                let [input, f] = &whole[id];
                propagated[l][s] += each * minus(f, &without[id][1], 1.0).norm() / f.norm();
                if input.shape() == whole[missing][1].shape() {
                    let input = minus(input, &whole[missing][1], model.branch_scale[missing]);
                    local[l][s] +=
                        each * minus(f, &branch(&model, id, &input), 1.0).norm() / f.norm();
                }
            }
        }
    }
    for (l, unit) in found.units.iter().enumerate() {
        near(&unit.propagated, &propagated[l][..l], 1e-4);
        let known: Vec<bool> = unit.local.iter().map(Option::is_some).collect();
        assert_eq!(known, (0..l).map(|s| (s, l) == (0, 1)).collect::<Vec<_>>());
        for (s, change) in unit.local.iter().enumerate().filter_map(|(s, c)| Some((s, (*c)?))) {
            near(&[change], &[local[l][s]], 1e-4);
            assert!(change > 1e-3);
        }
    }
    // Right after the missing unit both are the same thing.
    near(&[found.units[1].propagated[0]], &[found.units[1].local[0].unwrap()], 1e-5);
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = ask(&network(), json!({})).unwrap();
    however_cut(&question);
}

#[test]
fn impossible_questions_are_refused() {
    let mut dead = network();
    let weight = dead.model.params.find("layer1.1.conv2.weight").unwrap();
    dead.model.params.value_mut(weight).as_mut_slice().fill(0.0);
    let error = ask(&dead, json!({})).unwrap().run(&mut Runner::default()).unwrap_err();
    assert!(error.to_string().contains("none of them all zero"), "{error}");
    let cases = [
        (network(), json!({ "pair-images": 0 }), "pair-images is 0: expected at least 1"),
        (small_vgg(true, 1), json!({}), "it needs two units that add one branch"),
    ];
    for (network, options, expected) in cases {
        let message = ask(&network, options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}
