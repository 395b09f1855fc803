//! Whole networks against central differences in `f64`, in both modes, intact
//! and under a lesion; in sampled coordinates of the images and of every
//! parameter.
//!
//! What is differenced is the network written out op by op, whose kinks show;
//! the crate's network must have the same bits.

use models::{Arch, Bottleneck, Model, MultiResidual, Plan, ResNext, Route, SharedWeights, Vgg15};
use nn::Mode;
use testkit::gradcheck::GradCheck;

use crate::common::written_out::{self, Kind};
use crate::common::{arch, images, lived_in};

fn check(kind: Kind, model: &Model<f64>, plan: &Plan, side: usize) {
    for mode in [Mode::Train, Mode::Eval] {
        let check = GradCheck::new(format!("{} {mode:?} {:?}", model.name, plan.routes), 5);
        for seed in 0..2 {
            let images = images(seed, 3, side);
            written_out::assert_same(kind, model, plan, mode, &images);
            let inputs = written_out::inputs(model, &images);
            check.run(seed, &inputs, |tape, vars, kinks| {
                written_out::logits(kind, model, (plan, mode), tape, vars, kinks)
            });
        }
        check.finish();
    }
}

/// The shifts moved up, so that few rectifier inputs lie next to their kink;
/// some still lie below.
fn lifted(mut model: Model<f64>) -> Model<f64> {
    let names: Vec<String> = model.params.iter().map(|(_, p)| p.name.clone()).collect();
    for name in names.iter().filter(|name| name.contains("bn") && name.ends_with(".bias")) {
        let id = model.params.find(name).unwrap();
        model.params.value_mut(id).as_mut_slice().iter_mut().for_each(|v| *v += 1.5);
    }
    model
}

fn check_residual(kind: Kind, arch: Arch) {
    check_two(kind, &lifted(lived_in(arch.build(3), 3)), 8);
}

/// Intact, and with a block deleted and another without its skip.
fn check_two(kind: Kind, model: &Model<f64>, side: usize) {
    let intact = Plan::intact(model);
    check(kind, model, &intact, side);
    let mut lesioned = intact.delete(model, 1).unwrap();
    lesioned.routes[2] = Route::BRANCH;
    check(kind, model, &lesioned, side);
}

#[test]
fn a_pre_activation_network_has_the_gradients_of_its_values() {
    check_residual(Kind::PreAct, arch("resnet8"));
}

#[test]
fn a_post_activation_network_has_the_gradients_of_its_values() {
    check_residual(Kind::PostAct, arch("resnet8-v1"));
}

/// Three steps in stage 1: each shared value has three uses.
#[test]
fn networks_with_shared_weights_have_the_gradients_of_their_values() {
    for naive in [false, true] {
        let build = SharedWeights { blocks: 3, widths: [3, 4, 5], shares_norms: naive };
        let model = lifted(lived_in(build.build("shared", 3), 3));
        let (kind, intact) = (Kind::Shared { naive }, Plan::intact(&model));
        check(kind, &model, &intact, 8);
        let lesioned = intact.delete(&model, 1).unwrap().swap(&model, 0, 2).unwrap();
        check(kind, &model, &lesioned, 8);
    }
}

#[test]
fn a_multi_residual_network_has_the_gradients_of_its_values() {
    let build = MultiResidual { blocks: 2, functions: 3, widths: [3, 4, 5] };
    let model = lifted(lived_in(build.build("multires", 3), 3));
    let intact = Plan::intact(&model);
    check(Kind::MultiRes, &model, &intact, 8);
    let mut lesioned = intact.delete_branch(&model, 0, 1).unwrap().delete(&model, 1).unwrap();
    lesioned.routes[2] = Route::only(0).and(Route::only(2));
    check(Kind::MultiRes, &model, &lesioned, 8);
}

#[test]
fn vgg_has_the_gradients_of_its_values() {
    let variants = [
        (Kind::Vgg, "vgg", true, false),
        (Kind::Vgg, "vgg-nobn", false, false),
        (Kind::VggSkip, "vgg-skip", true, true),
    ];
    for (kind, name, batch_norm, skips) in variants {
        let model = lifted(lived_in(Vgg15 { width: 3, batch_norm, skips }.build(name, 3), 3));
        check(kind, &model, &Plan::intact(&model), 32);
        let lesioned = Plan::intact(&model).delete(&model, 4).unwrap();
        check(kind, &model, &lesioned.delete(&model, 12).unwrap(), 32);
    }
}

#[test]
fn a_plain_network_has_the_gradients_of_its_values() {
    let model = lifted(lived_in(arch("plain8").build(3), 3));
    check(Kind::Plain, &model, &Plan::intact(&model), 8);
    check(Kind::Plain, &model, &Plan::intact(&model).delete(&model, 0).unwrap(), 8);
}

#[test]
fn a_highway_network_has_the_gradients_of_its_values() {
    let model = lifted(lived_in(arch("highway-b0").build(3), 3));
    let intact = Plan::intact(&model);
    check(Kind::Highway, &model, &intact, 8);
    let mut lesioned = intact.delete(&model, 1).unwrap();
    lesioned.routes[7] = Route::BRANCH;
    check(Kind::Highway, &model, &lesioned, 8);
}

#[test]
fn a_bottleneck_network_has_the_gradients_of_its_values() {
    let build = Bottleneck { blocks: [2, 2, 2, 2], widths: [2, 2, 3, 4] };
    check_two(Kind::Bottleneck, &lifted(lived_in(build.build("bottleneck", 3), 3)), 16);
}

#[test]
fn a_network_in_groups_has_the_gradients_of_its_values() {
    let build = ResNext { blocks: 2, width: 8, groups: 3, group_width: 2 };
    check_two(Kind::ResNext, &lifted(lived_in(build.build("resnext", 3), 3)), 8);
}

#[test]
fn a_network_without_norms_has_the_gradients_of_its_values() {
    check_two(Kind::Identity, &arch("identity20-standard").build(3), 8);
}
