//! Laws of networks with shared weights.

use models::build::{conv, norm};
use models::{
    Choices, Model, ModelBuilder, Plan, SharedWeights, UnitSpec, load_weights, recalibrated,
};
use nn::layer::BatchNorm;
use nn::optim::{Sgd, SgdOptions};
use nn::{Mode, op};
use proptest::prelude::*;
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};

use crate::common::{arch, bits, images, labels, lived_in, record, sum};

fn network<T: Scalar>(blocks: usize, shares_norms: bool) -> Model<T> {
    let build = SharedWeights { blocks, widths: [16, 16, 32], shares_norms };
    lived_in(build.build("shared", 4), 4)
}

/// A network of these shapes with the values of `from` where the names agree, and at each
/// step those of its stage where they do not.
fn with_values_of<T: Scalar>(mut to: Model<T>, from: &Model<T>) -> Model<T> {
    for id in to.params.ids() {
        let name = to.params.name(id).to_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let of_stage = format!("{}.shared.{}", parts[0], parts[2.min(parts.len())..].join("."));
        let found = from.params.find(&name).or_else(|| from.params.find(&of_stage));
        let found = found.unwrap_or_else(|| panic!("no values for {name}"));
        *to.params.value_mut(id) = from.params.value(found).clone();
    }
    to
}

#[test]
fn a_state_dict_holds_shared_tensors_once() {
    for naive in [false, true] {
        let model = network::<f32>(3, naive);
        let state = model.params.to_state();
        let names: Vec<&str> = state.tensors.keys().map(String::as_str).collect();
        let of_stage_1: Vec<&str> =
            names.iter().copied().filter(|name| name.starts_with("layer1.")).collect();
        let convolutions: Vec<&str> =
            of_stage_1.iter().copied().filter(|name| name.contains("conv")).collect();
        assert_eq!(convolutions, ["layer1.shared.conv1.weight", "layer1.shared.conv2.weight"]);
        let norms = of_stage_1.iter().filter(|name| name.contains(".bn1.")).count();
        assert_eq!(norms, if naive { 4 } else { 3 * 4 });
        // And it is all that a network needs.
        let mut other = network::<f32>(3, naive);
        other.params.ids().for_each(|id| other.params.value_mut(id).as_mut_slice().fill(1.0));
        other.params.load_state(&state).unwrap();
        assert_eq!(other, model);
        let name = if naive { "shared14-naive" } else { "shared14" };
        let model = lived_in(arch(name).build::<f32>(4), 4);
        let bytes = model.params.to_state().to_bytes();
        let loaded = load_weights(arch(name), &bytes, &Choices::default()).unwrap();
        assert_eq!((loaded.model, loaded.notes), (model, Vec::new()));
    }
}

/// Two steps of a stage of a network of 4 blocks a stage.
fn two_steps() -> impl Strategy<Value = (usize, usize)> {
    let of_stage = |range: std::ops::Range<usize>| (range.clone(), range);
    prop_oneof![of_stage(0..4), of_stage(5..8), of_stage(9..12)]
        .prop_filter("two steps", |(a, b)| a != b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn steps_change_places_unseen_if_they_share_their_norms((a, b) in two_steps()) {
        for naive in [false, true] {
            let model = network::<f32>(4, naive);
            let intact = Plan::intact(&model);
            let swapped = intact.clone().swap(&model, a, b).unwrap();
            for mode in [Mode::Train, Mode::Eval] {
                let run = |plan| bits(record(&model, plan, mode, &images(3, 2, 16)).logits.value());
                prop_assert_eq!(run(&intact) == run(&swapped), naive, "{:?}", mode);
            }
            let run = |plan| bits(&model.logits(images(3, 2, 16), plan));
            prop_assert_eq!(run(&intact) == run(&swapped), naive);
        }
    }

    #[test]
    fn deleting_a_step_is_a_shorter_recursion_and_repeating_one_a_longer(
        a in 0usize..3,
        b in 4usize..6,
        c in 7usize..9,
    ) {
        let model = network::<f32>(3, true);
        let intact = Plan::intact(&model);
        let logits = |model: &Model<f32>, plan: &Plan| bits(&model.logits(images(3, 2, 16), plan));
        let of_depth = |blocks: usize| {
            let mut other = network::<f32>(blocks, true);
            other.params.load_state(&model.params.to_state()).unwrap();
            logits(&other, &Plan::intact(&other))
        };
        let shorter = intact.clone().delete_all(&model, &[a, b, c]).unwrap();
        prop_assert_eq!(logits(&model, &shorter), of_depth(2));
        let order = vec![0, 1, a, 2, 3, 4, b, 5, 6, c, 7, 8];
        let longer = intact.in_order(&model, order).unwrap();
        prop_assert_eq!(logits(&model, &longer), of_depth(4));
    }
}

/// With norms of its own each step is missed as what it is: the last ones are those that a
/// shorter recursion does not have.
#[test]
fn without_its_last_steps_a_network_is_the_shorter_one() {
    let model = network::<f32>(3, false);
    let shorter = with_values_of(network::<f32>(2, false), &model);
    let deleted = Plan::intact(&model).delete_all(&model, &[2, 5, 8]).unwrap();
    let expected = shorter.logits(images(3, 2, 16), &Plan::intact(&shorter));
    assert_eq!(bits(&model.logits(images(3, 2, 16), &deleted)), bits(&expected));
    let others = Plan::intact(&model).delete_all(&model, &[1, 5, 8]).unwrap();
    assert_ne!(bits(&model.logits(images(3, 2, 16), &others)), bits(&expected));
}

/// The parameters of `resnet20` that a parameter of a shared network stands for.
fn uses<'a>(twin: &'a Model<f64>, name: &str) -> Vec<(nn::ParamId, &'a str)> {
    let is_one = |of_twin: &str| match name.split_once(".shared.") {
        None => of_twin == name,
        // A boundary block's parameters are its own.
        Some((stage, rest)) => {
            let is_boundary = stage != "layer1" && of_twin.starts_with(&format!("{stage}.0."));
            let is_alike =
                of_twin.starts_with(&format!("{stage}.")) && of_twin.ends_with(&format!(".{rest}"));
            is_alike && !is_boundary
        }
    };
    let all = twin.params.iter().map(|(id, p)| (id, p.name.as_str()));
    all.filter(|(_, name)| is_one(name)).collect()
}

/// The twin has the same values in parameters of its own, so the gradient of a shared one is
/// the sum of theirs, also along short paths; and one step of the optimiser decays it once
/// and moves it once.
#[test]
fn a_shared_gradient_is_the_sum_of_an_unshared_twins() {
    for name in ["shared20", "shared20-naive"] {
        let mut model = lived_in(arch(name).build(4), 4);
        let twin = with_values_of(arch("resnet20").build::<f64>(0), &model);
        let plan = Plan::intact(&model);
        let cases = [(Mode::Eval, None), (Mode::Train, Some(2)), (Mode::Train, None)];
        for (mode, up_to) in cases {
            let grads = |model: &Model<f64>| {
                let mut pass = record(model, &plan, mode, &images(3, 3, 8));
                let loss = op::cross_entropy(&mut pass.tape, &pass.logits, &labels(3, 3));
                let grads = match up_to {
                    None => pass.tape.backward(&loss),
                    Some(branches) => pass.tape.backward_through(&loss, 0..=branches),
                };
                (bits(pass.logits.value()), grads)
            };
            let ((logits, shared), (of_twin, own)) = (grads(&model), grads(&twin));
            assert_eq!(logits, of_twin, "the twin computes the same");
            for (id, p) in model.params.iter().filter(|(_, p)| p.is_trained) {
                let uses = uses(&twin, &p.name);
                let steps = if p.name.starts_with("layer1") { 3 } else { 2 };
                let expected = if p.name.contains("shared") { steps } else { 1 };
                assert_eq!(uses.len(), expected, "{}", p.name);
                let total = sum(uses.iter().map(|(id, _)| own.param(*id).unwrap().clone()));
                let tolerance = Tolerance::scaled(1e-10);
                check_close(&p.name, shared.param(id).unwrap(), &total, tolerance);
            }
            if (mode, up_to) == (Mode::Train, None) {
                check_step(&mut model, &shared);
            }
        }
    }
}

/// `w - lr (g + decay w)`, once.
fn check_step(model: &mut Model<f64>, grads: &nn::Grads<f64>) {
    let (rate, decay) = (0.5, 0.25);
    let mut sgd = Sgd::new(SgdOptions { momentum: 0.0, nesterov: false, weight_decay: decay });
    let before = model.params.clone();
    sgd.step(&mut model.params, grads, rate);
    for (id, p) in before.iter().filter(|(_, p)| p.is_trained) {
        let grad = grads.param(id).unwrap().as_slice();
        let step =
            |i: usize| p.value.as_slice()[i] - rate * (grad[i] + decay * p.value.as_slice()[i]);
        let expected = Tensor::from_fn(p.value.shape(), step);
        check_close(&p.name, model.params.value(id), &expected, Tolerance::scaled(1e-14));
    }
}

/// As a PyTorch module that is called once a step.
#[test]
fn training_moves_shared_running_statistics_once_a_step_in_order() {
    let model = network::<f64>(3, true);
    let pass = record(&model, &Plan::intact(&model), Mode::Train, &images(3, 3, 8));
    let id = model.params.find("layer1.shared.bn1.running_mean").unwrap();
    let seen: Vec<_> = pass.statistics.iter().filter(|s| s.running_mean == id).collect();
    assert_eq!(seen.len(), 3);
    let momentum = BatchNorm::MOMENTUM;
    let mut expected = model.params.value(id).clone();
    for (k, s) in seen.iter().enumerate() {
        let later = (seen.len() - 1 - k) as i32;
        assert_ne!(s.moments.mean, seen[(k + 1) % 3].moments.mean, "steps see different inputs");
        let weight = momentum * (1.0 - momentum).powi(later);
        let start = if k == 0 { (1.0 - momentum).powi(3) } else { 1.0 };
        let sum = |i: usize| start * expected.as_slice()[i] + weight * s.moments.mean.as_slice()[i];
        expected = Tensor::from_fn(expected.shape(), sum);
    }
    let mut params = model.params.clone();
    params.update_running(&pass.statistics, momentum);
    check_close("running mean", params.value(id), &expected, Tolerance::scaled(1e-14));
}

#[test]
fn statistics_of_their_own_change_no_bit() {
    let (shared, own) = (network::<f32>(3, true), network::<f32>(3, false));
    let split = shared.with_own_statistics();
    // Two norms for each of the two further steps of stage 1 and the one of the others.
    assert_eq!(split.params.ids().count(), shared.params.ids().count() + 2 * 2 * (2 + 1 + 1));
    assert_eq!(split.params.count_trained(), shared.params.count_trained());
    let logits = |model: &Model<f32>| bits(&model.logits(images(3, 2, 16), &Plan::intact(model)));
    assert_eq!(logits(&split), logits(&shared));
    assert_eq!(split.with_own_statistics(), split);
    assert_eq!(own.with_own_statistics(), own);
}

/// Steps with the same scales and shifts, each with statistics of its own.
#[test]
fn recalibration_gives_each_step_its_own_statistics() {
    let naive = network::<f64>(3, true);
    let own = with_values_of(network::<f64>(3, false), &naive);
    let batches = || (0..2).map(|i| images(20 + i, 4, 16));
    let intact = Plan::intact(&naive);
    let lesioned = intact.clone().delete(&naive, 1).unwrap();
    for plan in [intact, lesioned.clone(), lesioned.swap(&naive, 4, 5).unwrap()] {
        let [a, b] = [&naive, &own]
            .map(|model| recalibrated(model, &plan, batches()).logits(images(3, 2, 16), &plan));
        assert_eq!(bits(&a), bits(&b), "{plan:?}");
        assert_ne!(bits(&a), bits(&naive.logits(images(3, 2, 16), &plan)));
    }
}

/// No run counts more than another, whichever came last.
#[test]
fn recalibration_averages_over_the_runs_of_a_repeated_unit() {
    let model = network::<f64>(3, false);
    let plan =
        Plan::intact(&model).in_order(&model, vec![0, 1, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8]).unwrap();
    let batches = || (0..2).map(|i| images(20 + i, 4, 16));
    let params = recalibrated(&model, &plan, batches()).params;
    for (name, runs) in [("layer1.1.bn1", 4), ("layer2.1.bn2", 6), ("layer1.2.bn1", 2)] {
        let id = model.params.find(&format!("{name}.running_mean")).unwrap();
        let seen: Vec<_> = batches()
            .flat_map(|images| record(&model, &plan, Mode::Train, &images).statistics)
            .filter(|s| s.running_mean == id)
            .collect();
        assert_eq!(seen.len(), runs, "{name}");
        let average = |parts: Vec<Tensor<f64>>| sum(parts).map(|v| v / runs as f64);
        let mean = average(seen.iter().map(|s| s.moments.mean.clone()).collect());
        check_close(name, params.value(id), &mean, Tolerance::scaled(1e-12));
        let var = average(seen.iter().map(|s| s.moments.unbiased_variance()).collect());
        check_close(name, params.value(seen[0].running_var), &var, Tolerance::scaled(1e-12));
    }
}

#[test]
#[should_panic(expected = "steps.conv is shared, so it is one layer: here it is")]
fn a_shared_layer_has_one_shape() {
    let mut net = ModelBuilder::for_cifar(1);
    net.stem([conv("conv1", 16, 3)]);
    net.unit("a", 0, UnitSpec::plain([conv("conv", 16, 3).shared("steps")]));
    net.unit("b", 0, UnitSpec::plain([conv("conv", 8, 3).shared("steps"), norm("bn")]));
}
