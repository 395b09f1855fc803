//! Batch-norm statistics re-estimated under a plan.

use models::{Model, Plan, recalibrated};
use nn::{Mode, Params};
use tensor::Tensor;
use testkit::close::{Tolerance, check_close};

use crate::common::{arch, images, lived_in, record};

fn network() -> Model<f64> {
    lived_in(arch("resnet14").build(6), 6)
}

fn batches(n: u64) -> Vec<Tensor<f64>> {
    (0..n).map(|i| images(20 + i, 3, 8)).collect()
}

fn value<'a>(params: &'a Params<f64>, name: &str) -> &'a Tensor<f64> {
    params.value(params.find(name).unwrap())
}

/// The mean and the unbiased variance of each channel of `[n, h, w, c]`.
fn moments(x: &Tensor<f64>) -> [Tensor<f64>; 2] {
    let c = x.shape().channels();
    let n = (x.len() / c) as f64;
    let column = |i: usize| x.as_slice().iter().skip(i).step_by(c);
    let mean = Tensor::from_fn([c], |i| column(i).sum::<f64>() / n);
    let squares = |i: usize| column(i).map(|v| (v - mean.as_slice()[i]).powi(2)).sum::<f64>();
    let var = Tensor::from_fn([c], |i| squares(i) / (n - 1.0));
    [mean, var]
}

#[test]
fn one_batch_leaves_its_own_moments() {
    let model = network();
    let intact = Plan::intact(&model);
    let images = batches(1).remove(0);
    let params = recalibrated(&model, &intact, [images.clone()]).params;
    // The first batch norm sees the stem's output.
    let mut pass = nn::Pass::eval(&model.params);
    let x = pass.tape.constant(images.clone());
    let seen = model.forward_stem(&mut pass, &x).into_value();
    let [mean, var] = moments(&seen);
    let tolerance = Tolerance::scaled(1e-12);
    check_close("mean", value(&params, "layer1.0.bn1.running_mean"), &mean, tolerance);
    check_close("variance", value(&params, "layer1.0.bn1.running_var"), &var, tolerance);
    // And each one what it saw in a pass over batch statistics.
    let statistics = record(&model, &intact, Mode::Train, &images).statistics;
    assert_eq!(statistics.len(), 2 * 6 + 1);
    for s in statistics {
        assert_eq!(*params.value(s.running_mean), s.moments.mean);
        assert_eq!(*params.value(s.running_var), s.moments.unbiased_variance());
    }
}

#[test]
fn several_batches_leave_the_plain_average() {
    let model = network();
    let plan = Plan::intact(&model).delete(&model, 3).unwrap();
    let together = recalibrated(&model, &plan, batches(3)).params;
    let each = batches(3).into_iter().map(|b| recalibrated(&model, &plan, [b]).params);
    let each: Vec<_> = each.collect();
    for (id, p) in model.params.iter().filter(|(_, p)| !p.is_trained) {
        let sum = crate::common::sum(each.iter().map(|params| params.value(id).clone()));
        let mean = sum.map(|v| v / 3.0);
        check_close(&p.name, together.value(id), &mean, Tolerance::scaled(1e-12));
    }
}

#[test]
fn a_second_recalibration_changes_nothing() {
    let model = network();
    let plan = Plan::intact(&model).delete(&model, 2).unwrap();
    let once = recalibrated(&model, &plan, batches(2));
    assert_ne!(once.params, model.params);
    assert_eq!(recalibrated(&once, &plan, batches(2)), once);
    assert_eq!(recalibrated(&once, &plan, []), once, "nor does one without images");
}

#[test]
fn weights_and_statistics_that_the_plan_does_not_reach_stay() {
    let model = network();
    // Unit 2 is a boundary block, whose bn1 runs under every route.
    let plan = Plan::intact(&model).delete(&model, 1).unwrap().delete(&model, 2).unwrap();
    let params = recalibrated(&model, &plan, batches(1)).params;
    let unreached = ["layer1.1.bn1", "layer1.1.bn2", "layer2.0.bn2"];
    for (id, p) in model.params.iter() {
        let stays = p.is_trained || unreached.iter().any(|norm| p.name.starts_with(norm));
        assert_eq!(params.value(id) == &p.value, stays, "{}", p.name);
    }
}
