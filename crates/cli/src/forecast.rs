//! What a question would take, without answering it: multiplications, and the time on
//! this machine as it is now.

use std::time::{Duration, Instant};

use data::Dataset;
use lesion::{Cost, Lesion, PrefixTree, Question, Replacement, Statistics, Subject, Work};
use models::{EVAL_GROUP, Plan};

use crate::plan_text::described;

/// Plans listed in a text; of more the rest is counted.
const LISTED: usize = 12;

/// Groups of images in a batch for each thread, and batches measured, or fewer if they
/// take long enough.
const GROUPS: usize = 2;
const BATCHES: usize = 4;
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// Multiplications in a second, assumed where no network runs.
const ASSUMED: f64 = 1e9;

/// How fast the intact network is evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Multiplications in a second.
    pub(crate) macs_per_second: f64,
    /// Images evaluated to measure it.
    pub(crate) images: usize,
    /// Threads that it was measured on.
    pub(crate) threads: usize,
}

/// The paces of networks, each measured once.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    measured: Vec<(String, Pace)>,
}

impl Paces {
    /// The time that a question should take on the threads of the current pool. A skipped
    /// block counts nothing though its norms and sums may run, so it is a guide.
    pub(crate) fn expect(&mut self, question: &Question) -> Duration {
        let inputs = question.inputs();
        let seconds = question.work().iter().map(|work| {
            let network = match work {
                Work::Lesions { network, .. } => inputs.networks.get(*network),
                Work::Items { .. } => inputs.networks.first(),
            };
            // Any images will do to see how fast a network runs.
            let images = inputs.test.as_ref().or(inputs.training.as_ref());
            let pace = network.zip(images).map(|(n, images)| self.of(n, images));
            let macs_per_second = pace.map_or(ASSUMED, |pace| pace.macs_per_second);
            work.cost(inputs).macs as f64 / macs_per_second
        });
        Duration::from_secs_f64(seconds.sum())
    }

    /// The pace of a network, from a short measurement if it was not measured before.
    pub(crate) fn of(&mut self, subject: &Subject, images: &Dataset) -> Pace {
        let sum = &subject.weights.sha256;
        if let Some((_, pace)) = self.measured.iter().find(|(known, _)| known == sum) {
            return *pace;
        }
        let pace = Pace::measure(subject, images);
        self.measured.push((sum.clone(), pace));
        pace
    }
}

impl Pace {
    fn measure(subject: &Subject, images: &Dataset) -> Pace {
        let model = &subject.model;
        let intact = PrefixTree::new(model, vec![Plan::intact(model)]);
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
        Pace { macs_per_second, images: n, threads: tensor::threads::count() }
    }
}

/// Every lesion of a question in words, in the experiment's order.
pub(crate) fn lesions_in_words(question: &Question) -> Vec<String> {
    question.lesions().map(|(subject, lesion)| in_words(subject, lesion)).collect()
}

fn in_words(subject: &Subject, lesion: &Lesion) -> String {
    let mut text = described(&lesion.plan, &subject.model);
    if lesion.branch_scale.is_some() {
        text += "; other branch scales";
    }
    for Replacement { unit, place, .. } in &lesion.replacements {
        text += &format!("; {place:?} of {unit} replaced");
    }
    if let Statistics::Reestimated { batches } = lesion.statistics {
        text += &format!("; statistics re-estimated on {batches} batches");
    }
    text
}

/// What is to be done, one lesion a line, a long list cut, then the items if any.
pub(crate) fn list(question: &Question, lesions: &[String]) -> String {
    let mut text = String::new();
    if !lesions.is_empty() {
        let distinct = question.distinct();
        text += &format!("plans: {}", lesions.len());
        if distinct < lesions.len() {
            text += &format!(", {distinct} of them different");
        }
        text += "\n";
    }
    for lesion in lesions.iter().take(LISTED) {
        text += &format!("  {lesion}\n");
    }
    if lesions.len() > LISTED {
        text += &format!("  and {} more\n", lesions.len() - LISTED);
    }
    for work in question.work() {
        if let Work::Items { label, count, .. } = work {
            text += &format!("items: {count}, {label}\n");
        }
    }
    text
}

/// Multiplications with and without sharing.
pub(crate) fn cost_in_words(cost: &Cost) -> String {
    let giga = |macs: u64| macs as f64 / 1e9;
    format!(
        "{:.1} GMAC instead of {:.1} plan by plan ({:.2} times fewer)",
        giga(cost.macs),
        giga(cost.macs_one_by_one),
        cost.ratio()
    )
}

/// A duration as people say it, to the second, from an hour on to the minute.
pub(crate) fn time_in_words(time: Duration) -> String {
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
            assert_eq!(time_in_words(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn costs_are_given_with_and_without_sharing() {
        let cost = Cost { macs: 1_250_000_000, macs_one_by_one: 2_500_000_000 };
        assert_eq!(cost_in_words(&cost), "1.2 GMAC instead of 2.5 plan by plan (2.00 times fewer)");
    }
}
