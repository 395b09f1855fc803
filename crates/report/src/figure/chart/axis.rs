//! An axis: its name, its ends and where it has numbers.

use crate::words;

/// One of the two axes of a chart. It runs backwards where `from` is above `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with the unit.
    pub name: String,
    /// The value at the left or lower end.
    pub from: f64,
    /// The value at the right or upper end.
    pub to: f64,
    /// Where it has a number.
    pub ticks: Vec<f64>,
    /// What stands at the ticks instead of their numbers, one for each; empty for the
    /// numbers.
    pub names: Vec<String>,
    /// Whether equal factors lie equally far apart, rather than equal differences.
    pub log: bool,
}

impl Axis {
    /// An axis with numbers at about five round places: steps of 1, 2 or 5 times a power
    /// of ten.
    pub fn new(name: impl Into<String>, from: f64, to: f64) -> Axis {
        let span = (to - from).abs();
        let usable = span.is_finite() && span > 0.0;
        let ticks = if usable { round_places(from.min(to), from.max(to)) } else { Vec::new() };
        Axis { name: name.into(), from, to, ticks, names: Vec::new(), log: false }
    }

    /// An axis with round ends around these values, a little further where they are equal.
    pub fn around(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let (low, high) = ends(values);
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
        let step = round_step(high - low);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let ticks: Vec<f64> = (first as i64..=last as i64).map(|i| multiple(i, step)).collect();
        let (from, to) = (multiple(first as i64, step), multiple(last as i64, step));
        Axis { name: name.into(), from, to, ticks, names: Vec::new(), log: false }
    }

    /// An axis of factors with round ends around the values above 0: numbers at 1, 2 and 5
    /// times the powers of ten, or at the powers of ten where it spans more than two.
    pub fn log(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let (low, high) = ends(values.into_iter().filter(|value| *value > 0.0));
        let (low, high) = if low.is_finite() { (low, high) } else { (1.0, 1.0) };
        let mut from = round_factors().take_while(|place| *place <= low).last().unwrap_or(low);
        let to = round_factors().find(|place| *place >= high).unwrap_or(high);
        if from == to {
            from /= 10.0;
        }
        let is_long = to / from > 101.0;
        let is_tick = |place: &f64| {
            *place >= 0.999 * from && *place <= 1.001 * to && (!is_long || is_power(*place))
        };
        let ticks = round_factors().filter(is_tick).collect();
        Axis { name: name.into(), from, to, ticks, names: Vec::new(), log: true }
    }

    /// An axis of things, at 1, 2, 3 and so on.
    pub fn named(name: impl Into<String>, names: Vec<String>) -> Axis {
        let ticks = (1..=names.len()).map(|place| place as f64).collect();
        let to = names.len() as f64 + 0.6;
        Axis { name: name.into(), from: 0.4, to, ticks, names, log: false }
    }

    /// An axis of the numbers 1 to `n`: all of them have a number up to 20, else 1 and the
    /// tens, or the fifties from 121 on.
    pub fn counting(name: impl Into<String>, n: usize) -> Axis {
        let ticks: Vec<usize> = if n <= 20 {
            (1..=n).collect()
        } else {
            let step = if n <= 120 { 10 } else { 50 };
            std::iter::once(1).chain((step..=n).step_by(step)).collect()
        };
        let ticks = ticks.into_iter().map(|tick| tick as f64).collect();
        let (from, to) = (0.4, n as f64 + 0.6);
        Axis { name: name.into(), from, to, ticks, names: Vec::new(), log: false }
    }

    /// Each tick with its name, or with its number: all with as many decimals as one of
    /// them needs, or each with its own on an axis of factors.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            return self.ticks.iter().copied().zip(self.names.iter().cloned()).collect();
        }
        let digits = |ticks: &[f64]| {
            let exact = |digits: usize| {
                let scale = 10_f64.powi(digits as i32);
                ticks.iter().all(|tick| {
                    (tick * scale - (tick * scale).round()).abs() <= 1e-9 * (tick * scale).abs()
                })
            };
            (0..6).find(|digits| exact(*digits)).unwrap_or(6)
        };
        let shared = digits(&self.ticks);
        let of = |tick: f64| if self.log { digits(&[tick]) } else { shared };
        self.ticks.iter().map(|&tick| (tick, words::decimal(tick, of(tick)))).collect()
    }

    /// Where a value lies on a ruler of equal distances.
    pub(super) fn place(&self, value: f64) -> f64 {
        // Of the package rather than of the system, so that it has the same bits everywhere.
        if self.log { libm::log10(value) } else { value }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Axis { name, from, to, ticks, names, log } = self;
        if !(from.is_finite() && to.is_finite() && from != to) {
            return Err(format!("axis {name:?} runs from {from} to {to}, expected two numbers"));
        }
        if *log && from.min(*to) <= 0.0 {
            return Err(format!("axis {name:?} of factors runs from {from} to {to}"));
        }
        if !names.is_empty() && names.len() != ticks.len() {
            let (names, ticks) = (names.len(), ticks.len());
            return Err(format!("axis {name:?} has {names} names for {ticks} ticks"));
        }
        ticks.iter().try_for_each(|tick| self.check_within(*tick, "a tick"))
    }

    pub(super) fn check_within(&self, value: f64, label: &str) -> Result<(), String> {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        let slack = 1e-9 * if self.log { low } else { high - low };
        if value >= low - slack && value <= high + slack {
            return Ok(());
        }
        let name = &self.name;
        Err(format!("{label}: {value} is not on axis {name:?}, which runs from {low} to {high}"))
    }
}

/// The smallest and the largest value.
fn ends(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// 1, 2 and 5 times the powers of ten from 10^-9 to 10^9, rising.
fn round_factors() -> impl Iterator<Item = f64> {
    (-9..10_i32).flat_map(|power| {
        let scale = 10_f64.powi(power.abs());
        [1.0, 2.0, 5.0].map(|factor| if power < 0 { factor / scale } else { factor * scale })
    })
}

/// Whether one of the [`round_factors`] is a power of ten.
fn is_power(place: f64) -> bool {
    round_factors().step_by(3).any(|power| power == place)
}

/// About a fifth of a span: 1, 2 or 5 times a power of ten.
fn round_step(span: f64) -> f64 {
    let wanted = span / 5.0;
    // Powers of ten without a logarithm, whose last bit differs between machines.
    let mut power = 1.0;
    while power > wanted {
        power /= 10.0;
    }
    while power * 10.0 <= wanted {
        power *= 10.0;
    }
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= 0.999 * wanted).unwrap_or(10.0 * power)
}

/// Multiples of a round step between `low` and `high`.
fn round_places(low: f64, high: f64) -> Vec<f64> {
    let step = round_step(high - low);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| multiple(i, step)).collect()
}

/// A multiple of a round step. Dividing by the inverse gives the nearest number to 0.06, not
/// 3 * 0.02.
fn multiple(i: i64, step: f64) -> f64 {
    if step < 1.0 { i as f64 / (1.0 / step).round() } else { i as f64 * step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let cases: [(f64, f64, &[&str]); 6] = [
            (0.0, 100.0, &["0", "20", "40", "60", "80", "100"]),
            (0.0, 1.0, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (1.0, 0.8, &["0.80", "0.85", "0.90", "0.95", "1.00"]),
            (-3.0, 2.0, &["\u{2212}3", "\u{2212}2", "\u{2212}1", "0", "1", "2"]),
            (0.0, 0.01, &["0.000", "0.002", "0.004", "0.006", "0.008", "0.010"]),
            (0.0, 54.0, &["0", "20", "40"]),
        ];
        for (from, to, expected) in cases {
            let axis = Axis::new("x", from, to);
            let labels: Vec<String> = axis.labels().into_iter().map(|(_, label)| label).collect();
            assert_eq!(labels, expected, "{from} to {to}");
            axis.check().unwrap();
        }
    }

    #[test]
    fn counting_numbers_all_units_of_a_short_network_and_tens_of_a_long_one() {
        assert_eq!(Axis::counting("unit", 3).ticks, [1.0, 2.0, 3.0]);
        assert_eq!(Axis::counting("unit", 54).ticks, [1.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    }

    #[test]
    fn an_axis_around_values_has_round_ends() {
        let cases: [(&[f64], f64, f64); 4] = [
            (&[0.3, 9.2], 0.0, 10.0),
            (&[-0.31, 1.9], -0.5, 2.0),
            (&[2.0], 1.4, 2.6),
            (&[0.0, 0.1], 0.0, 0.1),
        ];
        for (values, from, to) in cases {
            let axis = Axis::around("x", values.iter().copied());
            let off = (axis.from - from).abs().max((axis.to - to).abs());
            assert!(off < 1e-9, "{values:?}: {} to {}", axis.from, axis.to);
            // The ends have numbers.
            let ends = [axis.ticks[0], axis.ticks[axis.ticks.len() - 1]];
            assert_eq!(ends, [axis.from, axis.to], "{values:?}");
            axis.check().unwrap();
        }
    }

    #[test]
    fn an_axis_of_factors_has_round_ends_and_numbers() {
        let cases: [(&[f64], &[&str]); 4] = [
            (&[0.07, 0.6], &["0.05", "0.1", "0.2", "0.5", "1"]),
            (&[0.003, 4.0], &["0.01", "0.1", "1"]),
            (&[-1.0, 0.0, 0.2], &["0.02", "0.05", "0.1", "0.2"]),
            (&[-1.0], &["0.1", "0.2", "0.5", "1"]),
        ];
        for (values, expected) in cases {
            let axis = Axis::log("x", values.iter().copied());
            let labels: Vec<String> = axis.labels().into_iter().map(|(_, label)| label).collect();
            assert_eq!(labels, expected, "{values:?}");
            axis.check().unwrap();
            let above = values.iter().filter(|value| **value > 0.0);
            above.for_each(|value| axis.check_within(*value, "x").unwrap());
        }
        let (one, ten) = (Axis::log("x", [1.0, 100.0]), 10.0);
        assert_eq!([one.place(1.0), one.place(ten), one.place(100.0)], [0.0, 1.0, 2.0]);
        let message = Axis { from: 0.0, ..one }.check().unwrap_err();
        assert!(message.contains("of factors runs from 0 to 100"), "{message}");
    }

    #[test]
    fn things_stand_at_their_places() {
        let axis = Axis::named("x", vec!["a".into(), "b".into()]);
        assert_eq!(axis.labels(), [(1.0, "a".to_string()), (2.0, "b".to_string())]);
        assert!(Axis { ticks: vec![1.0], ..axis }.check().is_err());
    }

    #[test]
    fn ends_that_are_not_a_range_are_refused() {
        for (from, to) in [(1.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(Axis::new("x", from, to).check().is_err(), "{from} to {to}");
        }
    }
}
