//! The steps of a walk: the tree of the plans' prefixes, walked depth-first.

use std::collections::BTreeMap;

use models::Plan;

/// One step. A walk has a current activation, at first the stem's output,
/// and a pile of those that it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Keep the current activation: a later plan goes another way from here.
    Keep,
    /// Make the activation kept last the current one, and keep it no longer.
    Back,
    /// Run a unit along its route in a plan, as all plans do that share this step.
    Unit {
        /// The unit.
        id: usize,
        /// The place of such a plan in the list of plans.
        plan: usize,
    },
    /// Run the head: the outcome is that of the given plans, which are equal.
    Head {
        /// Their places in the list of plans, ascending.
        plans: Vec<usize>,
    },
}

impl Step {
    /// The unit that it runs, if it runs one.
    pub(super) fn unit(&self) -> Option<usize> {
        match *self {
            Step::Unit { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether `next` goes on where this step's unit ends, for the same plan.
    pub(super) fn go_on(&self, next: &Step) -> bool {
        matches!((self, next), (Step::Unit { plan: a, .. }, Step::Unit { plan: b, .. }) if a == b)
    }
}

/// The steps that answer all plans, each of which names every unit once.
pub(super) fn steps(plans: &[Plan]) -> Vec<Step> {
    let mut steps = Vec::new();
    if !plans.is_empty() {
        append(&mut steps, plans, (0..plans.len()).collect(), 0);
    }
    steps
}

/// Adds the steps from `place` on of the plans in `together`, which agree before it.
///
/// The way that most plans take comes last, when the activation at the fork need not be
/// kept any more. Every other way has at most half of the plans, so no more than
/// `log2(plans)` activations are ever kept, and calls are no deeper than that.
fn append(steps: &mut Vec<Step>, plans: &[Plan], mut together: Vec<usize>, mut place: usize) {
    let unit = |way: &[usize], place: usize| {
        let plan = way[0];
        Step::Unit { id: plans[plan].order[place], plan }
    };
    while place < plans[together[0]].order.len() {
        let mut ways = ways(plans, &together, place);
        let last = ways.pop().expect("each plan takes a way");
        for way in ways {
            steps.extend([Step::Keep, unit(&way, place)]);
            append(steps, plans, way, place + 1);
            steps.push(Step::Back);
        }
        steps.push(unit(&last, place));
        together = last;
        place += 1;
    }
    steps.push(Step::Head { plans: together });
}

/// The plans parted by what they run at `place`, the largest part last; parts of one
/// size by unit and route.
fn ways(plans: &[Plan], together: &[usize], place: usize) -> Vec<Vec<usize>> {
    let mut ways: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for &plan in together {
        ways.entry(way(&plans[plan], place)).or_default().push(plan);
    }
    let mut ways: Vec<_> = ways.into_values().collect();
    ways.sort_by_key(Vec::len);
    ways
}

/// What a plan runs at a place: plans that agree up to a place share the work before it.
pub(crate) fn way(plan: &Plan, place: usize) -> (usize, u8) {
    let id = plan.order[place];
    (id, plan.routes[id] as u8)
}

#[cfg(test)]
mod tests {
    use nn::Route::{Both, Skip};
    use proptest::prelude::*;

    use super::*;

    /// `A` to `C` with both terms, `a` to `c` skipped.
    fn plan(text: &str) -> Plan {
        let order: Vec<usize> =
            text.bytes().map(|b| (b.to_ascii_lowercase() - b'a').into()).collect();
        let mut routes = vec![Both; order.len()];
        for (&id, letter) in order.iter().zip(text.chars()) {
            routes[id] = if letter.is_lowercase() { Skip } else { Both };
        }
        Plan { order, routes }
    }

    /// Steps as text: `(` keeps, `)` goes back, digits are the plans of a head.
    fn text(plans: &[Plan]) -> String {
        let letter = |id: usize, plan: usize| {
            let letter = char::from(b'A' + id as u8);
            if plans[plan].routes[id] == Skip { letter.to_ascii_lowercase() } else { letter }
        };
        let letters = |step| match step {
            Step::Keep => "(".to_owned(),
            Step::Back => ")".to_owned(),
            Step::Unit { id, plan } => letter(id, plan).to_string(),
            Step::Head { plans } => plans.iter().map(usize::to_string).collect(),
        };
        steps(plans).into_iter().map(letters).collect()
    }

    /// The most activations that are kept at once, beside the current one.
    fn most_kept(plans: &[Plan]) -> usize {
        let (mut kept, mut most) = (0, 0);
        for step in steps(plans) {
            match step {
                Step::Keep => kept += 1,
                Step::Back => kept -= 1,
                Step::Unit { .. } | Step::Head { .. } => {}
            }
            most = most.max(kept);
        }
        most
    }

    proptest! {
        #[test]
        fn no_more_is_kept_than_log2_of_the_plans(
            drawn in prop::collection::vec(
                prop::sample::select(vec!["ABCDE", "BACDE", "ABCED"]), 0..40,
            ),
            skipped in prop::collection::vec(prop::collection::vec(0..5_usize, 0..3), 40),
        ) {
            let mut plans: Vec<Plan> = drawn.iter().map(|text| plan(text)).collect();
            for (plan, ids) in plans.iter_mut().zip(skipped) {
                ids.into_iter().for_each(|id| plan.routes[id] = Skip);
            }
            prop_assert!(most_kept(&plans) <= plans.len().max(1).ilog2() as usize);
        }
    }

    #[test]
    fn single_deletions_keep_one_activation() {
        let intact = plan("ABCDEFGH");
        let mut plans = vec![intact.clone(); 9];
        (0..8).for_each(|id| plans[id].routes[id] = Skip);
        assert_eq!(most_kept(&plans), 1);
    }

    #[test]
    fn shared_prefixes_are_run_once() {
        let cases: [(&[&str], &str); 8] = [
            (&[], ""),
            (&["ABC"], "ABC0"),
            (&["ABC", "ABC"], "ABC01"),
            // The last unit deleted: all but that unit is shared.
            (&["ABC", "ABc"], "AB(C0)c1"),
            // Single deletions: the lesioned way first, then on along the intact one.
            (&["ABC", "aBC", "AbC", "ABc"], "(aBC1)A(bC2)B(C0)c3"),
            // The order in which plans are given decides nothing but their numbers.
            (&["ABc", "AbC", "aBC", "ABC"], "(aBC2)A(bC1)B(C3)c0"),
            // Equal plans share all.
            (&["AbC", "ABC", "AbC"], "A(BC1)bC02"),
            // Another order is another way, from the first other unit on.
            (&["ABC", "BAC", "BAc"], "(ABC0)BA(C1)c2"),
        ];
        for (plans, expected) in cases {
            let plans: Vec<Plan> = plans.iter().map(|text| plan(text)).collect();
            assert_eq!(text(&plans), expected, "{plans:?}");
        }
    }
}
