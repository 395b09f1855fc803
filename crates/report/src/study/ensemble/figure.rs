//! Error against the fraction removed: blocks of a network, members of an ensemble.

use record::stats::Interval;
use record::{DeleteMany, Ensemble, Record};

use super::members_in_words;
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::study::Estimate;
use crate::study::draws::Group;
use crate::{ReportError, words};

/// Draws a `delete-many` record and an `ensemble` record, in this order.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let [deletions, ensemble] = records else {
        let given = records.len();
        return Err(ReportError::Networks { expected: "a network and the ensemble", given });
    };
    let (network, members): (DeleteMany, Ensemble) = (deletions.answer()?, ensemble.answer()?);
    let name = deletions.key.networks.first().map_or("", |network| &network.name);
    let label = members_in_words(ensemble);
    let chance = deletions.key.images.first().map_or(1.0, |images| images.chance());
    let intact = network.intact.error();
    let (blocks, draws) = (network.pool.len(), network.counts.iter().map(|c| c.draws.len()).max());
    let level = |error: f64, what: &str, series| Level {
        y: 100.0 * error,
        label: format!("{what} {}", words::percent(error)),
        series,
    };
    Lines {
        title: "Losing blocks, and losing members".into(),
        subtitle: format!(
            "up to {} for each number of blocks; every subset of the ensemble; {} test images",
            words::plural(draws.unwrap_or(0), "draw"),
            words::count(network.images as u64)
        ),
        x: Axis::new("removed (% of the blocks, of the members)", 0.0, 100.0),
        y: Axis::new("test error (%)", 0.0, 100.0),
        series: vec![
            blocks_lost(&network, format!("{name}, of {}", words::plural(blocks, "block"))),
            members_lost(&members, format!("ensemble of {label}")),
        ],
        levels: vec![
            Level { label: format!("chance {:.0} %", 100.0 * chance), ..level(chance, "", None) },
            level(intact, &format!("{name} intact"), Some(0)),
            level(members.error(1), "one member", Some(1)),
        ],
        keys: vec![(Key::Interval, "95 % interval of the mean".into())],
        caption: format!(
            "Mean test error after removing a part. Circles: random sets of the blocks of {name}, \
             all blocks in the pool. Squares: {label}, trained separately; mean over all subsets \
             of the members that are left, of each the class with the largest mean softmax. An \
             ensemble that loses members ends at one member's error, never at chance. Bars: the \
             bootstrap's 95 % intervals of the means, over draws and over images."
        ),
    }
    .draw("fig5a-ensemble")
}

fn blocks_lost(network: &DeleteMany, label: String) -> Series {
    let all = network.pool.len() as f64;
    let intact =
        Point { x: 0.0, y: 100.0 * network.intact.error(), interval: None, diamond: false };
    let points = network.counts.iter().map(|count| {
        let errors = count.draws.iter().map(|draw| draw.tally.error()).collect();
        let x = count.deleted as f64;
        point(100.0 * x / all, &Group { x, label: String::new(), errors }.mean())
    });
    let run = [intact].into_iter().chain(points).collect();
    Series { label, runs: vec![run], band: Vec::new() }
}

fn members_lost(ensemble: &Ensemble, label: String) -> Series {
    let all = ensemble.members.len();
    let points = (1..=all).rev().map(|left| {
        // The share of subsets that are wrong, for each image.
        let share = |wrong: u32| f64::from(wrong) / ensemble.subsets(left) as f64;
        let of_profile = |profile: &record::Profile| {
            std::iter::repeat_n(share(profile.wrong[left - 1]), profile.images as usize)
        };
        let errors = ensemble.profiles.iter().flat_map(of_profile).collect();
        let group = Group { x: left as f64, label: String::new(), errors };
        point(100.0 * (all - left) as f64 / all as f64, &group.mean())
    });
    Series { label, runs: vec![points.collect()], band: Vec::new() }
}

fn point(x: f64, mean: &Estimate) -> Point {
    let interval = Interval { low: 100.0 * mean.low, high: 100.0 * mean.high };
    Point { x, y: 100.0 * mean.value, interval: Some(interval), diamond: false }
}
