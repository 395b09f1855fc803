//! Random draws in groups, for instance one for each number of deleted units: the draws
//! are the unit of the statistics, their means and quartiles what is shown.

use maud::{Markup, html};
use record::stats::{Interval, bootstrap, mean, quantile, spearman};

use super::Estimate;
use crate::ReportError;
use crate::words;

/// Draws that have something in common.
pub(super) struct Group {
    /// What they have in common, as a number.
    pub(super) x: f64,
    /// The same in words.
    pub(super) label: String,
    /// The error of each draw, as a fraction; at least one.
    pub(super) errors: Vec<f64>,
}

impl Group {
    /// The mean error, with the bootstrap's interval over the draws.
    pub(super) fn mean(&self) -> Estimate {
        estimate(&[self], |means| means[0]).expect("a group has draws")
    }

    pub(super) fn quantile(&self, p: f64) -> f64 {
        quantile(&self.errors, p).expect("a group has draws")
    }

    /// Lower and upper quartile.
    pub(super) fn quartiles(&self) -> Interval {
        Interval { low: self.quantile(0.25), high: self.quantile(0.75) }
    }
}

/// A statistic of the groups' mean errors, with the bootstrap's interval over the draws.
/// `None` where it has no value.
fn estimate(groups: &[&Group], of: impl Fn(&[f64]) -> f64) -> Option<Estimate> {
    let statistic = |draws: &[Vec<f64>]| {
        let means: Option<Vec<f64>> = draws.iter().map(|draws| mean(draws)).collect();
        Some(of(&means?)).filter(|value| value.is_finite())
    };
    let draws: Vec<Vec<f64>> = groups.iter().map(|group| group.errors.clone()).collect();
    let Interval { low, high } = bootstrap(&draws, statistic)?;
    Some(Estimate { value: statistic(&draws)?, low, high })
}

/// Spearman's correlation of the mean error with what the groups have in common.
pub(super) fn rank_correlation(groups: &[Group]) -> Result<Estimate, ReportError> {
    let groups: Vec<&Group> = groups.iter().collect();
    let of = |means: &[f64]| {
        let pairs: Vec<_> =
            groups.iter().zip(means).map(|(group, mean)| (group.x, *mean)).collect();
        spearman(&pairs).unwrap_or(f64::NAN)
    };
    estimate(&groups, of).ok_or_else(|| too_few("two groups of draws with different errors"))
}

/// The largest difference between the mean errors of neighbouring groups, in points.
pub(super) fn largest_step(groups: &[Group]) -> Result<Estimate, ReportError> {
    let groups: Vec<&Group> = groups.iter().collect();
    let of = |means: &[f64]| {
        let steps = means.windows(2).map(|pair| 100.0 * (pair[1] - pair[0]).abs());
        steps.reduce(f64::max).unwrap_or(f64::NAN)
    };
    estimate(&groups, of).ok_or_else(|| too_few("two groups of draws"))
}

/// The mean error of one group over that of another.
pub(super) fn ratio(of: &Group, over: &Group) -> Result<Estimate, ReportError> {
    let ratio = estimate(&[of, over], |means| means[0] / means[1]);
    ratio.ok_or_else(|| too_few("draws with an error above 0"))
}

fn too_few(needed: &str) -> ReportError {
    ReportError::Lacking(format!("needs {needed}"))
}

/// The groups for the terminal, one a line under `heading`.
pub(super) fn lines(groups: &[Group], heading: &str) -> String {
    let mut text = format!(
        "{heading:>16} {:>6} {:>8} {:>16} {:>8}  95 % interval of the mean\n",
        "draws", "median", "quartiles", "mean"
    );
    for group in groups {
        let (mean, quartiles) = (group.mean(), group.quartiles());
        text += &format!(
            "{:>16} {:6} {:8.2} {:>16} {:8.2}  {:.2} to {:.2}\n",
            group.label,
            group.errors.len(),
            100.0 * group.quantile(0.5),
            format!("{:.2} to {:.2}", 100.0 * quartiles.low, 100.0 * quartiles.high),
            100.0 * mean.value,
            100.0 * mean.low,
            100.0 * mean.high
        );
    }
    text
}

/// The groups for the page, one a row under `heading`.
pub(super) fn table(groups: &[Group], heading: &str) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { (heading) } th.num { "Draws" } th.num { "Median" }
                        th.num { "Quartiles" } th.num { "Mean" }
                    }
                }
                tbody {
                    @for group in groups {
                        @let mean = group.mean();
                        tr {
                            td.num { (group.label) }
                            td.num { (group.errors.len()) }
                            td.num { b { (words::percent(group.quantile(0.5))) } }
                            td.num { (words::percent_interval(group.quartiles())) }
                            td.num {
                                b { (words::percent(mean.value)) }
                                small { (words::percent_interval(Interval { low: mean.low, high: mean.high })) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(x: f64, errors: &[f64]) -> Group {
        Group { x, label: x.to_string(), errors: errors.to_vec() }
    }

    #[test]
    fn statistics_are_those_of_the_means() {
        let groups =
            [group(1.0, &[0.1, 0.2]), group(2.0, &[0.3, 0.3]), group(3.0, &[0.2, 0.6, 0.7])];
        assert_eq!(rank_correlation(&groups).unwrap().value, 1.0);
        // Means 0.15, 0.3 and 0.5.
        let step = largest_step(&groups).unwrap();
        assert!((step.value - 20.0).abs() < 1e-12 && step.low <= 20.0 && step.high >= 20.0);
        assert!((ratio(&groups[2], &groups[0]).unwrap().value - 0.5 / 0.15).abs() < 1e-12);
        let mean = groups[1].mean();
        assert_eq!([mean.value, mean.low, mean.high], [0.3; 3], "draws that agree leave no doubt");
    }

    #[test]
    fn what_cannot_be_measured_is_lacking() {
        let one = [group(1.0, &[0.1, 0.2])];
        let equal = [group(1.0, &[0.1]), group(2.0, &[0.1])];
        for lacking in [rank_correlation(&one), largest_step(&one), rank_correlation(&equal)] {
            assert!(matches!(lacking, Err(ReportError::Lacking(_))), "{lacking:?}");
        }
        assert!(ratio(&one[0], &group(0.0, &[0.0])).is_err());
    }
}
