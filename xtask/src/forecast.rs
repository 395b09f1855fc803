//! What an experiment would do and take, without running it: plans, multiplications,
//! and the time on this machine as it is now.

use std::time::{Duration, Instant};

use data::Dataset;
use lesion::{Cost, Experiment, PlanSweep, Subject};
use models::{EVAL_GROUP, Plan};

use crate::plan_text::described;

/// Plans listed in a text; of more the rest is counted.
const LISTED: usize = 12;

/// Groups of images in a batch for each thread, and batches measured, or fewer if they
/// take long enough.
const GROUPS: usize = 2;
const BATCHES: usize = 4;
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// The work of an experiment, and the pace at which it would be done.
pub(crate) struct Forecast {
    /// The plans in words, in the experiment's order.
    pub(crate) plans: Vec<String>,
    /// How many of them differ.
    pub(crate) distinct: usize,
    /// The work on all images.
    pub(crate) cost: Cost,
    /// The pace.
    pub(crate) speed: Speed,
}

/// How fast the intact network is evaluated.
pub(crate) struct Speed {
    /// Multiplications in a second.
    pub(crate) macs_per_second: f64,
    /// Images evaluated to measure it.
    pub(crate) images: usize,
    /// Threads that it was measured on.
    pub(crate) threads: usize,
}

impl Forecast {
    /// The forecast of an experiment, from a short measurement on the threads of the
    /// current pool.
    pub(crate) fn of(experiment: &Experiment, subject: &Subject, images: &Dataset) -> Forecast {
        let parts = experiment.parts(subject, images);
        let plans = parts.iter().flat_map(|part| part.sweep.plans());
        Forecast {
            plans: plans.map(|plan| described(plan, &subject.model)).collect(),
            distinct: parts.iter().map(|part| part.sweep.distinct()).sum(),
            cost: parts.iter().map(|part| part.cost(&subject.model)).sum(),
            speed: Speed::measure(subject, images),
        }
    }

    /// The time that the work should take.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.cost.macs as f64 / self.speed.macs_per_second)
    }

    /// The number of plans, then the plans, one a line, a long list cut.
    pub(crate) fn list(&self) -> String {
        let mut text = format!("plans: {}", self.plans.len());
        if self.distinct < self.plans.len() {
            text += &format!(", {} of them different", self.distinct);
        }
        text += "\n";
        for plan in self.plans.iter().take(LISTED) {
            text += &format!("  {plan}\n");
        }
        if self.plans.len() > LISTED {
            text += &format!("  and {} more\n", self.plans.len() - LISTED);
        }
        text
    }
}

impl Speed {
    fn measure(subject: &Subject, images: &Dataset) -> Speed {
        let model = &subject.model;
        let intact = PlanSweep::new(model, vec![Plan::intact(model)]);
        let intact = intact.expect("the intact plan is one of its model");
        let evaluate = |batch| drop(intact.evaluate(model, [batch], &mut |_| {}));
        // Much less than an evaluation's batches, yet work for all threads.
        let size = GROUPS * EVAL_GROUP * tensor::threads::count();
        // The first batch starts the threads and warms the caches.
        subject.batches(images, size).take(1).for_each(evaluate);
        let (start, mut n) = (Instant::now(), 0);
        for batch in subject.batches(images, size).take(BATCHES) {
            n += batch.1.len();
            evaluate(batch);
            if start.elapsed() > LONG_ENOUGH {
                break;
            }
        }
        let macs = model.macs() as f64 * n as f64;
        let macs_per_second = macs / start.elapsed().as_secs_f64().max(1e-9);
        Speed { macs_per_second, images: n, threads: tensor::threads::count() }
    }
}

/// Multiplications with and without sharing.
pub(crate) fn told_cost(cost: &Cost) -> String {
    let giga = |macs: u64| macs as f64 / 1e9;
    format!(
        "{:.1} GMAC instead of {:.1} plan by plan ({:.2} times fewer)",
        giga(cost.macs),
        giga(cost.macs_one_by_one),
        cost.ratio()
    )
}

/// A duration as people say it, to the second, from an hour on to the minute.
pub(crate) fn told_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        return "less than 1s".to_owned();
    }
    let unit = if seconds < 3600.0 { 1.0 } else { 60.0 };
    let rounded = Duration::from_secs((seconds / unit).round() as u64 * unit as u64);
    humantime::format_duration(rounded).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded() {
        let cases = [
            (0.4, "less than 1s"),
            (1.4, "1s"),
            (83.6, "1m 24s"),
            (3599.9, "1h"),
            (7290.0, "2h 2m"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(told_time(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn costs_are_told_with_and_without_sharing() {
        let cost = Cost { passes: 9, macs: 1_250_000_000, macs_one_by_one: 2_500_000_000 };
        assert_eq!(told_cost(&cost), "1.2 GMAC instead of 2.5 plan by plan (2.00 times fewer)");
    }
}
