//! The steps of a walk: the tree of the plans' prefixes, walked depth-first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

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
        /// Where all of them stand in the order of [`Steps::leaves`].
        sharing: Range<usize>,
    },
    /// Run the head: the predictions are those of the given plans, which are equal.
    Head {
        /// Where they stand in the order of [`Steps::leaves`].
        plans: Range<usize>,
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

    /// Whether `next` goes on where this step's unit ends, for the same plans.
    pub(super) fn go_on(&self, next: &Step) -> bool {
        matches!((self, next), (Step::Unit { sharing: a, .. }, Step::Unit { sharing: b, .. }) if a == b)
    }
}

/// The steps that answer a list of plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// The places of the plans in the list, in the order in which heads answer them; so
    /// the plans that share a step stand next to each other.
    pub(super) leaves: Vec<usize>,
}

/// The steps that answer all plans. `key` is a number for a plan and a place in its order;
/// plans share the work of a place only where it is the same.
pub(super) fn steps(plans: &[Plan], key: &dyn Fn(usize, usize) -> u64) -> Steps {
    let mut tree = Tree { plans, key, made: Steps::default() };
    if !plans.is_empty() {
        tree.append((0..plans.len()).collect(), 0);
    }
    tree.made
}

struct Tree<'a> {
    plans: &'a [Plan],
    key: &'a dyn Fn(usize, usize) -> u64,
    made: Steps,
}

impl Tree<'_> {
    /// Adds the steps from `place` on of the plans in `together`, which agree before it.
    ///
    /// The way that most plans take comes last, when the activation at the fork need not be
    /// kept any more. Every other way has at most half of the plans, so no more than
    /// `log2(plans)` activations are ever kept, and calls are no deeper than that.
    fn append(&mut self, mut together: Vec<usize>, mut place: usize) {
        loop {
            let ended = self.split_off_ended(&mut together, place);
            if !ended.is_empty() {
                let start = self.made.leaves.len();
                self.made.leaves.extend(ended);
                self.made.steps.push(Step::Head { plans: start..self.made.leaves.len() });
            }
            let mut ways = self.ways(&together, place);
            let Some(last) = ways.pop() else { return };
            for way in ways {
                self.made.steps.push(Step::Keep);
                self.push_unit(&way, place);
                self.append(way, place + 1);
                self.made.steps.push(Step::Back);
            }
            self.push_unit(&last, place);
            together = last;
            place += 1;
        }
    }

    fn push_unit(&mut self, way: &[usize], place: usize) {
        let plan = way[0];
        // The heads that answer these plans come next, so they will stand here.
        let start = self.made.leaves.len();
        let sharing = start..start + way.len();
        self.made.steps.push(Step::Unit { id: self.plans[plan].order[place], plan, sharing });
    }

    /// Takes out the plans whose orders end before `place`.
    fn split_off_ended(&self, together: &mut Vec<usize>, place: usize) -> Vec<usize> {
        let has_ended = |&mut plan: &mut usize| self.plans[plan].order.len() == place;
        together.extract_if(.., has_ended).collect()
    }

    /// The plans parted by what they run at `place`, the largest part last; parts of one
    /// size by unit and route, those with the most terms first.
    fn ways(&self, together: &[usize], place: usize) -> Vec<Vec<usize>> {
        let mut ways: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for &plan in together {
            let taken = (way(&self.plans[plan], place), (self.key)(plan, place));
            ways.entry(taken).or_default().push(plan);
        }
        let mut ways: Vec<_> = ways.into_values().collect();
        ways.sort_by_key(Vec::len);
        ways
    }
}

/// A unit and its route; routes with the most terms come first.
pub(crate) type Way = (usize, Reverse<(bool, u64)>);

/// What a plan runs at a place: plans that agree up to a place share the work before it.
pub(crate) fn way(plan: &Plan, place: usize) -> Way {
    let id = plan.order[place];
    let route = plan.routes[id];
    (id, Reverse((route.skip, route.branches)))
}

#[cfg(test)]
mod tests {
    use nn::Route;
    use proptest::prelude::*;

    use super::*;

    /// `A` to `C` with both terms, `a` to `c` skipped.
    fn plan(text: &str) -> Plan {
        let order: Vec<usize> =
            text.bytes().map(|b| (b.to_ascii_lowercase() - b'a').into()).collect();
        let mut routes = vec![Route::BOTH; 8];
        for (&id, letter) in order.iter().zip(text.chars()) {
            routes[id] = if letter.is_lowercase() { Route::SKIP } else { Route::BOTH };
        }
        Plan { order, routes, repeats: false }
    }

    /// Steps as text: `(` keeps, `)` goes back, digits are the plans of a head.
    fn text(plans: &[Plan]) -> String {
        let letter = |id: usize, plan: usize| {
            let letter = char::from(b'A' + id as u8);
            if plans[plan].routes[id] == Route::SKIP { letter.to_ascii_lowercase() } else { letter }
        };
        let Steps { steps, leaves } = steps(plans, &|_, _| 0);
        let letters = |step| match step {
            Step::Keep => "(".to_owned(),
            Step::Back => ")".to_owned(),
            Step::Unit { id, plan, .. } => letter(id, plan).to_string(),
            Step::Head { plans } => leaves[plans].iter().map(usize::to_string).collect(),
        };
        steps.into_iter().map(letters).collect()
    }

    /// The most activations that are kept at once, beside the current one.
    fn most_kept(plans: &[Plan]) -> usize {
        let (mut kept, mut most) = (0, 0);
        for step in steps(plans, &|_, _| 0).steps {
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
                ids.into_iter().for_each(|id| plan.routes[id] = Route::SKIP);
            }
            prop_assert!(most_kept(&plans) <= plans.len().max(1).ilog2() as usize);
        }
    }

    #[test]
    fn single_deletions_keep_one_activation() {
        let intact = plan("ABCDEFGH");
        let mut plans = vec![intact.clone(); 9];
        (0..8).for_each(|id| plans[id].routes[id] = Route::SKIP);
        assert_eq!(most_kept(&plans), 1);
    }

    #[test]
    fn plans_that_share_a_step_stand_together() {
        let plans = ["ABC", "aBC", "AbC", "ABC"].map(plan);
        let Steps { steps, leaves } = steps(&plans, &|_, _| 0);
        assert_eq!(leaves, [1, 2, 0, 3]);
        let shared = |step: &Step| match step {
            Step::Unit { id, sharing, .. } => Some((*id, leaves[sharing.clone()].to_vec())),
            _ => None,
        };
        let shared: Vec<_> = steps.iter().filter_map(shared).collect();
        let (one, two, rest) = (vec![1], vec![2], vec![0, 3]);
        let expected = [
            (0, one.clone()),
            (1, one.clone()),
            (2, one),
            (0, vec![2, 0, 3]),
            (1, two.clone()),
            (2, two),
            (1, rest.clone()),
            (2, rest),
        ];
        assert_eq!(shared, expected);
    }

    #[test]
    fn shared_prefixes_are_run_once() {
        let cases: [(&[&str], &str); 9] = [
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
            // Orders of other lengths: one ends where the other goes on.
            (&["AAB", "A", "AA"], "A1A2B0"),
        ];
        for (plans, expected) in cases {
            let plans: Vec<Plan> = plans.iter().map(|text| plan(text)).collect();
            assert_eq!(text(&plans), expected, "{plans:?}");
        }
    }
}
