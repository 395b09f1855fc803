//! From measured quantities to a verdict.

use std::fmt;

use serde::{Serialize, Serializer};

use super::criteria::{Claim, Condition, Rule};
use super::judge::{self, Estimate};

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
    /// The records needed are not there.
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
/// # Errors
/// A message, when a condition names a quantity that is not among the estimates.
pub(super) fn level(claim: &Claim, estimates: &[Estimate]) -> Result<(Level, bool), String> {
    let with = |view| level_as(claim, estimates, view);
    let level = with(View::Point)?;
    Ok((level, with(View::Pessimistic)? != level || with(View::Optimistic)? != level))
}

#[derive(Clone, Copy)]
enum View {
    Point,
    Pessimistic,
    Optimistic,
}

fn level_as(claim: &Claim, estimates: &[Estimate], view: View) -> Result<Level, String> {
    let truth = |conditions: &[Condition]| -> Result<Vec<bool>, String> {
        conditions.iter().map(|condition| holds(&claim.id, condition, estimates, view)).collect()
    };
    let partly = truth(&claim.partly)?;
    let partly = match claim.partly_rule {
        Rule::All => partly.iter().all(|holds| *holds),
        Rule::Any => partly.iter().any(|holds| *holds),
    };
    Ok(match truth(&claim.reproduced)?.iter().all(|holds| *holds) {
        true => Level::Reproduced,
        false if partly => Level::Partly,
        false => Level::Not,
    })
}

fn holds(
    id: &str,
    condition: &Condition,
    estimates: &[Estimate],
    view: View,
) -> Result<bool, String> {
    let Some(estimate) = judge::find(estimates, &condition.quantity) else {
        let known: Vec<_> = estimates.iter().map(|estimate| estimate.quantity).collect();
        let quantity = &condition.quantity;
        return Err(format!("{id}: {quantity:?} is not measured, expected one of {known:?}"));
    };
    let at = |value| condition.op.holds(value, condition.value);
    let everywhere = [at(estimate.low), at(estimate.value), at(estimate.high)];
    Ok(match view {
        View::Point => at(estimate.value),
        View::Pessimistic => everywhere.iter().all(|holds| *holds),
        View::Optimistic => everywhere.iter().any(|holds| *holds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::criteria::Claims;

    fn claim(rule: &str) -> Claim {
        let text = format!(
            r#"
            [[claim]]
            id = "c1"
            figure = "f"
            statement = "s"
            paper = "p"
            measure = "m"
            experiment = "e"
            networks = []
            criterion = "c"
            reproduced = [
                {{ quantity = "a", unit = "", op = ">=", value = 80.0 }},
                {{ quantity = "b", unit = "", op = "<=", value = 40.0 }},
            ]
            partly = [
                {{ quantity = "a", unit = "", op = ">=", value = 60.0 }},
                {{ quantity = "b", unit = "", op = "<", value = 30.0 }},
            ]
            partly_rule = "{rule}"
            "#
        );
        Claims::parse(&text).unwrap().claims.remove(0)
    }

    fn estimates(a: [f64; 3], b: [f64; 3]) -> [Estimate; 2] {
        let estimate =
            |quantity, [low, value, high]: [f64; 3]| Estimate { quantity, value, low, high };
        [estimate("a", a), estimate("b", b)]
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
            let ours = level(&claim(rule), &estimates(a, b)).unwrap();
            assert_eq!(ours, (expected, borderline), "{rule} {a:?} {b:?}");
        }
    }

    #[test]
    fn a_quantity_that_is_not_measured_is_an_error_that_names_it() {
        let message = level(&claim("all"), &estimates([0.0; 3], [0.0; 3])[..1]).unwrap_err();
        assert!(message.contains("c1: \"b\" is not measured"), "{message}");
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
