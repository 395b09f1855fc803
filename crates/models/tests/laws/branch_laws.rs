//! What a factor on the branch means, and what a skipped branch is spared.

use models::{Arch, Model, Plan, Route, Vgg15};
use nn::{Mode, Pass};
use proptest::prelude::*;
use tensor::random::Stream;
use tensor::{Scalar, Tensor};

use crate::common::{arch, bits, images, labels, lived_in, record};

/// A unit's output alone, on the input it has in the intact network.
fn unit_output<T: Scalar>(model: &Model<T>, id: usize, route: Route) -> Tensor<T> {
    let mut plan = Plan::intact(model);
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images(3, 2, 8));
    let mut h = model.forward_stem(&mut pass, &x);
    for before in 0..id {
        h = model.forward_unit(&mut pass, &h, before, &plan);
    }
    plan.routes[id] = route;
    model.forward_unit(&mut pass, &h, id, &plan).into_value()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_is_the_skip_plus_the_scaled_branch(id in 0usize..6, scale in 0.0f64..2.0) {
        let mut model = lived_in(arch("resnet14").build::<f64>(4), 4);
        // Before the unit nothing is scaled, and alone no term is.
        model.branch_scale[id] = scale;
        let [both, skip, branch] =
            [Route::BOTH, Route::SKIP, Route::BRANCH].map(|route| unit_output(&model, id, route));
        let terms = skip.as_slice().iter().zip(branch.as_slice());
        let expected: Vec<f64> = terms.map(|(s, b)| s + scale * b).collect();
        prop_assert_eq!(both.as_slice(), expected);
    }
}

/// Half of the branch is the branch with half of its last linear map.
#[test]
fn a_factor_on_the_branch_is_a_factor_on_its_last_map() {
    for (arch, halved) in [
        (arch("resnet14"), &["layer2.1.conv2.weight"][..]),
        (arch("resnet14-v1"), &["layer2.1.bn2.weight", "layer2.1.bn2.bias"]),
    ] {
        let mut scaled = lived_in(arch.build::<f32>(4), 4);
        let mut rescaled = scaled.clone();
        scaled.branch_scale[3] = 0.5;
        for name in halved {
            let id = rescaled.params.find(name).unwrap();
            // A power of two: no rounding.
            rescaled.params.value_mut(id).as_mut_slice().iter_mut().for_each(|v| *v *= 0.5);
        }
        let plan = Plan::intact(&scaled);
        let [a, b] = [&scaled, &rescaled].map(|model| model.logits(images(3, 2, 16), &plan));
        assert_eq!(bits(&a), bits(&b), "{arch}");
    }
}

#[test]
fn with_a_factor_of_zero_a_block_is_as_good_as_deleted() {
    for arch in [arch("resnet14"), arch("resnet14-v1")] {
        let model = lived_in(arch.build::<f32>(4), 4);
        let intact = Plan::intact(&model);
        for id in 0..6 {
            let mut silent = model.clone();
            silent.branch_scale[id] = 0.0;
            let deleted = intact.clone().delete(&model, id).unwrap();
            let images = images(3, 2, 16);
            let (a, b) = (silent.logits(images.clone(), &intact), model.logits(images, &deleted));
            assert_eq!(a, b, "{arch}, unit {id}");
        }
    }
}

/// A skipped branch gets no gradient and leaves no statistics; all else does.
#[test]
fn training_passes_a_skipped_branch_by() {
    let spared = |arch, id: usize| -> Vec<String> {
        let model: Model<f32> = lived_in(Arch::build(arch, 4), 4);
        let plan = Plan::intact(&model).delete(&model, id).unwrap();
        let mut pass = record(&model, &plan, Mode::Train, &images(3, 2, 16));
        let loss = nn::op::cross_entropy(&mut pass.tape, &pass.logits, &labels(3, 2));
        let grads = pass.tape.backward(&loss);
        let updated: Vec<_> =
            pass.statistics.iter().flat_map(|s| [s.running_mean, s.running_var]).collect();
        let is_spared = |&(param, p): &(nn::ParamId, &nn::Param<f32>)| {
            if p.is_trained { grads.param(param).is_none() } else { !updated.contains(&param) }
        };
        model.params.iter().filter(is_spared).map(|(_, p)| p.name.clone()).collect()
    };
    let norm = |name: &str| -> Vec<String> {
        ["weight", "bias", "running_mean", "running_var"]
            .map(|what| format!("{name}.{what}"))
            .to_vec()
    };
    let conv = |name: &str| vec![format!("{name}.weight")];
    let pre = arch("resnet14");
    assert_eq!(
        spared(pre, 1),
        [
            norm("layer1.1.bn1"),
            conv("layer1.1.conv1"),
            norm("layer1.1.bn2"),
            conv("layer1.1.conv2")
        ]
        .concat()
    );
    // A boundary block keeps what the skip needs: bn1 and the projection.
    assert_eq!(
        spared(pre, 2),
        [conv("layer2.0.conv1"), norm("layer2.0.bn2"), conv("layer2.0.conv2")].concat()
    );
    let names = ["conv1", "bn1", "conv2", "bn2"].map(|part| format!("layer2.0.{part}"));
    let [conv1, bn1, conv2, bn2] = names.each_ref().map(String::as_str);
    assert_eq!(
        spared(arch("resnet14-v1"), 2),
        [conv(conv1), norm(bn1), conv(conv2), norm(bn2)].concat()
    );
}

#[test]
fn dropout_acts_where_a_pass_brings_numbers_and_repeats_with_them() {
    let model =
        lived_in(Vgg15 { width: 8, batch_norm: true, skips: false }.build::<f32>("vgg", 4), 4);
    let plan = Plan::intact(&model);
    let run = |mode, place: Option<u64>| {
        let mut pass = Pass::new(nn::Tape::off(), mode, &model.params);
        pass.dropout = place.map(|place| Stream::new(1, "dropout").at(place, 0));
        let x = pass.tape.constant(images(3, 4, 32));
        bits(model.forward(&mut pass, &x, &plan).value())
    };
    for mode in [Mode::Train, Mode::Eval] {
        assert_eq!(run(mode, Some(1)), run(mode, Some(1)), "{mode:?}");
        assert_ne!(run(mode, Some(1)), run(mode, Some(2)), "{mode:?}");
        assert_ne!(run(mode, Some(1)), run(mode, None), "{mode:?}");
    }
}
