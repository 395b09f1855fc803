//! The minimum of a smooth convex function: limited-memory BFGS.

use std::collections::VecDeque;

/// Pairs of a step and the change of the gradient over it that the curvature is known from.
const MEMORY: usize = 20;
/// Steps after which the minimum is given up.
const MOST_STEPS: u32 = 10_000;
/// Trials along one direction.
const MOST_TRIALS: u32 = 60;
/// What a step has to bring of what the slope promises, and how much flatter it has to be at
/// its end: the constants of Nocedal and Wright 2006, section 3.1.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;

/// Where a search has ended.
pub(super) struct Minimum {
    pub(super) at: Vec<f64>,
    /// The square of the gradient's norm there.
    pub(super) squared_gradient: f64,
    /// Steps that were taken.
    pub(super) steps: u32,
}

/// From `start` down to where the square of the gradient's norm is at most `enough`, or where
/// rounding hides any further descent. `f` gives the value and fills in the gradient.
///
/// # Reference
/// Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization"; the
/// search along a direction halves and doubles until both of Wolfe's conditions hold, as in
/// Lewis and Overton 2013, "Nonsmooth optimization via quasi-Newton methods".
pub(super) fn minimise(
    start: Vec<f64>,
    enough: f64,
    f: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
) -> Minimum {
    let mut gradient = vec![0.0; start.len()];
    let value = f(&start, &mut gradient);
    let mut here = Point { at: start, value, gradient };
    let (mut pairs, mut steps): (VecDeque<Pair>, u32) = (VecDeque::new(), 0);
    while dot(&here.gradient, &here.gradient) > enough && steps < MOST_STEPS {
        let direction = downhill(&pairs, &here.gradient);
        match search(&here, &direction, f) {
            Some(next) => {
                let step = minus(&next.at, &here.at);
                let change = minus(&next.gradient, &here.gradient);
                let curvature = dot(&step, &change);
                if curvature > 0.0 {
                    pairs.push_back(Pair { step, change, curvature });
                }
                if pairs.len() > MEMORY {
                    pairs.pop_front();
                }
                (here, steps) = (next, steps + 1);
            }
            // Once more straight down, without what was learnt of the curvature.
            None if !pairs.is_empty() => pairs.clear(),
            None => break,
        }
    }
    let squared_gradient = dot(&here.gradient, &here.gradient);
    Minimum { at: here.at, squared_gradient, steps }
}

struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// Their product, above 0.
    curvature: f64,
}

/// Against the gradient, by the curvature that the pairs tell: the two loops of Nocedal 1980.
fn downhill(pairs: &VecDeque<Pair>, gradient: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut parts = Vec::with_capacity(pairs.len());
    for Pair { step, change, curvature } in pairs.iter().rev() {
        let part = dot(step, &direction) / curvature;
        add(&mut direction, -part, change);
        parts.push(part);
    }
    if let Some(Pair { change, curvature, .. }) = pairs.back() {
        let scale = curvature / dot(change, change);
        direction.iter_mut().for_each(|v| *v *= scale);
    }
    for (Pair { step, change, curvature }, part) in pairs.iter().zip(parts.into_iter().rev()) {
        let back = dot(change, &direction) / curvature;
        add(&mut direction, part - back, step);
    }
    direction
}

/// A point along the direction that is low enough and flat enough; `None` if none is found.
fn search(
    from: &Point,
    direction: &[f64],
    f: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<Point> {
    let slope = dot(direction, &from.gradient);
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..MOST_TRIALS {
        let mut at = from.at.clone();
        add(&mut at, length, direction);
        let mut gradient = vec![0.0; at.len()];
        let value = f(&at, &mut gradient);
        let is_low = value <= from.value + DECREASE * length * slope;
        if !is_low {
            high = length;
        } else if dot(direction, &gradient) < CURVATURE * slope {
            low = length;
        } else {
            return Some(Point { at, value, gradient });
        }
        length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * length };
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sum k_i (x_i - i)^2 / 2` with curvatures over four orders of magnitude: its minimum is
    /// known, and the square of its gradient bounds the excess.
    #[test]
    fn the_minimum_of_a_quadratic_function_is_found() {
        let curvature = |i: usize| libm::exp(i as f64);
        let mut calls = 0;
        let mut f = |x: &[f64], g: &mut [f64]| {
            calls += 1;
            for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
                *g = curvature(i) * (x - i as f64);
            }
            x.iter()
                .enumerate()
                .map(|(i, x)| 0.5 * curvature(i) * (x - i as f64) * (x - i as f64))
                .sum()
        };
        let found = minimise(vec![3.0; 10], 1e-20, &mut f);
        assert!(found.squared_gradient <= 1e-20, "{}", found.squared_gradient);
        for (i, x) in found.at.iter().enumerate() {
            assert!((x - i as f64).abs() <= 1e-10, "{i}: {x}");
        }
        assert!(found.steps > 1 && calls < 200, "{} steps, {calls} calls", found.steps);
    }

    /// `sum log cosh`: far from the minimum the slope says little of how far it is.
    #[test]
    fn a_function_that_is_not_quadratic_is_minimised_from_afar() {
        let mut f = |x: &[f64], g: &mut [f64]| {
            g.iter_mut().zip(x).for_each(|(g, x)| *g = libm::tanh(*x));
            x.iter().map(|x| x.abs() + libm::log1p(libm::exp(-2.0 * x.abs()))).sum()
        };
        let found = minimise(vec![40.0, -700.0, 0.3], 1e-16, &mut f);
        assert!(found.at.iter().all(|x| x.abs() < 1e-7), "{:?}", found.at);
    }

    #[test]
    fn a_start_at_the_minimum_takes_no_step() {
        let mut f = |x: &[f64], g: &mut [f64]| {
            g[0] = x[0];
            0.5 * x[0] * x[0]
        };
        assert_eq!(minimise(vec![0.0], 0.0, &mut f).steps, 0);
    }

    /// Where no step brings what the gradient promises, the search ends and says where.
    #[test]
    fn a_gradient_that_leads_uphill_ends_the_search() {
        let mut f = |x: &[f64], g: &mut [f64]| {
            g[0] = x[0];
            -0.5 * x[0] * x[0]
        };
        let found = minimise(vec![1.0], 1e-30, &mut f);
        assert_eq!((found.steps, found.squared_gradient), (0, 1.0));
    }
}
