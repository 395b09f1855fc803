//! From measured quantities to a verdict.

use std::fmt;

use serde::{Serialize, Serializer};

use super::criteria::{Ask, Claim, Condition, Rule};
use crate::study::Estimate;

/// What came out of a claim; written as `reproduced, borderline, preview n=2000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict of the point estimates.
    pub level: Level,
    /// Whether a 95 % interval crosses a threshold that decides it.
    pub borderline: bool,
    /// The number of images, where they are the shipped sample.
    pub preview: Option<usize>,
    /// Why the claim was not run.
    pub reason: Option<String>,
}

/// How far a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All conditions hold.
    Reproduced,
    /// The weaker conditions hold.
    Partly,
    /// Neither do.
    Not,
    /// The claim says that it cannot be judged on such numbers.
    Undecided,
    /// The study or the records needed are not there.
    NotRun,
}

impl Verdict {
    pub(super) fn not_run(reason: String) -> Self {
        Verdict { level: Level::NotRun, borderline: false, preview: None, reason: Some(reason) }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Reproduced => "reproduced",
            Level::Partly => "partly",
            Level::Not => "not",
            Level::Undecided => "undecided",
            Level::NotRun => "not run",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        if self.borderline {
            f.write_str(", borderline")?;
        }
        if let Some(images) = self.preview {
            write!(f, ", preview n={images}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The verdict of the point estimates, and whether it is borderline: whether it would
/// differ if every condition whose interval crosses its threshold failed, or held.
///
/// # Panics
/// If a quantity of the claim is not among the estimates.
pub(super) fn level(claim: &Claim, estimates: &[(Ask, Estimate)]) -> (Level, bool) {
    let with = |view| level_as(claim, &|condition| holds(claim, condition, estimates, view));
    let level = with(View::Point);
    (level, with(View::Pessimistic) != level || with(View::Optimistic) != level)
}

#[derive(Clone, Copy)]
enum View {
    Point,
    Pessimistic,
    Optimistic,
}

fn level_as(claim: &Claim, holds: &dyn Fn(&Condition) -> bool) -> Level {
    let partly = match claim.partly_rule {
        Rule::All => claim.partly.iter().all(holds),
        Rule::Any => claim.partly.iter().any(holds),
    };
    if !claim.undecided_if.is_empty() && claim.undecided_if.iter().all(holds) {
        Level::Undecided
    } else if claim.reproduced.iter().all(holds) {
        Level::Reproduced
    } else if partly {
        Level::Partly
    } else {
        Level::Not
    }
}

fn holds(claim: &Claim, condition: &Condition, estimates: &[(Ask, Estimate)], view: View) -> bool {
    let ask = claim.ask(condition);
    let found = estimates.iter().find(|(measured, _)| *measured == ask);
    let (_, estimate) = found.expect("every quantity of a claim is measured before it is judged");
    let at = |value| condition.op.holds(value, condition.value);
    let everywhere = [at(estimate.low), at(estimate.value), at(estimate.high)];
    match view {
        View::Point if !condition.bare => at(estimate.value),
        View::Point | View::Pessimistic => everywhere.iter().all(|holds| *holds),
        View::Optimistic => everywhere.iter().any(|holds| *holds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::criteria::Claims;

    const CLAIM: &str = r#"
        [[claim]]
        id = "c1"
        figure = "f"
        statement = "s"
        paper = "p"
        measure = "m"
        study = "e"
        networks = []
        criterion = "c"
        reproduced = [
            { quantity = "a", unit = "", op = ">=", value = 80.0 },
            { quantity = "b", unit = "", op = "<=", value = 40.0 },
        ]
        partly = [
            { quantity = "a", unit = "", op = ">=", value = 60.0 },
            { quantity = "b", unit = "", op = "<", value = 30.0 },
        ]
    "#;

    fn judged(text: &str, a: [f64; 3], b: [f64; 3]) -> (Level, bool) {
        let claim = Claims::parse(text).unwrap().claims.remove(0);
        let asks = claim.asks();
        let estimate = |[low, value, high]: [f64; 3]| Estimate { value, low, high };
        level(&claim, &[(asks[0], estimate(a)), (asks[1], estimate(b))])
    }

    #[test]
    fn verdicts_follow_the_points_and_are_borderline_where_an_interval_decides() {
        use Level::{Not, Partly, Reproduced};
        let cases = [
            // Clear on all sides.
            ("all", [81.0, 85.0, 89.0], [10.0, 20.0, 29.0], Reproduced, false),
            ("all", [61.0, 65.0, 69.0], [10.0, 20.0, 29.0], Partly, false),
            ("all", [41.0, 45.0, 49.0], [10.0, 20.0, 29.0], Not, false),
            // Exactly on a threshold.
            ("all", [80.0, 80.0, 80.0], [40.0, 40.0, 40.0], Reproduced, false),
            ("all", [70.0, 70.0, 70.0], [30.0, 30.0, 30.0], Not, false),
            // The interval of a deciding condition crosses.
            ("all", [79.0, 81.0, 83.0], [10.0, 20.0, 29.0], Reproduced, true),
            ("all", [77.0, 79.0, 81.0], [10.0, 20.0, 29.0], Partly, true),
            ("all", [59.0, 61.0, 63.0], [10.0, 20.0, 29.0], Partly, true),
            ("all", [57.0, 59.0, 61.0], [10.0, 20.0, 29.0], Not, true),
            // An interval crosses, but another condition has settled the matter.
            ("all", [57.0, 59.0, 61.0], [50.0, 60.0, 70.0], Not, false),
            ("all", [79.0, 81.0, 83.0], [50.0, 60.0, 70.0], Not, false),
            // One of two is enough.
            ("any", [61.0, 65.0, 69.0], [50.0, 60.0, 70.0], Partly, false),
            ("any", [41.0, 45.0, 49.0], [10.0, 20.0, 29.0], Partly, false),
            ("any", [41.0, 45.0, 49.0], [50.0, 60.0, 70.0], Not, false),
            ("any", [41.0, 45.0, 49.0], [28.0, 29.0, 31.0], Partly, true),
            ("any", [61.0, 65.0, 69.0], [28.0, 29.0, 31.0], Partly, false),
        ];
        for (rule, a, b, expected, borderline) in cases {
            let ours = judged(&format!("{CLAIM}partly_rule = \"{rule}\""), a, b);
            assert_eq!(ours, (expected, borderline), "{rule} {a:?} {b:?}");
        }
    }

    #[test]
    fn a_bare_inequality_counts_only_where_its_interval_excludes_equality() {
        use Level::{Not, Partly, Reproduced};
        let bare = CLAIM.replace("value = 60.0", "value = 60.0, bare = true");
        let b = [10.0, 20.0, 29.0];
        let cases = [
            (&bare, [61.0, 65.0, 69.0], Partly, false),
            (&bare, [59.0, 61.0, 63.0], Not, true),
            (&bare, [57.0, 59.0, 61.0], Not, true),
            (&bare, [55.0, 57.0, 59.0], Not, false),
            (&bare, [79.0, 81.0, 83.0], Reproduced, true),
            (&CLAIM.to_string(), [59.0, 61.0, 63.0], Partly, true),
        ];
        for (text, a, expected, borderline) in cases {
            assert_eq!(judged(text, a, b), (expected, borderline), "{a:?}");
        }
    }

    #[test]
    fn a_claim_is_undecided_where_it_says_so_whatever_else_holds() {
        use Level::{Not, Reproduced, Undecided};
        let condition = r#"undecided_if = [{ quantity = "b", unit = "", op = "<", value = 5.0 }]"#;
        let text = format!("{CLAIM}{condition}");
        let cases = [
            ([85.0, 86.0, 87.0], [1.0, 2.0, 3.0], Undecided, false),
            ([41.0, 45.0, 49.0], [1.0, 2.0, 3.0], Undecided, false),
            ([85.0, 86.0, 87.0], [3.0, 4.0, 6.0], Undecided, true),
            ([85.0, 86.0, 87.0], [4.0, 6.0, 8.0], Reproduced, true),
            ([85.0, 86.0, 87.0], [6.0, 7.0, 8.0], Reproduced, false),
            ([41.0, 45.0, 49.0], [6.0, 7.0, 8.0], Not, false),
        ];
        for (a, b, expected, borderline) in cases {
            assert_eq!(judged(&text, a, b), (expected, borderline), "{a:?} {b:?}");
        }
    }

    #[test]
    fn verdicts_are_written_as_words() {
        let verdict = |borderline, preview| Verdict {
            level: Level::Partly,
            borderline,
            preview,
            reason: None,
        };
        let cases = [
            (verdict(false, None), "partly"),
            (verdict(true, None), "partly, borderline"),
            (verdict(false, Some(2000)), "partly, preview n=2000"),
            (verdict(true, Some(2000)), "partly, borderline, preview n=2000"),
            (Verdict::not_run("needs resnet110".into()), "not run: needs resnet110"),
        ];
        for (verdict, expected) in cases {
            assert_eq!(verdict.to_string(), expected);
        }
    }
}
