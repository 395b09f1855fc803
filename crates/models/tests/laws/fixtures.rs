//! The networks against PyTorch, in `f32` and in `f64`: outputs, losses, every
//! gradient, running statistics, lesions. `fixtures/README.md` says what the
//! files hold.

use models::{Bottleneck, Model, MultiResidual, Plan, ResNext, Route, SharedWeights, Vgg15};
use nn::layer::BatchNorm;
use nn::{Mode, op};
use tensor::{Scalar, Tensor};
use testkit::fixture::Fixture;

use crate::common::{Recorded, arch, record};

/// The network of a fixture, in its initial state.
fn network<T: Scalar>(fixture: &Fixture, name: &str) -> Model<T> {
    let mut model = match name {
        "resnet8-preact" => arch("resnet8").build(0),
        "resnet8-v1" => arch("resnet8-v1").build(0),
        "vgg15-tiny" => Vgg15 { width: 8, batch_norm: true, skips: false }.build(name, 0),
        "vgg15-nobn-tiny" => Vgg15 { width: 8, batch_norm: false, skips: false }.build(name, 0),
        "bottleneck5-tiny" => {
            Bottleneck { blocks: [1, 2, 1, 1], widths: [4, 4, 8, 16] }.build(name, 0)
        }
        "multires-tiny" => {
            MultiResidual { blocks: 2, functions: 3, widths: [4, 8, 16] }.build(name, 0)
        }
        "shared-tiny" | "shared-naive-tiny" => {
            let shares_norms = name == "shared-naive-tiny";
            SharedWeights { blocks: 3, widths: [4, 8, 16], shares_norms }.build(name, 0)
        }
        "resnext20-tiny" => {
            ResNext { blocks: 2, width: 8, groups: 3, group_width: 2 }.build(name, 0)
        }
        other => panic!("no network {other}"),
    };
    let state = fixture.state("init.");
    // Both directions: nothing in the file is left out, nothing stays random.
    let ours: Vec<&str> = model.params.iter().map(|(_, p)| p.name.as_str()).collect();
    assert!(ours.iter().all(|name| state.tensors.contains_key(*name)), "{name}: {ours:?}");
    assert_eq!(ours.len(), state.tensors.len(), "{name}");
    model.params.load_state(&state).unwrap();
    model
}

/// The intact network: logits, loss, gradients of everything, statistics.
fn check_intact<T: Scalar>(fixture: &Fixture, model: &Model<T>) {
    let (images, labels) = (fixture.tensor::<T>("input"), fixture.labels("labels"));
    let intact = Plan::intact(model);
    let train = ("train.logits", "grad");
    let eval = ("eval.logits", "evalgrad");
    for (mode, (logits_key, grad_key)) in [(Mode::Train, train), (Mode::Eval, eval)] {
        let Recorded { mut tape, x, logits, statistics } = record(model, &intact, mode, &images);
        fixture.check(logits_key, logits.value());
        let loss = op::cross_entropy(&mut tape, &logits, &labels);
        if mode == Mode::Train {
            fixture.check("train.loss", &loss.value().clone().reshape([]));
            let mut params = model.params.clone();
            params.update_running(&statistics, BatchNorm::MOMENTUM);
            for (_, p) in params.iter().filter(|(_, p)| !p.is_trained) {
                fixture.check(&format!("stats.{}", p.name), &p.value);
            }
        } else {
            assert!(statistics.is_empty(), "evaluation leaves no statistics");
            if !fixture.has("evalgrad.input") {
                continue;
            }
        }
        let grads = tape.backward(&loss);
        fixture.check(&format!("{grad_key}.input"), grads.of(&x).unwrap());
        for (id, p) in model.params.iter().filter(|(_, p)| p.is_trained) {
            let grad = grads.param(id).unwrap_or_else(|| panic!("no gradient of {}", p.name));
            fixture.check_weight(&format!("{grad_key}.{}", p.name), grad);
        }
    }
}

/// The network with one unit, or all, reduced to one term.
fn check_lesions<T: Scalar>(fixture: &Fixture, model: &Model<T>) {
    let images = fixture.tensor::<T>("input");
    let intact = Plan::intact(model);
    let mut all_deleted = intact.clone();
    for (id, unit) in model.units.iter().enumerate() {
        if !unit.is_deletable() {
            continue;
        }
        let deleted = intact.clone().delete(model, id).unwrap();
        fixture.check(&format!("lesion.skip.{id}"), &model.logits(images.clone(), &deleted));
        all_deleted = all_deleted.delete(model, id).unwrap();
        let intact_route = unit.intact_route();
        if !intact_route.skip {
            continue;
        }
        let mut branch = intact.clone();
        branch.routes[id] = intact_route.without(Route::SKIP);
        fixture.check(&format!("lesion.branch.{id}"), &model.logits(images.clone(), &branch));
        for i in (0..unit.branches.len()).filter(|_| unit.branches.len() > 1) {
            let without = intact.clone().delete_branch(model, id, i).unwrap();
            let logits = model.logits(images.clone(), &without);
            fixture.check(&format!("lesion.without.{id}.{i}"), &logits);
        }
    }
    if fixture.has("lesion.skip.all") {
        fixture.check("lesion.skip.all", &model.logits(images, &all_deleted));
    }
}

fn check<T: Scalar>(name: &str) {
    let fixture = Fixture::load(name);
    let model = network::<T>(&fixture, name);
    check_intact(&fixture, &model);
    check_lesions(&fixture, &model);
    let unused = fixture.unused();
    assert!(unused.iter().all(|key| key.ends_with("num_batches_tracked")), "{unused:?}");
}

#[test]
fn the_pre_activation_network_is_pytorchs() {
    check::<f32>("resnet8-preact");
    check::<f64>("resnet8-preact");
}

#[test]
fn the_post_activation_network_is_pytorchs() {
    check::<f32>("resnet8-v1");
    check::<f64>("resnet8-v1");
}

#[test]
fn vgg_is_pytorchs() {
    check::<f32>("vgg15-tiny");
    check::<f64>("vgg15-tiny");
}

#[test]
fn vgg_without_batch_norm_is_pytorchs() {
    check::<f32>("vgg15-nobn-tiny");
    check::<f64>("vgg15-nobn-tiny");
}

#[test]
fn bottleneck_networks_are_pytorchs() {
    check::<f32>("bottleneck5-tiny");
    check::<f64>("bottleneck5-tiny");
}

#[test]
fn multi_residual_networks_are_pytorchs() {
    check::<f32>("multires-tiny");
    check::<f64>("multires-tiny");
}

/// Also what several runs of one batch norm leave in its running statistics.
#[test]
fn networks_with_shared_weights_are_pytorchs() {
    for name in ["shared-tiny", "shared-naive-tiny"] {
        check::<f32>(name);
        check::<f64>(name);
    }
}

#[test]
fn resnext_agrees_with_pytorch() {
    check::<f32>("resnext20-tiny");
    check::<f64>("resnext20-tiny");
}

/// All eight backward routes of a ResNet-8, over both kinds of statistics.
fn check_paths<T: Scalar>(name: &str) {
    let model = network::<T>(&Fixture::load(name), name);
    let fixture = Fixture::load(&format!("{name}-paths"));
    let (images, labels) = (fixture.tensor::<T>("input"), fixture.labels("labels"));
    let intact = Plan::intact(&model);
    for (mode, key) in [(Mode::Train, "train"), (Mode::Eval, "eval")] {
        let Recorded { tape, x, logits, .. } = record(&model, &intact, mode, &images);
        fixture.check(&format!("{key}.logits"), logits.value());
        let dlogits = loss_grad(logits.value(), &labels);
        fixture.check(&format!("{key}.dlogits"), &dlogits);
        let along = |plan: &models::BackwardPlan| {
            let grads = tape.vjp(&logits, dlogits.clone(), &plan.sweep());
            grads.of(&x).expect("every path leads to the image").clone()
        };
        let mut paths = Vec::new();
        for mask in 0..8 {
            let branches: Vec<usize> = (0..3).filter(|id| mask >> id & 1 == 1).collect();
            let letter = |id| if branches.contains(&id) { 'B' } else { 'S' };
            let letters: String = (0..3).map(letter).collect();
            let path = along(&models::BackwardPlan::path(&intact, &branches).unwrap());
            fixture.check(&format!("path.{key}.{letters}"), &path);
            paths.push(path);
        }
        let ordinary = along(&models::BackwardPlan::ordinary(&intact));
        fixture.check(&format!("{key}.grad"), &ordinary);
        fixture.check(&format!("{key}.grad"), &crate::common::sum(paths));
    }
    assert_eq!(fixture.unused(), [""; 0]);
}

/// The gradient of the mean cross-entropy at the logits.
fn loss_grad<T: Scalar>(logits: &Tensor<T>, labels: &[u8]) -> Tensor<T> {
    let mut tape = nn::Tape::recording();
    let logits = tape.input(logits.clone());
    let loss = op::cross_entropy(&mut tape, &logits, labels);
    tape.backward(&loss).of(&logits).expect("a loss depends on its logits").clone()
}

#[test]
fn gradients_along_single_paths_are_pytorchs() {
    for name in ["resnet8-preact", "resnet8-v1"] {
        check_paths::<f32>(name);
        check_paths::<f64>(name);
    }
}
