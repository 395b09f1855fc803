//! What plans must obey, held against the networks written out op by op.

use std::collections::HashSet;

use models::{Model, Plan, PlanError, Route};
use nn::{Mode, Pass};
use proptest::prelude::*;

use crate::common::kinds::{KINDS, PRE, VGG, network};
use crate::common::written_out::{self, Kind};
use crate::common::{bits, images};

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(KINDS.to_vec())
}

/// A legal plan from random numbers: any route that the unit has, and a few
/// swaps of those that are allowed.
fn some_plan(model: &Model<f64>, routes: &[u8], swaps: &[usize]) -> Plan {
    let mut plan = Plan::intact(model);
    for (id, (unit, number)) in model.units.iter().zip(routes).enumerate() {
        let intact = unit.intact_route();
        // Without a skip the terms are not a sum: all branches, or the identity.
        let has = |route: &Route| match intact.skip {
            true => !route.is_empty(),
            false => *route == intact || (*route == Route::SKIP && unit.is_deletable()),
        };
        let route = |set: u64| Route { skip: set & 1 == 1, branches: set >> 1 };
        let routes = (0..2 << unit.branches.len()).map(route).filter(has);
        let routes: Vec<Route> = routes.collect();
        plan.routes[id] = routes[*number as usize % routes.len()];
    }
    let allowed = allowed_swaps(model);
    for number in swaps {
        let (a, b) = allowed[number % allowed.len()];
        plan = plan.swap(model, a, b).expect("an allowed swap");
    }
    plan
}

fn logits(kind: Kind, plan: &Plan) -> Vec<u64> {
    let (model, side) = network(kind);
    bits(&model.logits(images(9, 2, side), plan))
}

fn deletable(model: &Model<f64>) -> Vec<usize> {
    (0..model.units.len()).filter(|&id| model.units[id].is_deletable()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Forward and backward, in both modes, under any routes and order.
    #[test]
    fn a_network_under_a_plan_is_what_its_definition_says(
        kind in kinds(), routes: [u8; 17], swaps: [usize; 3], trains: bool,
    ) {
        let (model, side) = network(kind);
        let plan = some_plan(model, &routes, &swaps);
        prop_assert_eq!(plan.check(model), Ok(()));
        let mode = if trains { Mode::Train } else { Mode::Eval };
        written_out::assert_same(kind, model, &plan, mode, &images(5, 2, side));
    }

    #[test]
    fn the_order_of_deletions_does_not_matter(
        kind in kinds(), ids in proptest::collection::vec(0usize..17, 0..6),
    ) {
        let model = network(kind).0;
        let candidates = deletable(model);
        let ids: Vec<usize> = ids.into_iter().map(|i| candidates[i % candidates.len()]).collect();
        let delete = |plan: Plan, &id: &usize| plan.delete(model, id).unwrap();
        let there = ids.iter().fold(Plan::intact(model), delete);
        let back = ids.iter().rev().fold(Plan::intact(model), delete);
        prop_assert_eq!(&there, &back);
        let distinct: Vec<usize> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        let all = Plan::intact(model).delete_all(model, &distinct).unwrap();
        prop_assert_eq!(&there, &all);
        let mut by_route = Plan::intact(model);
        ids.iter().for_each(|&id| by_route.routes[id] = Route::SKIP);
        prop_assert_eq!(&there, &by_route);
        prop_assert_eq!(HashSet::from([there, back, by_route]).len(), 1);
    }

    #[test]
    fn swaps_undone_in_reverse_leave_no_trace(
        kind in kinds(), swaps in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let model = network(kind).0;
        let allowed = allowed_swaps(model);
        let swaps: Vec<_> = swaps.into_iter().map(|i| allowed[i % allowed.len()]).collect();
        let swap = |plan: Plan, &(a, b): &(usize, usize)| plan.swap(model, a, b).unwrap();
        let there = swaps.iter().fold(Plan::intact(model), swap);
        let mut sorted = there.order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(&sorted, &Plan::intact(model).order);
        let back = swaps.iter().rev().fold(there, swap);
        prop_assert_eq!(&back, &Plan::intact(model));
        prop_assert_eq!(logits(kind, &back), logits(kind, &Plan::intact(model)));
    }

    /// A cycle is its first unit swapped with the others, the last one first; it comes back
    /// after as many steps as it has units, and does not mind where it begins.
    #[test]
    fn a_cycle_is_made_of_swaps(kind in kinds(), group: usize, seed: u64, length in 1usize..4) {
        let model = network(kind).0;
        let groups = model.interchangeable();
        let mut ids = groups[group % groups.len()].clone();
        tensor::random::Stream::new(seed, "cycle").at(0, 0).shuffle(&mut ids);
        ids.truncate(length);
        let intact = Plan::intact(model);
        let cycle = |plan: Plan, ids: &[usize]| plan.cycle(model, ids).unwrap();
        let once = cycle(intact.clone(), &ids);
        for (i, &id) in ids.iter().enumerate() {
            let place = once.order.iter().position(|&other| other == id).unwrap();
            prop_assert_eq!(place, ids[(i + 1) % ids.len()]);
        }
        let swap = |plan: Plan, &id: &usize| plan.swap(model, ids[0], id).unwrap();
        prop_assert_eq!(&ids[1..].iter().rev().fold(intact.clone(), swap), &once);
        prop_assert_eq!(&ids.iter().fold(intact.clone(), |plan, _| cycle(plan, &ids)), &intact);
        ids.rotate_left(1);
        prop_assert_eq!(&cycle(intact, &ids), &once);
    }

    #[test]
    fn a_plan_survives_its_json(kind in kinds(), routes: [u8; 17], swaps: [usize; 3]) {
        let plan = some_plan(network(kind).0, &routes, &swaps);
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }

    /// What a sweep over lesions relies on to share the work before the lesion.
    #[test]
    fn an_intact_prefix_can_be_reused(kind in kinds(), number: usize) {
        let (model, side) = network(kind);
        let candidates = deletable(model);
        let lesion = candidates[number % candidates.len()];
        let intact = Plan::intact(model);
        let deleted = intact.clone().delete(model, lesion).unwrap();

        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(images(9, 2, side));
        let mut h = model.forward_stem(&mut pass, &x);
        for id in 0..lesion {
            h = model.forward_unit(&mut pass, &h, id, &intact);
        }
        let saved = h.into_value();
        let mut pass = Pass::eval(&model.params);
        let mut h = pass.tape.constant(saved);
        for id in lesion..model.units.len() {
            h = model.forward_unit(&mut pass, &h, id, &deleted);
        }
        let resumed = model.forward_head(&mut pass, &h);
        prop_assert_eq!(bits(resumed.value()), logits(kind, &deleted));
    }
}

#[test]
fn every_lesion_shows_in_the_logits() {
    // Steps that share their norms are one: which of them is deleted does not show.
    for kind in KINDS.into_iter().filter(|&kind| kind != (Kind::Shared { naive: true })) {
        let model = network(kind).0;
        let intact = Plan::intact(model);
        let mut seen = HashSet::from([logits(kind, &intact)]);
        for id in deletable(model) {
            let deleted = intact.clone().delete(model, id).unwrap();
            assert!(seen.insert(logits(kind, &deleted)), "{kind:?}: unit {id} deleted");
        }
        let is_vgg = matches!(kind, Kind::Vgg | Kind::VggSkip);
        let pair = if is_vgg { (4, 5) } else { (1, 2) };
        let swapped = intact.swap(model, pair.0, pair.1).unwrap();
        assert!(seen.insert(logits(kind, &swapped)), "{kind:?}: units {pair:?} swapped");
    }
}

#[test]
fn every_unit_but_vggs_first_can_be_deleted() {
    for (kind, units, expected) in
        [(Kind::PreAct, 9, 9), (Kind::PostAct, 9, 9), (Kind::Vgg, 14, 13), (Kind::VggSkip, 14, 13)]
    {
        let model = network(kind).0;
        assert_eq!((model.units.len(), deletable(model).len()), (units, expected), "{kind:?}");
    }
    assert!(Plan::intact(&*VGG).delete(&VGG, 13).is_ok(), "fc1 keeps its width");
}

#[test]
fn only_units_of_equal_shape_within_a_stage_change_places() {
    // Of 36 pairs of a ResNet-20, three in the first stage and one in each other stage.
    for kind in [Kind::PreAct, Kind::PostAct] {
        let allowed = [(0, 1), (0, 2), (1, 2), (4, 5), (7, 8)];
        assert_eq!(allowed_swaps(network(kind).0), allowed, "{kind:?}");
    }
    // VGG pools after 1, 3, 6, 9 and 12, and its first layer widens.
    assert_eq!(allowed_swaps(&VGG), [(4, 5), (7, 8), (10, 11)]);
}

/// A group's units can take any place of the group, two of different groups cannot change
/// places, and neither can a unit of none.
#[test]
fn interchangeable_units_are_those_that_can_be_swapped() {
    for kind in KINDS {
        let model = network(kind).0;
        let groups = model.interchangeable();
        assert!(groups.iter().all(|group| group.len() > 1 && group.is_sorted()), "{groups:?}");
        let mut within: Vec<(usize, usize)> = groups
            .iter()
            .flat_map(|group| group.iter().flat_map(|&a| group.iter().map(move |&b| (a, b))))
            .filter(|(a, b)| a < b)
            .collect();
        within.sort_unstable();
        assert_eq!(within, allowed_swaps(model), "{kind:?}");
    }
}

/// One stage with two widths: its units keep their shape, and still cannot change places.
#[test]
fn units_of_one_stage_and_different_shapes_do_not_change_places() {
    use models::build::{conv, global_average, linear};
    use models::{ModelBuilder, UnitSpec};

    let mut net = ModelBuilder::for_cifar(1);
    net.stem([conv("conv", 4, 3)]);
    let block = |c| UnitSpec::residual([conv("conv", c, 3)]);
    let wider = UnitSpec::plain([conv("conv", 6, 3)]);
    for (i, unit) in [block(4), block(4), wider, block(6), block(6)].into_iter().enumerate() {
        net.unit(format!("unit{i}"), 0, unit);
    }
    let model = net.finish::<f64>("two-widths", "unit", [global_average(), linear("fc", 10)]);
    assert_eq!(model.interchangeable(), [[0, 1], [3, 4]]);
    let error = Plan::intact(&model).swap(&model, 1, 3).unwrap_err().to_string();
    let expected = "unit 3 (unit3) cannot run at place 1: it takes 32 x 32 x 6, not 32 x 32 x 4";
    assert_eq!(error, expected);
}

fn allowed_swaps(model: &Model<f64>) -> Vec<(usize, usize)> {
    let units = model.units.len();
    let pairs = (0..units).flat_map(|b| (0..b).map(move |a| (a, b)));
    let mut allowed: Vec<_> =
        pairs.filter(|&(a, b)| Plan::intact(model).swap(model, a, b).is_ok()).collect();
    allowed.sort_unstable();
    allowed
}

#[test]
fn what_a_network_cannot_do_is_refused_with_the_reason() {
    let (pre, vgg) = (&*PRE, &*VGG);
    let (intact, intact_vgg) = (Plan::intact(pre), Plan::intact(vgg));
    let order = |order: &[usize]| Plan { order: order.to_vec(), ..intact.clone() }.check(pre);
    let mut both = intact_vgg.clone();
    both.routes[2] = Route::BOTH;
    let mut short = intact.clone();
    short.routes.pop();
    let cases: Vec<(PlanError, &str)> = vec![
        (
            intact.clone().delete(pre, 9).unwrap_err(),
            "unit 9 does not exist: resnet20 has units 0 to 8",
        ),
        (
            intact.clone().swap(pre, 1, 20).unwrap_err(),
            "unit 20 does not exist: resnet20 has units 0 to 8",
        ),
        (
            order(&[0, 1, 2, 3, 4, 5, 6, 7, 9]).unwrap_err(),
            "unit 9 does not exist: resnet20 has units 0 to 8",
        ),
        (intact.check(vgg).unwrap_err(), "the plan is for 9 units, but vgg15 has 14"),
        (short.check(pre).unwrap_err(), "the plan is for 8 units, but resnet20 has 9"),
        (
            order(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap_err(),
            "the plan is for 8 units, but resnet20 has 9",
        ),
        (
            order(&[0, 1, 1, 3, 4, 5, 6, 7, 8]).unwrap_err(),
            "the order names unit 1 twice or not at all; it must name each unit once",
        ),
        (
            intact.clone().swap(pre, 3, 4).unwrap_err(),
            "unit 3 (layer2.0) cannot change places: it turns 32 x 32 x 16 into 16 x 16 x 32",
        ),
        (
            intact.clone().swap(pre, 1, 4).unwrap_err(),
            "unit 4 (layer2.1) cannot leave its stage for the place of unit 1",
        ),
        (
            intact_vgg.clone().delete(vgg, 0).unwrap_err(),
            "unit 0 (layer1.0) cannot be deleted: it turns 3 channels into 6",
        ),
        (
            intact_vgg.clone().swap(vgg, 5, 6).unwrap_err(),
            "unit 6 (layer3.2) cannot change places: it turns 8 x 8 x 6 into 4 x 4 x 6",
        ),
        (
            intact_vgg.clone().swap(vgg, 5, 8).unwrap_err(),
            "unit 8 (layer4.1) cannot leave its stage for the place of unit 5",
        ),
        (
            intact.clone().delete_all(pre, &[2, 9]).unwrap_err(),
            "unit 9 does not exist: resnet20 has units 0 to 8",
        ),
        (
            intact.clone().delete_all(pre, &[2, 4, 2]).unwrap_err(),
            "unit 2 (layer1.2) is named twice; name each unit once",
        ),
        (
            intact_vgg.clone().delete_all(vgg, &[1, 0]).unwrap_err(),
            "unit 0 (layer1.0) cannot be deleted: it turns 3 channels into 6",
        ),
        (
            intact.clone().cycle(pre, &[0, 1, 0]).unwrap_err(),
            "unit 0 (layer1.0) is named twice; name each unit once",
        ),
        (
            intact.clone().cycle(pre, &[1, 2, 4]).unwrap_err(),
            "unit 4 (layer2.1) cannot leave its stage for the place of unit 1",
        ),
        (
            both.check(vgg).unwrap_err(),
            "unit 2 (layer2.0) is a plain layer: it has no skip to add; its intact route is branch",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.to_string(), message, "{error:?}");
    }
}

#[test]
fn a_plan_file_with_more_or_less_than_a_plan_is_refused() {
    let good = r#"{"order":[0,1],"routes":["both","skip"]}"#;
    assert!(serde_json::from_str::<Plan>(good).is_ok());
    for (bad, reason) in [
        (r#"{"order":[0],"routes":["both"],"delete":[0]}"#, "unknown field `delete`"),
        (r#"{"order":[0]}"#, "missing field `routes`"),
        (r#"{"order":[0],"routes":["Both"]}"#, "unknown variant `Both`"),
        (r#"{"order":[-1],"routes":["both"]}"#, "invalid value"),
    ] {
        let message = serde_json::from_str::<Plan>(bad).unwrap_err().to_string();
        assert!(message.contains(reason), "{bad}: {message}");
    }
}

/// A plan from outside that nobody has checked.
fn twice_the_first_unit() -> Plan {
    let mut plan = Plan::intact(&*PRE);
    plan.order[1] = 0;
    plan
}

#[test]
#[should_panic(expected = "forward: the order names unit 0 twice or not at all")]
fn a_pass_runs_no_plan_of_another_network() {
    let mut pass = Pass::eval(&PRE.params);
    let x = pass.tape.constant(images(1, 1, 8));
    PRE.forward(&mut pass, &x, &twice_the_first_unit());
}

#[test]
#[should_panic(expected = "logits: the order names unit 0 twice or not at all")]
fn an_evaluation_runs_no_plan_of_another_network() {
    PRE.logits(images(1, 1, 8), &twice_the_first_unit());
}
