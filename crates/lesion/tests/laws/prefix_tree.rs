//! Laws of prefix trees of any plans.

use std::collections::HashSet;

use lesion::{Cost, PrefixTree};
use models::EVAL_GROUP;
use models::{Model, Place, Plan, PlanError, Route, Site, Sites, Vgg15, Visit, evaluate};
use nn::Var;
use proptest::prelude::*;
use tensor::{Scalar, Tensor, threads};

use crate::common::{arch, lived_in, noise};

/// A plan as numbers: units with the routes they get, and swaps, each modulo what the
/// network admits.
type Drawn = (Vec<(usize, usize)>, Vec<usize>);

/// Few changes each, so that prefixes are shared, and now and then none at all.
fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let changes = prop::collection::vec((0..1000_usize, 0..1000_usize), 0..4);
    let swaps = prop::collection::vec(0..1000_usize, 0..3);
    prop::collection::vec((changes, swaps), 0..9)
}

fn plan<T: Scalar>(model: &Model<T>, (changes, swaps): &Drawn) -> Plan {
    let mut plan = Plan::intact(model);
    for (unit, route) in changes {
        let id = unit % model.units.len();
        let admitted = [Route::BOTH, Route::SKIP, Route::BRANCH].map(|route| {
            let mut changed = plan.clone();
            changed.routes[id] = route;
            changed.check(model).is_ok().then_some(changed)
        });
        let admitted: Vec<Plan> = admitted.into_iter().flatten().collect();
        plan = admitted[route % admitted.len()].clone();
    }
    for swap in swaps {
        let n = model.units.len();
        let swapped = |i: usize| plan.clone().swap(model, i % n, i / n).ok();
        plan = (0..n * n).cycle().skip(swap % (n * n)).find_map(swapped).unwrap();
    }
    plan
}

fn networks(seed: u64) -> [Model<f32>; 3] {
    let vgg = Vgg15 { width: 8, batch_norm: true, skips: false }.build("vgg15-narrow", seed);
    [arch("resnet20").build(seed), arch("resnet14-v1").build(seed), vgg]
        .map(|model| lived_in(model, seed))
}

fn assert_equals_separate_evaluations<T: Scalar>(
    model: &Model<T>,
    plans: &[Plan],
    batches: &[(Tensor<T>, Vec<u8>)],
) {
    let tree = PrefixTree::new(model, plans.to_vec()).unwrap();
    let (mut macs, images) = (0, batches.iter().map(|(_, labels)| labels.len()).sum());
    let together = tree.evaluate(model, batches.to_vec(), &mut |more| macs += more);
    assert_eq!(together.len(), plans.len());
    assert_eq!(macs, (tree.cost(model) * images).macs);
    for (plan, together) in plans.iter().zip(together) {
        let separate = evaluate(model, plan, batches.to_vec());
        assert_eq!(together.is_right, separate.is_right, "{}: {plan:?}", model.name);
        let bits = |losses: &[f64]| losses.iter().map(|l| l.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&together.losses), bits(&separate.losses), "{}: {plan:?}", model.name);
    }
}

/// Each prefix of each plan, as what is run: the empty one stands for the stem.
fn prefixes(plans: &[Plan]) -> HashSet<Vec<(usize, Route)>> {
    let runs = |plan: &Plan| plan.order.iter().map(|&id| (id, plan.routes[id])).collect();
    let of = |run: Vec<_>| (0..=run.len()).map(move |n| run[..n].to_vec());
    plans.iter().map(runs).flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn a_tree_gives_the_bits_of_separate_evaluations(
        drawn in drawn(), seed in 0..1000_u64, n in 1..4_usize, cut in 0..4_usize,
    ) {
        for model in networks(seed) {
            let plans: Vec<Plan> = drawn.iter().map(|drawn| plan(&model, drawn)).collect();
            assert_equals_separate_evaluations(&model, &plans, &noise(seed, n, cut.min(n)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_tree_costs_its_distinct_prefixes(drawn in drawn(), repeated in 0..3_usize) {
        for model in networks(1) {
            let mut plans: Vec<Plan> = drawn.iter().map(|drawn| plan(&model, drawn)).collect();
            plans.extend_from_within(..repeated.min(plans.len()));
            let tree = PrefixTree::new(&model, plans.clone()).unwrap();
            let distinct = plans.iter().collect::<HashSet<_>>().len();
            prop_assert_eq!(tree.distinct(), distinct);
            let unit = |(id, route): &(usize, Route)| model.units[*id].macs_along(*route);
            let macs = |prefix: &Vec<_>| prefix.last().map_or(model.stem_macs(), unit);
            let prefixes = prefixes(&plans);
            prop_assert_eq!(tree.cost(&model), Cost {
                macs: prefixes.iter().map(macs).sum::<u64>()
                    + distinct as u64 * model.head_macs(),
                macs_one_by_one: plans.iter().map(|plan| model.macs_under(plan)).sum(),
            });
        }
    }
}

#[test]
fn the_law_holds_in_double_precision() {
    let model = networks(3)[0].cast::<f64>();
    let intact = Plan::intact(&model);
    let plans = [
        intact.clone().delete(&model, 7).unwrap(),
        intact.clone().swap(&model, 0, 2).unwrap(),
        intact.clone(),
        intact.clone().swap(&model, 0, 2).unwrap().delete(&model, 2).unwrap(),
        intact,
    ];
    assert_equals_separate_evaluations(&model, &plans, &noise(3, 3, 1));
}

/// The cut into groups shows in nothing: neither whole groups nor a rest.
#[test]
fn groups_and_threads_change_no_bit() {
    let [model, ..] = networks(4);
    let plans: Vec<Plan> = [vec![4], vec![0, 8], vec![]]
        .into_iter()
        .map(|ids| {
            ids.into_iter().fold(Plan::intact(&model), |p, id| p.delete(&model, id).unwrap())
        })
        .collect();
    let batches = noise(4, 3 * EVAL_GROUP + 3, 2 * EVAL_GROUP + 1);
    for n in [1, 2] {
        let check = || assert_equals_separate_evaluations(&model, &plans, &batches);
        threads::with_threads(n, check).unwrap();
    }
}

#[test]
fn single_deletions_of_resnet110_cost_half() {
    let model = arch("resnet110").build::<f32>(0);
    let intact = Plan::intact(&model);
    let mut plans = vec![intact.clone()];
    plans.extend((0..54).map(|id| intact.clone().delete(&model, id).unwrap()));
    let tree = PrefixTree::new(&model, plans).unwrap();
    let cost = tree.cost(&model);
    assert_eq!(tree.distinct(), 55);
    assert!((1.9..2.0).contains(&cost.ratio()), "{}", cost.ratio());
    assert_eq!((cost * 3).macs, 3 * cost.macs);
    assert_eq!([cost, cost].into_iter().sum::<Cost>(), cost * 2);
}

#[test]
fn no_plans_are_no_work_and_plans_of_other_networks_are_refused() {
    let model = arch("resnet8").build::<f32>(1);
    let none = PrefixTree::new(&model, vec![]).unwrap();
    assert_eq!((none.cost(&model), none.cost(&model).ratio()), (Cost::default(), 1.0));
    assert_eq!(none.evaluate(&model, noise(1, 2, 0), &mut |_| {}), []);
    let other = Plan::intact(&arch("resnet14").build::<f32>(1));
    let error = PrefixTree::new(&model, vec![Plan::intact(&model), other]).unwrap_err();
    assert!(matches!(error, PlanError::WrongLength { found: 6, expected: 3, .. }), "{error}");
}

#[test]
#[should_panic(expected = "prefix tree: the plan is for 3 units, but resnet14 has 6")]
fn a_tree_runs_on_no_other_network() {
    let [small, large] = ["resnet8", "resnet14"].map(|name| arch(name).build::<f32>(1));
    let tree = PrefixTree::new(&small, vec![Plan::intact(&small)]).unwrap();
    tree.evaluate(&large, noise(1, 2, 0), &mut |_| {});
}

#[test]
#[should_panic(expected = "prefix tree: images [2, 32, 32, 3], 1 labels")]
fn each_image_has_a_label() {
    let model = arch("resnet8").build::<f32>(1);
    let tree = PrefixTree::new(&model, vec![Plan::intact(&model)]).unwrap();
    let (images, labels) = noise(1, 2, 0).remove(0);
    tree.evaluate(&model, [(images, labels[..1].to_vec())], &mut |_| {});
}

/// Sums of what a unit hands on, by plan and image; in one plan a replacement.
#[derive(Default)]
struct Watcher {
    silenced: Option<(usize, usize)>,
    seen: Vec<(usize, usize, f64)>,
}

impl Sites<f32> for Watcher {
    fn wants(&self, site: Site) -> bool {
        let silenced = self.silenced.is_some_and(|(_, unit)| unit == site.unit);
        site.place == Place::Output || silenced && site.place == Place::Branch(0)
    }

    fn at(&mut self, site: Site, visit: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        let value = value.value();
        if let (Place::Branch(_), Some((plan, _))) = (site.place, self.silenced) {
            return visit.plans.contains(&plan).then(|| Tensor::zeros(value.shape()));
        }
        let size = value.len() / value.dims()[0];
        for (image, values) in visit.images.clone().zip(value.as_slice().chunks(size)) {
            let sum = values.iter().map(|&v| f64::from(v)).sum();
            self.seen.extend(visit.plans.iter().map(|&plan| (plan, image, sum)));
        }
        None
    }
}

#[test]
fn sites_see_every_plan_and_image_in_order_and_reading_changes_no_bit() {
    let [model, ..] = networks(6);
    let intact = Plan::intact(&model);
    let plans = vec![
        intact.clone(),
        intact.clone().delete(&model, 7).unwrap(),
        intact.clone().swap(&model, 0, 2).unwrap(),
        intact,
    ];
    let batches = noise(6, EVAL_GROUP + 9, 5);
    let tree = PrefixTree::new(&model, plans.clone()).unwrap();
    let unread = tree.evaluate(&model, batches.clone(), &mut |_| {});
    let (read, sites) = tree.evaluate_at(&model, batches.clone(), &mut |_| {}, Watcher::default);
    assert_eq!(read, unread);
    let seen: Vec<_> = sites.iter().flat_map(|sites| &sites.seen).collect();
    for (place, plan) in plans.iter().enumerate() {
        // The same by one plan alone; there the images of each unit are in order too.
        let one = PrefixTree::new(&model, vec![plan.clone()]).unwrap();
        let (_, alone) = one.evaluate_at(&model, batches.clone(), &mut |_| {}, Watcher::default);
        let sums = |image: usize, plan: usize, seen: &[&(usize, usize, f64)]| -> Vec<u64> {
            let of = seen.iter().filter(|(p, i, _)| (*p, *i) == (plan, image));
            of.map(|(.., sum)| sum.to_bits()).collect()
        };
        let alone: Vec<_> = alone.iter().flat_map(|sites| &sites.seen).collect();
        for image in 0..EVAL_GROUP + 9 {
            let expected = sums(image, 0, &alone);
            assert_eq!(expected.len(), model.units.len());
            assert_eq!(sums(image, place, &seen), expected, "plan {place}, image {image}");
        }
    }
}

#[test]
fn a_replacement_acts_on_the_plans_of_its_key_alone() {
    let [model, ..] = networks(7);
    let intact = Plan::intact(&model);
    let deleted = intact.clone().delete(&model, 4).unwrap();
    let batches = noise(7, 6, 2);
    let evaluated = |plan| evaluate(&model, plan, batches.clone());
    // Two plans of one order and routes; in the second the branch of unit 4 is silenced.
    let plans = vec![intact.clone(), intact.clone()];
    let key = |plan: usize, place: usize| u64::from(plan == 1 && place == 4);
    let tree = PrefixTree::keyed(&model, plans, key).unwrap();
    assert_eq!(tree.distinct(), 2);
    let sites = || Watcher { silenced: Some((1, 4)), ..Watcher::default() };
    let (found, _) = tree.evaluate_at(&model, batches.clone(), &mut |_| {}, sites);
    assert_eq!(found, [evaluated(&intact), evaluated(&deleted)]);
}
