//! Laws of the norms of branches.

use lesion::{Inputs, LesionError, Loading, Question, Runner, Subject, experiment};
use models::build::{conv, global_average, linear, norm, relu};
use models::{EVAL_GROUP, Model, ModelBuilder, Normalisation, Plan, Route, UnitSpec};
use nn::Pass;
use record::{BranchNorms, MeanSd, ResidualNorms};
use serde_json::json;
use tensor::Tensor;

use crate::common::{foreign, however_cut, lived_in, sample, small_vgg, untrained};

const IMAGES: usize = EVAL_GROUP + 3;

fn question(network: &Subject) -> Result<Question, LesionError> {
    let (networks, test) = (vec![network.clone()], Some(sample(IMAGES)));
    let inputs = Inputs { networks, test, ..Inputs::default() };
    Question::new(experiment::named("residual-norms").unwrap(), json!({}), inputs)
}

fn answer(network: &Subject) -> ResidualNorms {
    question(network).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

/// A network whose values are all off their initial ones.
fn network(name: &str) -> Subject {
    let subject = untrained(name, 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// Two blocks of two branches each, the second with other channels.
fn two_branches() -> Subject {
    let block =
        |c: usize, stride: usize| {
            UnitSpec::residual([norm("bn_a"), relu(), conv("conv_a", c, 3).stride(stride)])
                .branch([norm("bn_b"), relu(), conv("conv_b", c, 3).stride(stride)])
        };
    let mut net = ModelBuilder::for_cifar(2);
    net.stem([conv("conv1", 8, 3)]);
    net.unit("block0", 0, block(8, 1));
    net.unit("block1", 1, block(16, 2).projection([conv("shortcut", 16, 1).stride(2)]));
    let head = [norm("bn"), relu(), global_average(), linear("linear", 10).bias(0.0)];
    let model: Model<f32> = net.finish("two-branches", "block", head);
    let (weights, normalisation) = (small_vgg(true, 1).weights, Normalisation::CIFAR10);
    let (name, model, loading) = ("two-branches".into(), lived_in(model, 4), Loading::default());
    Subject { name, model, weights, normalisation, listed: false, loading }
}

/// Input, skip and scaled branches of each unit, of one image alone, in `f64`: each term
/// is the unit's output along the route that takes it alone. Then the mean over positions of
/// 1 minus the cosine of skip and output.
fn terms(model: &Model<f64>, image: &Tensor<f64>) -> Vec<[f64; 4]> {
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(image.clone());
    let mut h = model.forward_stem(&mut pass, &x);
    let intact = Plan::intact(model);
    let mut all = Vec::new();
    for (id, unit) in model.units.iter().enumerate() {
        let mut along = |route: Route| {
            let mut plan = intact.clone();
            plan.routes[id] = route;
            model.forward_unit(&mut pass, &h, id, &plan).into_value()
        };
        let branches = along(Route::first_branches(unit.branches.len()));
        let skip = along(Route::SKIP);
        let norms = [h.value().norm(), skip.norm(), branches.norm()];
        h = model.forward_unit(&mut pass, &h, id, &intact);
        let channels = skip.shape().channels();
        let pixels = skip.as_slice().chunks(channels).zip(h.value().as_slice().chunks(channels));
        let turns = pixels.map(|(a, b)| {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            1.0 - dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
        });
        let turns: Vec<f64> = turns.collect();
        let influence = turns.iter().sum::<f64>() / turns.len() as f64;
        all.push([norms[0], norms[1], model.branch_scale[id] * norms[2], influence]);
    }
    all
}

#[test]
fn norms_are_those_of_each_term_of_each_image() {
    for subject in [network("resnet8"), two_branches()] {
        let (model, images) = (subject.model.cast::<f64>(), sample(IMAGES));
        let each: Vec<Vec<[f64; 4]>> = (0..IMAGES)
            .map(|i| subject.batches_of(&images, i..i + 1, 1).next().unwrap().0.cast())
            .map(|image| terms(&model, &image))
            .collect();
        let found = answer(&subject);
        assert_eq!((found.images, found.units.len()), (IMAGES, model.units.len()));
        for (id, (unit, expected)) in found.units.iter().zip(&model.units).enumerate() {
            let of = |f: fn(&[f64; 4]) -> f64| MeanSd::of(each.iter().map(move |all| f(&all[id])));
            let BranchNorms { input, skip, branch, over_input, over_skip, influence } =
                unit.norms.unwrap();
            let pairs = [
                (input, of(|n| n[0])),
                (skip, of(|n| n[1])),
                (branch, of(|n| n[2])),
                (over_input, of(|n| n[2] / n[0])),
                (over_skip, of(|n| n[2] / n[1])),
                (influence, of(|n| n[3])),
            ];
            for (place, (found, expected)) in pairs.into_iter().enumerate() {
                let off = (found.mean - expected.mean).abs() + (found.sd - expected.sd).abs();
                let what = format!("{}, unit {id}, number {place}", subject.name);
                assert!(off <= 2e-5 * expected.mean, "{what}: {found:?}, expected {expected:?}");
            }
            assert_eq!(unit.boundary, expected.is_boundary());
            assert_eq!(over_input == over_skip, !unit.boundary, "the identity is the input");
        }
    }
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let question = question(&network("resnet8")).unwrap();
    however_cut(&question);
    assert_eq!(
        question.record_name(),
        format!("residual-norms-{}-sample-first-{IMAGES}", foreign(&question, "resnet8"))
    );
}

#[test]
fn units_that_are_not_a_sum_of_skip_and_branches_have_no_norms() {
    for network in [small_vgg(true, 1), untrained("highway", 1)] {
        let message = question(&network).unwrap_err().to_string();
        assert!(message.contains("it needs a unit that adds its branch to a skip"), "{message}");
    }
    // A plain layer among blocks.
    let mut mixed = two_branches();
    mixed.model.units[0].skip = models::Skip::None;
    let found = answer(&mixed);
    assert_eq!(found.units[0].norms, None);
    assert!(found.units[1].norms.is_some());
}

#[test]
fn a_ratio_to_nothing_is_an_error() {
    let mut network = untrained("resnet8", 1);
    let weight = network.model.params.find("conv1.weight").unwrap();
    network.model.params.value_mut(weight).as_mut_slice().fill(0.0);
    let error = question(&network).unwrap().run(&mut Runner::default()).unwrap_err();
    assert!(error.to_string().contains("none of them all zero"), "{error}");
}
