//! The learning rate over the course of a training.

use serde::{Deserialize, Serialize};

/// A learning rate as a function of the step: linear warm-up, then a shape.
///
/// ```
/// use nn::optim::{Schedule, Shape};
///
/// let schedule = Schedule { peak: 0.1, warm_up: 0.25, shape: Shape::OneCycle };
/// let rates: Vec<f64> = (0..8).map(|step| schedule.rate(step, 8)).collect();
/// assert_eq!((rates[0], rates[2]), (0.05, 0.1));
/// assert!(rates[2..].is_sorted_by(|a, b| a > b));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// The fraction of all steps during which the rate climbs linearly from 0.
    pub warm_up: f64,
    /// What happens after the warm-up.
    pub shape: Shape,
}

/// The course of the rate after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Times `factor` at each milestone, given as a fraction of all steps
    /// (He et al. 2015: 0.1 at 0.5 and 0.75).
    Step {
        /// Fractions of all steps, ascending.
        milestones: Vec<f64>,
        /// The factor at each.
        factor: f64,
    },
    /// Half a cosine down to 0 (Loshchilov and Hutter 2017).
    Cosine,
    /// Linearly down to 0; with a warm-up of a quarter or so the one-cycle
    /// policy (Smith and Topin 2018).
    OneCycle,
}

impl Schedule {
    /// The learning rate of `step` (from 0) of `steps`.
    pub fn rate(&self, step: u64, steps: u64) -> f64 {
        let done = step as f64 / steps as f64;
        // The first step already moves: rates are those at a step's end.
        let climbed = (step + 1) as f64 / (self.warm_up * steps as f64).max(1.0);
        if done < self.warm_up && climbed < 1.0 {
            return self.peak * climbed;
        }
        let left = ((1.0 - done) / (1.0 - self.warm_up)).clamp(0.0, 1.0);
        self.peak
            * match &self.shape {
                Shape::Step { milestones, factor } => {
                    milestones.iter().filter(|&&m| done >= m).map(|_| factor).product()
                }
                Shape::Cosine => 0.5 - 0.5 * libm::cos(std::f64::consts::PI * left),
                Shape::OneCycle => left,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(warm_up: f64, shape: Shape) -> Vec<f64> {
        let schedule = Schedule { peak: 0.1, warm_up, shape };
        (0..100).map(|step| schedule.rate(step, 100)).collect()
    }

    #[test]
    fn steps_fall_at_their_milestones() {
        let rates = rates(0.0, Shape::Step { milestones: vec![0.5, 0.75], factor: 0.1 });
        let expected = [(0, 0.1), (49, 0.1), (50, 0.01), (74, 0.01), (75, 0.001), (99, 0.001)];
        for (step, rate) in expected {
            assert!((rates[step] - rate).abs() < 1e-12, "step {step}: {}", rates[step]);
        }
    }

    #[test]
    fn cosine_and_one_cycle_climb_to_the_peak_and_end_near_zero() {
        for shape in [Shape::Cosine, Shape::OneCycle] {
            let rates = rates(0.2, shape);
            assert!(rates[..20].is_sorted() && rates[20..].iter().rev().is_sorted(), "{rates:?}");
            assert!((rates[19] - 0.1).abs() < 1e-12 && rates[0] > 0.0 && rates[99] < 0.002);
            assert!((rates[60] - 0.05).abs() < 1e-12, "half way down: {}", rates[60]);
        }
    }

    #[test]
    fn a_warm_up_of_any_length_never_passes_the_peak_and_always_moves() {
        let shapes = [
            Shape::Step { milestones: vec![0.5, 0.75], factor: 0.1 },
            Shape::Cosine,
            Shape::OneCycle,
        ];
        for shape in shapes {
            for warm_up in [0.0, 0.001, 0.01, 0.25, 0.6, 1.0] {
                for (step, rate) in rates(warm_up, shape.clone()).into_iter().enumerate() {
                    let place = format!("{shape:?}, warm-up {warm_up}, step {step}: {rate}");
                    assert!(rate > 0.0 && rate <= 0.1 + 1e-15, "{place}");
                }
            }
        }
    }

    #[test]
    fn a_warm_up_shorter_than_a_step_is_none() {
        for shape in [Shape::Cosine, Shape::OneCycle] {
            let rates = rates(0.001, shape);
            assert!((rates[0] - 0.1).abs() < 1e-12, "{}", rates[0]);
        }
    }

    #[test]
    fn a_schedule_comes_back_from_its_json() {
        let text =
            r#"{"peak":0.1,"warm_up":0.05,"shape":{"step":{"milestones":[0.5],"factor":0.1}}}"#;
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        assert_eq!(schedule.shape, Shape::Step { milestones: vec![0.5], factor: 0.1 });
        assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
        let cycle = serde_json::from_str::<Shape>(r#""one-cycle""#).unwrap();
        assert_eq!(cycle, Shape::OneCycle);
    }
}
