//! What a lesion changes: the untouched network on the same images, and the paired
//! difference.

use std::fmt::{Display, Formatter, Result};

use models::Predictions;
use record::stats::{Comparison, Interval, wilson};
use serde::Serialize;

/// The untouched network: fractions, nats, the 95 % Wilson interval of the error.
#[derive(Debug, Serialize)]
pub(crate) struct Intact {
    wrong: usize,
    error: f64,
    interval: Interval,
    pub(crate) cross_entropy: f64,
}

/// From the untouched network to the other one on the same images: the error's increase as
/// a fraction with its paired 95 % interval, the images whose answer became wrong and became
/// right, and McNemar's two-sided mid-p value for no difference.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    error: f64,
    interval: Interval,
    newly_wrong: u64,
    newly_right: u64,
    p: f64,
}

impl Intact {
    pub(crate) fn of(outcome: &Predictions) -> Intact {
        Intact {
            wrong: outcome.wrong(),
            error: outcome.error(),
            interval: wilson(outcome.wrong() as u64, outcome.images() as u64),
            cross_entropy: outcome.cross_entropy(),
        }
    }
}

impl Change {
    /// # Panics
    /// If the two are not of the same images.
    pub(crate) fn of(intact: &Predictions, outcome: &Predictions) -> Change {
        let right = |outcome: &Predictions| outcome.is_right.iter().copied().collect();
        let comparison = Comparison::of(&right(intact), &right(outcome));
        Change {
            error: comparison.difference(),
            interval: comparison.interval(),
            newly_wrong: comparison.newly_wrong,
            newly_right: comparison.newly_right,
            p: comparison.p(),
        }
    }
}

impl Display for Intact {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Intact { wrong, error, interval: Interval { low, high }, cross_entropy } = *self;
        let [error, low, high] = [error, low, high].map(|part| 100.0 * part);
        writeln!(
            f,
            "intact: wrong {wrong}, error {error:.2} % (95 % interval {low:.2} to {high:.2}), \
             cross-entropy {cross_entropy:.4}"
        )
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Change { error, interval: Interval { low, high }, newly_wrong, newly_right, p } = *self;
        let [error, low, high] = [error, low, high].map(|part| 100.0 * part);
        let p = if p < 1e-4 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") };
        writeln!(
            f,
            "change: {error:+.2} points (paired 95 % interval {low:+.2} to {high:+.2}), \
             {newly_wrong} newly wrong, {newly_right} newly right, McNemar {p}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_counted_image_by_image() {
        let of = |text: &str| Predictions {
            is_right: text.chars().map(|c| c == '1').collect(),
            losses: vec![0.5; text.len()],
        };
        let (intact, outcome) = (of("1110010011"), of("0010011010"));
        let change = Change::of(&intact, &outcome);
        assert_eq!((change.newly_wrong, change.newly_right), (3, 1));
        assert!((change.error - 0.2).abs() < 1e-15);
        assert!(change.to_string().starts_with("change: +20.00 points (paired"), "{change}");
        let intact = Intact::of(&intact);
        assert!(intact.to_string().starts_with("intact: wrong 4, error 40.00 % ("), "{intact}");
        let same = Change::of(&outcome, &outcome);
        assert_eq!((same.error, same.p), (0.0, 1.0));
    }
}
