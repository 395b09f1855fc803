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
}

impl Axis {
    /// An axis with numbers at about five round places: steps of 1, 2 or 5 times a power
    /// of ten.
    pub fn new(name: impl Into<String>, from: f64, to: f64) -> Axis {
        let span = (to - from).abs();
        let usable = span.is_finite() && span > 0.0;
        let ticks = if usable { round_places(from.min(to), from.max(to)) } else { Vec::new() };
        Axis { name: name.into(), from, to, ticks }
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
        Axis { name: name.into(), from: 0.4, to: n as f64 + 0.6, ticks }
    }

    /// Each tick with its number, all with as many decimals as one of them needs.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        let exact = |digits: usize| {
            let scale = 10_f64.powi(digits as i32);
            self.ticks.iter().all(|tick| {
                (tick * scale - (tick * scale).round()).abs() <= 1e-9 * (tick * scale).abs()
            })
        };
        let digits = (0..6).find(|digits| exact(*digits)).unwrap_or(6);
        self.ticks.iter().map(|tick| (*tick, words::decimal(*tick, digits))).collect()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Axis { name, from, to, ticks } = self;
        if !(from.is_finite() && to.is_finite() && from != to) {
            return Err(format!("axis {name:?} runs from {from} to {to}, expected two numbers"));
        }
        ticks.iter().try_for_each(|tick| self.check_within(*tick, "a tick"))
    }

    pub(super) fn check_within(&self, value: f64, label: &str) -> Result<(), String> {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        let slack = 1e-9 * (high - low);
        if value >= low - slack && value <= high + slack {
            return Ok(());
        }
        let name = &self.name;
        Err(format!("{label}: {value} is not on axis {name:?}, which runs from {low} to {high}"))
    }
}

/// Multiples of a round step between `low` and `high`.
fn round_places(low: f64, high: f64) -> Vec<f64> {
    let wanted = (high - low) / 5.0;
    // Powers of ten without a logarithm, whose last bit differs between machines.
    let mut power = 1.0;
    while power > wanted {
        power /= 10.0;
    }
    while power * 10.0 <= wanted {
        power *= 10.0;
    }
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    let step = steps.into_iter().find(|step| *step >= 0.999 * wanted).unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    // Dividing by the inverse gives the nearest number to 0.06, not 3 * 0.02.
    let place = |i: i64| if step < 1.0 { i as f64 / (1.0 / step).round() } else { i as f64 * step };
    (first..=last).map(place).collect()
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
    fn ends_that_are_not_a_range_are_refused() {
        for (from, to) in [(1.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(Axis::new("x", from, to).check().is_err(), "{from} to {to}");
        }
    }
}
