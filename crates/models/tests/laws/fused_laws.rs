//! Whole networks through the fused kernels against the same networks with a node
//! for each op, in `f32`, and evaluation against one unfused pass.

use models::{Model, Plan, recalibrated};
use nn::{BatchStatistics, Grads, Mode, Pass, Tape, op};
use tensor::Tensor;
use testkit::close::{Tolerance, check_close};

use crate::common::{arch, bits, images, labels, lived_in};

/// Images of a batch: the norm of a fully connected layer has no more values.
const BATCH: usize = 12;
/// Values are continuous functions of each other, so they only differ by rounding,
/// which each of up to twenty convolutions and norms hands on to the next.
const VALUES: Tolerance = Tolerance { abs: 1e-7, rel: 2e-4 };
/// Gradients jump at the kink of a rectifier, but those of a [`decided`] network.
const GRADIENTS: f64 = 5e-4;
/// A shift that a batch norm takes away again has the gradient 0, and its rounding is
/// that of what cancels: this part of the largest gradient of the network.
const CANCELLED: f64 = 1e-5;
/// In other networks one rectifier in a million is open here and closed there, and so
/// it is with the place of a maximum: of gradients as a whole that is not much.
const WITH_KINKS: f64 = 0.05;

/// Two kinds of residual networks and one without skips.
fn networks() -> impl Iterator<Item = Model<f32>> {
    let residual = [8, 20]
        .into_iter()
        .flat_map(|depth| [arch(&format!("resnet{depth}")), arch(&format!("resnet{depth}-v1"))]);
    residual.chain([arch("vgg15")]).map(|arch| lived_in(arch.build(5), 5))
}

/// The network with the statistics of the images for running ones.
fn settled(mut model: Model<f32>) -> Model<f32> {
    model = recalibrated(&model, &Plan::intact(&model), [images(2, BATCH, 32)]);
    model
}

/// The network with the shifts of its norms so far up and down by turns that each
/// rectifier is open or closed for all of its channel, whatever the rounding.
fn decided(mut model: Model<f32>) -> Model<f32> {
    let ids: Vec<_> = model.params.iter().map(|(id, p)| (id, p.name.clone())).collect();
    for (id, _) in ids.iter().filter(|(_, name)| name.contains("bn") && name.ends_with(".bias")) {
        for (c, v) in model.params.value_mut(*id).as_mut_slice().iter_mut().enumerate() {
            *v += if c.is_multiple_of(2) { 9.0 } else { -9.0 };
        }
    }
    model
}

/// A pass that has been run to its loss.
struct Run {
    logits: Tensor<f32>,
    statistics: Vec<BatchStatistics>,
    grads: Grads<f32>,
    dx: Tensor<f32>,
}

fn run(model: &Model<f32>, mode: Mode, fuses: bool) -> Run {
    let mut pass = Pass::new(Tape::recording(), mode, &model.params);
    pass.fuses = fuses;
    let x = pass.tape.input(images(2, BATCH, 32));
    let logits = model.forward(&mut pass, &x, &Plan::intact(model));
    let loss = op::cross_entropy(&mut pass.tape, &logits, &labels(2, BATCH));
    let Pass { tape, statistics, .. } = pass;
    let grads = tape.backward(&loss);
    let dx = grads.of(&x).unwrap().clone();
    Run { logits: logits.into_value(), statistics, grads, dx }
}

/// The gradients of the images and of each parameter, by name, fused and plain.
fn gradients<'a>(
    model: &'a Model<f32>,
    fused: &'a Run,
    plain: &'a Run,
) -> Vec<(&'a str, &'a Tensor<f32>, &'a Tensor<f32>)> {
    let trained = model.params.iter().filter(|(_, p)| p.is_trained);
    let of_params = trained.map(|(id, p)| {
        let [fused, plain] = [fused, plain].map(|run| run.grads.param(id));
        (p.name.as_str(), fused.expect("all are trained"), plain.expect("all are trained"))
    });
    [("images", &fused.dx, &plain.dx)].into_iter().chain(of_params).collect()
}

fn check_values(what: &str, fused: &Run, plain: &Run) {
    check_close(&format!("{what}: logits"), &fused.logits, &plain.logits, VALUES);
    assert_eq!(fused.statistics.len(), plain.statistics.len(), "{what}");
    for (i, (fused, plain)) in fused.statistics.iter().zip(&plain.statistics).enumerate() {
        assert_eq!(fused.running_mean, plain.running_mean, "{what}: norm {i}");
        assert_eq!(fused.moments.count, plain.moments.count, "{what}: norm {i}");
        for (name, fused, plain) in [
            ("mean", &fused.moments.mean, &plain.moments.mean),
            ("m2", &fused.moments.m2, &plain.moments.m2),
        ] {
            let what = format!("{what}: {name} of norm {i}");
            check_close(&what, fused, plain, VALUES);
        }
    }
}

#[test]
fn fused_kernels_change_logits_and_statistics_by_rounding_alone() {
    for model in networks().map(settled) {
        for mode in [Mode::Train, Mode::Eval] {
            let [fused, plain] = [true, false].map(|fuses| run(&model, mode, fuses));
            assert_eq!(plain.statistics.is_empty(), mode == Mode::Eval);
            check_values(&format!("{} {mode:?}", model.name), &fused, &plain);
        }
    }
}

#[test]
fn fused_kernels_change_gradients_by_rounding_alone() {
    let residual = networks().filter(|model| !model.name.starts_with("vgg"));
    for model in residual.map(decided).map(settled) {
        for mode in [Mode::Train, Mode::Eval] {
            let [fused, plain] = [true, false].map(|fuses| run(&model, mode, fuses));
            let gradients = gradients(&model, &fused, &plain);
            let magnitudes = gradients.iter().flat_map(|(_, _, plain)| plain.as_slice());
            let largest = magnitudes.fold(0.0, |m, v| f64::from(v.abs()).max(m));
            let tolerance = Tolerance { abs: CANCELLED * largest, rel: GRADIENTS };
            for (name, fused, plain) in gradients {
                let what = format!("{} {mode:?}: gradient of {name}", model.name);
                check_close(&what, fused, plain, tolerance);
            }
        }
    }
}

#[test]
fn fused_kernels_keep_the_gradients_of_every_network_but_for_a_few_kinks() {
    for model in networks().map(settled) {
        for mode in [Mode::Train, Mode::Eval] {
            let [fused, plain] = [true, false].map(|fuses| run(&model, mode, fuses));
            let gradients = gradients(&model, &fused, &plain);
            let largest = gradients.iter().fold(0.0, |m: f64, (_, _, plain)| m.max(plain.norm()));
            for (name, fused, plain) in gradients {
                let difference = plain.as_slice().iter().zip(fused.as_slice()).map(|(a, b)| a - b);
                let difference = Tensor::from_vec(plain.shape(), difference.collect()).norm();
                let allowed = WITH_KINKS * plain.norm() + CANCELLED * largest;
                assert!(
                    difference <= allowed,
                    "{} {mode:?}: gradient of {name}: off by {difference:.3e}, allowed \
                     {allowed:.3e} at norm {:.3e}",
                    model.name,
                    plain.norm()
                );
            }
        }
    }
}

#[test]
fn evaluation_is_one_unfused_pass() {
    for model in networks().map(settled) {
        let plan = Plan::intact(&model);
        let images = images(3, 40, 32);
        let mut pass = Pass::eval(&model.params);
        pass.fuses = false;
        let x = pass.tape.constant(images.clone());
        let expected = model.forward(&mut pass, &x, &plan).into_value();
        check_close(&model.name, &model.logits(images, &plan), &expected, VALUES);
    }
}

#[test]
fn in_f64_nothing_is_fused_but_norms_with_their_rectifiers_to_the_last_bit() {
    let model = settled(lived_in(arch("resnet8").build(5), 5)).cast::<f64>();
    for mode in [Mode::Train, Mode::Eval] {
        let run = |fuses: bool| {
            let mut pass = Pass::new(Tape::recording(), mode, &model.params);
            pass.fuses = fuses;
            let x = pass.tape.input(images(2, 3, 32));
            let logits = model.forward(&mut pass, &x, &Plan::intact(&model));
            let loss = op::cross_entropy(&mut pass.tape, &logits, &labels(2, 3));
            let grads = pass.tape.backward(&loss);
            let grads = model.params.iter().filter_map(|(id, _)| grads.param(id).map(bits));
            (bits(logits.value()), grads.collect::<Vec<_>>())
        };
        assert!(run(true) == run(false), "{mode:?}");
    }
}
