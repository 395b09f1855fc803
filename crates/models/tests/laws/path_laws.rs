//! What gradients along backward plans must obey, in `f64`.

use std::collections::HashSet;

use models::build::{conv, global_average, linear};
use models::{Arch, BackwardPlan, BackwardPlanError, Model, ModelBuilder, Plan, Route, UnitSpec};
use nn::{Mode, Sweep};
use tensor::Tensor;
use testkit::close::{Tolerance, check_close};

use crate::common::{Recorded, arch, bits, images, lived_in, record, sum};

const MODES: [Mode; 2] = [Mode::Train, Mode::Eval];

fn network(arch: Arch) -> Model<f64> {
    lived_in(arch.build(7), 7)
}

/// Every route that `forward` leaves open: all combinations of branch and skip
/// where both terms were taken.
fn all_paths(forward: &Plan) -> Vec<BackwardPlan> {
    let open: Vec<usize> =
        (0..forward.routes.len()).filter(|&id| forward.routes[id] == Route::BOTH).collect();
    let chosen = |mask: usize| -> Vec<usize> {
        open.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, &id)| id).collect()
    };
    (0..1 << open.len())
        .map(|mask| BackwardPlan::path(forward, &chosen(mask)).expect("the branch was taken"))
        .collect()
}

/// Blocks whose branch halves its input: all maps are linear, and no rounding hides anything.
fn halving(blocks: usize) -> Model<f64> {
    let mut net = ModelBuilder::for_cifar(7);
    net.stem([conv("conv1", 4, 3)]);
    for i in 0..blocks {
        net.unit(format!("block{i}"), 0, UnitSpec::residual([conv("conv", 4, 1)]));
    }
    let mut model = net.finish("halving", "block", [global_average(), linear("linear", 10)]);
    for i in 0..blocks {
        let id = model.params.find(&format!("block{i}.conv.weight")).unwrap();
        let weights = model.params.value_mut(id).as_mut_slice();
        weights.iter_mut().enumerate().for_each(|(at, w)| *w = if at % 5 == 0 { 0.5 } else { 0.0 });
    }
    model
}

/// The gradient at the image along `plan`.
fn along(pass: &Recorded<f64>, plan: &BackwardPlan) -> Tensor<f64> {
    let dy = Tensor::from_fn(pass.logits.value().shape(), |i| ((i * 7) % 11) as f64 - 5.0);
    let grads = pass.tape.vjp(&pass.logits, dy, &plan.sweep());
    grads.of(&pass.x).expect("every path leads to the image").clone()
}

fn check_sum(what: &str, model: &Model<f64>, forward: &Plan, paths: usize) {
    for mode in MODES {
        let pass = record(model, forward, mode, &images(8, 2, 8));
        let ordinary = along(&pass, &BackwardPlan::ordinary(forward));
        let plans = all_paths(forward);
        assert_eq!(plans.len(), paths, "{what}");
        assert_eq!(plans.iter().collect::<HashSet<_>>().len(), paths, "{what}: each differs");
        let total = sum(plans.iter().map(|plan| along(&pass, plan)));
        check_close(&format!("{what}, {mode:?}"), &total, &ordinary, Tolerance::scaled(1e-10));
    }
}

/// Each branch on a path is a factor of 1/2, whichever it is: the gradient along a path of k
/// branches is `2^-k` times that along the skips, and that of all paths `1.5^n` times.
#[test]
fn in_a_linear_network_a_path_is_worth_a_power() {
    let model = halving(5);
    let intact = Plan::intact(&model);
    let pass = record(&model, &intact, Mode::Eval, &images(8, 2, 8));
    let of_skips = along(&pass, &BackwardPlan::path(&intact, &[]).unwrap());
    let times =
        |factor: f64| Tensor::from_fn(of_skips.shape(), |i| factor * of_skips.as_slice()[i]);
    assert!(of_skips.as_slice().iter().any(|v| *v != 0.0));
    for (mask, plan) in all_paths(&intact).iter().enumerate() {
        let expected = times(0.5_f64.powi(mask.count_ones() as i32));
        assert_eq!(bits(&along(&pass, plan)), bits(&expected), "branches {mask:05b}");
    }
    let ordinary = along(&pass, &BackwardPlan::ordinary(&intact));
    check_close("all paths", &ordinary, &times(1.5_f64.powi(5)), Tolerance::scaled(1e-14));
}

#[test]
fn all_paths_sum_to_the_ordinary_gradient() {
    for (arch, paths) in [
        (arch("resnet8"), 8),
        (arch("resnet8-v1"), 8),
        (arch("resnet14"), 64),
        (arch("resnet14-v1"), 64),
    ] {
        let model = network(arch);
        check_sum(&arch.to_string(), &model, &Plan::intact(&model), paths);
    }
}

#[test]
fn the_paths_that_a_lesion_leaves_sum_to_its_gradient() {
    for arch in [arch("resnet14"), arch("resnet14-v1")] {
        let model = network(arch);
        let mut forward = Plan::intact(&model).delete(&model, 1).unwrap();
        forward = forward.delete(&model, 2).unwrap();
        forward.routes[4] = Route::BRANCH;
        check_sum(&format!("{arch} with a lesion"), &model, &forward, 8);
        let swapped = Plan::intact(&model).swap(&model, 0, 1).unwrap();
        check_sum(&format!("{arch} re-ordered"), &model, &swapped, 64);
    }
}

#[test]
fn scaled_branches_still_sum() {
    let mut model = network(arch("resnet14"));
    model.branch_scale = vec![1.0, 0.9, 0.8, 0.7, 0.6, 0.5];
    let intact = Plan::intact(&model);
    check_sum("scaled", &model, &intact, 64);
}

/// In `f32`, whose kernels are the ones that count.
#[test]
fn a_path_leaves_parameters_out_and_changes_no_bit_of_the_image_gradient() {
    for (arch, mode) in [arch("resnet14"), arch("resnet14-v1")]
        .into_iter()
        .flat_map(|arch| MODES.map(|mode| (arch, mode)))
    {
        let model: Model<f32> = lived_in(arch.build(7), 7);
        let intact = Plan::intact(&model);
        let pass = record(&model, &intact, mode, &images(8, 2, 16));
        let dy = Tensor::from_fn(pass.logits.value().shape(), |i| ((i * 7) % 11) as f32 - 5.0);
        let path = BackwardPlan::path(&intact, &[1, 2, 5]).unwrap();
        for plan in [path, BackwardPlan::ordinary(&intact)] {
            let with_params = Sweep { skip_params: false, routes: plan.routes.clone() };
            let [bare, whole] = [plan.sweep(), with_params]
                .map(|sweep| pass.tape.vjp(&pass.logits, dy.clone(), &sweep));
            let [a, b] = [&bare, &whole].map(|grads| bits(grads.of(&pass.x).unwrap()));
            assert!(a == b, "{arch}, {mode:?}, {plan:?}");
            let mut params = model.params.ids();
            let has = params.any(|id| whole.param(id).is_some());
            assert!(has, "{arch}, {mode:?}, {plan:?}");
        }
    }
}

#[test]
fn a_backward_plan_may_mix_terms() {
    // At one unit the two terms add up to both, whatever the others do.
    for arch in [arch("resnet14"), arch("resnet14-v1")] {
        let model = network(arch);
        let intact = Plan::intact(&model);
        let pass = record(&model, &intact, Mode::Train, &images(8, 2, 8));
        for id in 0..model.units.len() {
            let mut plan = BackwardPlan::path(&intact, &[0, 3]).unwrap();
            let mut at = |route| {
                plan.routes[id] = route;
                plan.check(&intact).unwrap();
                along(&pass, &plan)
            };
            let [both, skip, branch] = [Route::BOTH, Route::SKIP, Route::BRANCH].map(&mut at);
            let what = format!("{arch}, unit {id}");
            check_close(&what, &sum([skip, branch]), &both, Tolerance::scaled(1e-12));
        }
    }
}

#[test]
fn a_path_through_nothing_but_skips_sees_no_branch_weights() {
    // With fixed statistics the skips of a pre-activation network depend on the
    // state before them alone; at the first unit it is the stem's, so no weight
    // of its branch matters to the cotangent that leaves it by the skip.
    let model = network(arch("resnet8"));
    let intact = Plan::intact(&model);
    let all_skips = BackwardPlan::path(&intact, &[]).unwrap();
    assert_eq!(all_skips.routes, [Route::SKIP; 3]);
    let deleted = (0..3).fold(intact.clone(), |plan, id| plan.delete(&model, id).unwrap());
    let lesioned = record(&model, &deleted, Mode::Eval, &images(8, 2, 8));
    let skips_alone = along(&lesioned, &BackwardPlan::ordinary(&deleted));
    // Silent branches: now the intact network takes the states of the deleted one.
    let mut silent = model.clone();
    silent.branch_scale = vec![0.0; 3];
    let pass = record(&silent, &intact, Mode::Eval, &images(8, 2, 8));
    check_close("skips", &along(&pass, &all_skips), &skips_alone, Tolerance::EXACT);
    check_close(
        "all",
        &along(&pass, &BackwardPlan::ordinary(&intact)),
        &skips_alone,
        Tolerance::EXACT,
    );
}

#[test]
fn a_cotangent_can_only_take_what_the_forward_pass_took() {
    let model = network(arch("resnet14"));
    let mut forward = Plan::intact(&model).delete(&model, 2).unwrap();
    forward.routes[5] = Route::BRANCH;
    let ordinary = BackwardPlan::ordinary(&forward);
    assert_eq!(ordinary.check(&forward), Ok(()));
    let [both, skip, branch] = [Route::BOTH, Route::SKIP, Route::BRANCH];
    for (id, backward, is_taken) in [
        (0, skip, true),
        (0, branch, true),
        (2, skip, true),
        (2, branch, false),
        (2, both, false),
        (5, branch, true),
        (5, skip, false),
        (5, both, false),
    ] {
        let mut plan = ordinary.clone();
        plan.routes[id] = backward;
        let error = BackwardPlanError::NotTaken { id, forward: forward.routes[id], backward };
        assert_eq!(plan.check(&forward), if is_taken { Ok(()) } else { Err(error) }, "{plan:?}");
    }
    let short = BackwardPlan { routes: vec![both; 5] };
    let message = short.check(&forward).unwrap_err().to_string();
    assert_eq!(message, "the backward plan is for 5 units, its forward plan for 6");
    let message = BackwardPlan::path(&forward, &[0, 2]).unwrap_err().to_string();
    assert_eq!(message, "unit 2: the forward pass took Skip, so no gradient can take Branch");
    let message = BackwardPlan::path(&forward, &[6]).unwrap_err().to_string();
    assert_eq!(message, "unit 6 does not exist: the forward plan has 6 units, counted from 0");
    let path = BackwardPlan::path(&forward, &[1]).unwrap();
    assert_eq!(path.routes, [skip, branch, skip, skip, skip, branch]);
}

#[test]
fn a_backward_plan_survives_its_json() {
    let model = network(arch("resnet8"));
    let plan = BackwardPlan::path(&Plan::intact(&model), &[1]).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(json, r#"{"routes":["skip","branch","skip"]}"#);
    assert_eq!(serde_json::from_str::<BackwardPlan>(&json).unwrap(), plan);
    assert!(serde_json::from_str::<BackwardPlan>(r#"{"routes":[],"order":[]}"#).is_err());
}
