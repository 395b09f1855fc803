//! Units that no shipped family has: several branches, a merge, bottlenecks, gates;
//! and orders in which units come again.

use models::build::{conv, global_average, linear, norm, relu};
use models::{BackwardPlan, Model, ModelBuilder, Plan, Route, UnitSpec};
use nn::{Mode, Pass};
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};

use crate::common::{bits, images, lived_in, record, sum};

/// Two pre-activation branches with names of their own.
fn two_branches(width: usize) -> UnitSpec {
    UnitSpec::residual([norm("bn_a"), relu(), conv("conv_a", width, 3)]).branch([
        norm("bn_b"),
        relu(),
        conv("conv_b", width, 3),
    ])
}

/// The pre-activation bottleneck of He et al. 2016: 1x1, 3x3, 1x1.
fn bottleneck(c_in: usize, width: usize, stride: usize) -> UnitSpec {
    let activation = [norm("bn1"), relu()];
    let convolutions = [
        conv("conv1", width, 1),
        norm("bn2"),
        relu(),
        conv("conv2", width, 3).stride(stride),
        norm("bn3"),
        relu(),
        conv("conv3", 4 * width, 1),
    ];
    if stride == 1 && c_in == 4 * width {
        UnitSpec::residual([&activation[..], &convolutions].concat())
    } else {
        UnitSpec::residual(convolutions).pre(activation).projection([conv(
            "shortcut",
            4 * width,
            1,
        )
        .stride(stride)])
    }
}

/// A small network of these units, on one stage.
fn network<T: Scalar>(units: &[UnitSpec]) -> Model<T> {
    let mut net = ModelBuilder::for_cifar(3);
    net.stem([conv("conv1", 16, 3)]);
    for (i, unit) in units.iter().enumerate() {
        net.unit(format!("unit{i}"), 0, unit.clone());
    }
    let head = [norm("bn"), relu(), global_average(), linear("linear", 10).bias(0.0)];
    lived_in(net.finish("test", "block", head), 3)
}

fn gated() -> UnitSpec {
    UnitSpec::residual([conv("conv", 16, 3), norm("bn"), relu()])
        .gate([conv("gate", 16, 3).bias(-1.0)])
}

fn merged() -> UnitSpec {
    two_branches(16).merge([norm("bn_sum")])
}

/// The unit's output alone on noise, in evaluation mode.
fn output(model: &Model<f64>, route: Route) -> Tensor<f64> {
    let mut plan = Plan::intact(model);
    plan.routes[0] = route;
    plan.check(model).unwrap();
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images(3, 2, 8));
    let h = model.forward_stem(&mut pass, &x);
    model.forward_unit(&mut pass, &h, 0, &plan).into_value()
}

#[test]
fn a_unit_is_the_sum_of_the_terms_that_it_takes() {
    let model = network::<f64>(&[two_branches(16)]);
    assert_eq!(model.units[0].intact_route(), Route { skip: true, branches: 0b11 });
    let alone = |route| output(&model, route);
    let terms = [Route::SKIP, Route::only(0), Route::only(1)];
    for mask in 1..8usize {
        let taken: Vec<Route> = (0..3).filter(|i| mask >> i & 1 == 1).map(|i| terms[i]).collect();
        let route = taken.iter().copied().reduce(Route::and).unwrap();
        let expected = sum(taken.into_iter().map(alone));
        check_close(&route.to_string(), &alone(route), &expected, Tolerance::EXACT);
    }
}

/// Every term alone, at every unit: the paths of a network.
fn paths(model: &Model<f64>) -> Vec<Vec<Route>> {
    let mut paths = vec![Vec::new()];
    for unit in &model.units {
        let branches = (0..unit.branches.len()).map(Route::only);
        let terms: Vec<Route> = [Route::SKIP].into_iter().chain(branches).collect();
        let longer = |path: &Vec<Route>| {
            let path = path.clone();
            terms.clone().into_iter().map(move |term| [&path[..], &[term]].concat())
        };
        paths = paths.iter().flat_map(longer).collect();
    }
    paths
}

#[test]
fn all_paths_sum_to_the_ordinary_gradient() {
    for (what, units, count) in [
        ("branches", vec![two_branches(16), two_branches(16)], 9),
        ("merge", vec![merged(), two_branches(16)], 9),
        ("gates", vec![gated(), gated(), gated()], 8),
        ("bottlenecks", vec![bottleneck(16, 8, 1), bottleneck(32, 8, 1)], 4),
    ] {
        let mut model = network::<f64>(&units);
        model.branch_scale[0] = 0.75;
        let intact = Plan::intact(&model);
        for mode in [Mode::Train, Mode::Eval] {
            let pass = record(&model, &intact, mode, &images(8, 2, 8));
            let dy = Tensor::from_fn(pass.logits.value().shape(), |i| ((i * 7) % 11) as f64 - 5.0);
            let along = |routes: Vec<Route>| {
                let plan = BackwardPlan { routes };
                plan.check(&intact).unwrap();
                let grads = pass.tape.vjp(&pass.logits, dy.clone(), &plan.sweep());
                grads.of(&pass.x).unwrap().clone()
            };
            let paths = paths(&model);
            assert_eq!(paths.len(), count, "{what}");
            let total = sum(paths.into_iter().map(along));
            let ordinary = along(intact.routes.clone());
            check_close(&format!("{what}, {mode:?}"), &total, &ordinary, Tolerance::scaled(1e-10));
        }
    }
}

/// The running sum through the fused kernels against the ops one by one.
#[test]
fn fused_sums_of_several_branches_change_by_rounding_alone() {
    let model = network::<f32>(&[two_branches(16), merged(), gated(), bottleneck(16, 16, 1)]);
    let plan = Plan::intact(&model);
    let run = |fuses: bool| {
        let mut pass = Pass::eval(&model.params);
        pass.fuses = fuses;
        let x = pass.tape.constant(images(2, 3, 16));
        model.forward(&mut pass, &x, &plan).into_value()
    };
    check_close("logits", &run(true), &run(false), Tolerance { abs: 1e-6, rel: 2e-4 });
}

#[test]
fn a_branch_can_be_deleted_by_itself() {
    let model = network::<f64>(&[two_branches(16), gated()]);
    let intact = Plan::intact(&model);
    let deleted = intact.clone().delete_branch(&model, 0, 1).unwrap();
    assert_eq!(deleted.routes[0], Route::BOTH);
    let none = deleted.clone().delete_branch(&model, 0, 0).unwrap();
    assert_eq!(none, intact.clone().delete(&model, 0).unwrap());
    let one = intact.clone().delete_branch(&model, 1, 0).unwrap();
    assert_eq!(one, intact.clone().delete(&model, 1).unwrap());
    let error = intact.clone().delete_branch(&model, 0, 2).unwrap_err().to_string();
    assert_eq!(error, "unit 0 (unit0) does not have a branch 2: it has 2, counted from 0");
    let mut empty = intact.clone();
    empty.routes[0] = Route { skip: false, branches: 0 };
    let error = empty.check(&model).unwrap_err().to_string();
    assert_eq!(error, "unit 0 (unit0): the route takes no term");
    let macs = |plan: &Plan| model.macs_under(plan);
    assert_eq!(macs(&intact) - macs(&deleted), 9 * 16 * 16 * 1024);
    // A closed gate need not be computed.
    assert_eq!(macs(&intact) - macs(&one), 2 * 9 * 16 * 16 * 1024);
}

#[test]
fn a_merge_acts_on_the_branches_before_the_skip_joins_them() {
    let model = network::<f64>(&[merged()]);
    let unit = &model.units[0];
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images(3, 2, 8));
    let h = model.forward_stem(&mut pass, &x);
    let branches = unit.branches.iter().map(|b| b.forward(&mut pass, &h).into_value());
    let branches = sum(branches.collect::<Vec<_>>());
    let branches = pass.tape.constant(branches);
    let merged = unit.merge.forward(&mut pass, &branches).into_value();
    let expected = sum([h.value().clone(), merged]);
    check_close("y", &output(&model, unit.intact_route()), &expected, Tolerance::EXACT);
}

#[test]
fn an_order_may_name_units_again_or_leave_them_out_where_shapes_chain() {
    let wider = UnitSpec::plain([conv("conv", 32, 3).stride(2)]);
    let model = network::<f64>(&[gated(), two_branches(16), wider, two_branches(32)]);
    let intact = Plan::intact(&model);
    let looped = intact.clone().in_order(&model, vec![0, 0, 1, 0, 2]).unwrap();
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images(9, 2, 8));
    let mut h = model.forward_stem(&mut pass, &x);
    for id in [0, 0, 1, 0, 2] {
        h = model.forward_unit(&mut pass, &h, id, &intact);
    }
    let expected = model.forward_head(&mut pass, &h).into_value();
    assert_eq!(bits(&model.logits(images(9, 2, 8), &looped)), bits(&expected));
    let macs = |id: usize| model.units[id].macs();
    let once = model.macs_under(&intact);
    assert_eq!(model.macs_under(&looped), once + 2 * macs(0) - macs(3));

    let json = serde_json::to_string(&looped).unwrap();
    assert!(json.ends_with(r#""repeats":true}"#), "{json}");
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), looped);
    assert!(!serde_json::to_string(&intact).unwrap().contains("repeats"));

    let refused =
        |order: &[usize]| intact.clone().in_order(&model, order.to_vec()).unwrap_err().to_string();
    for (order, message) in [
        (
            &[0, 3][..],
            "unit 3 (unit3) cannot run at place 1: it takes 16 x 16 x 32, not 32 x 32 x 16",
        ),
        (&[0, 1], "the order ends with images of 32 x 32 x 16, but the head takes 16 x 16 x 32"),
        (&[4], "unit 4 does not exist: test has units 0 to 3"),
    ] {
        assert_eq!(refused(order), message);
    }
}

#[test]
#[should_panic(expected = "unit0: branch 0 makes 32 x 32 x 16 and branch 1 32 x 32 x 8")]
fn branches_have_one_shape() {
    network::<f32>(&[UnitSpec::residual([conv("a", 16, 3)]).branch([conv("b", 8, 3)])]);
}

#[test]
#[should_panic(expected = "unit0: the skip makes 32 x 32 x 16, the branches 32 x 32 x 8")]
fn a_skip_has_the_shape_of_the_branches() {
    network::<f32>(&[UnitSpec::residual([conv("a", 8, 3)])]);
}
