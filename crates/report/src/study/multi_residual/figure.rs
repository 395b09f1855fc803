//! What the loss of each function costs, a plot for each network.

use record::Record;
use record::stats::Interval;

use super::SEEDS;
use super::arms::Network;
use crate::ReportError;
use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::words;

/// How far apart the seeds of a unit lie on the axis of units.
const APART: f64 = 0.25;

/// One plot for each network, its seeds beside each other.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let networks = records.iter().map(|record| Network::of(record));
    let networks = networks.collect::<Result<Vec<_>, ReportError>>()?;
    let ends = networks.iter().flat_map(|network| {
        let ends = network.effects().map(|(_, change)| change.interval());
        ends.flat_map(|Interval { low, high }| [100.0 * low, 100.0 * high]).collect::<Vec<_>>()
    });
    let y = Axis::around("D (points)", ends.chain([0.0]));
    let plots = networks.chunks(SEEDS).map(|seeds| plot(seeds, &y));
    let images = records.first().and_then(|record| record.key.images.first());
    let n = words::count(images.map_or(0, |images| images.images) as u64);
    Scatter {
        title: "Does one function of several matter less than a block?".into(),
        subtitle: format!("n = {n} test images; one function deleted at a time"),
        series: (1..=SEEDS).map(|seed| format!("network {seed} of {}", SEEDS)).collect(),
        plots: plots.collect(),
        keys: vec![
            (Key::Diamond, "boundary: changes resolution or channels".into()),
            (Key::Interval, "95 % interval".into()),
        ],
        caption: format!(
            "D, the test error without one function minus that of the intact network, in points (n \
             = {n} test images), against the block that the function belongs to. A block of the \
             first network has one function, so losing it is losing the block; those of the \
             others have several, of which the others stay. All networks have 18 functions and \
             nearly as many parameters. Three networks of each kind, trained from three seeds, \
             lie beside each other. Bars: paired 95 % intervals over images."
        ),
    }
    .draw("fig-functions")
}

fn plot(seeds: &[Network], y: &Axis) -> Plot {
    let middle = (seeds.len() as f64 - 1.0) / 2.0;
    let dots = seeds.iter().enumerate().flat_map(|(series, network)| {
        let aside = APART * (series as f64 - middle);
        let dot = move |(function, change): (&super::arms::Function, record::stats::Comparison)| {
            let Interval { low, high } = change.interval();
            Dot {
                series,
                x: (function.unit + 1) as f64 + aside,
                y: 100.0 * change.difference(),
                interval: Some(Interval { low: 100.0 * low, high: 100.0 * high }),
                diamond: function.boundary,
                label: String::new(),
            }
        };
        network.effects().map(dot).collect::<Vec<_>>()
    });
    let units = seeds.iter().map(|network| network.units).max().unwrap_or(0);
    let most = seeds.iter().flat_map(Network::per_unit).max().unwrap_or(0);
    let name = seeds.first().map_or("", |network| network.name.as_str());
    Plot {
        title: format!("{name}: {} a block", words::plural(most, "function")),
        x: Axis::counting("block (1-based)", units),
        y: y.clone(),
        dots: dots.collect(),
        levels: vec![Level { y: 0.0, label: String::new(), series: None }],
        joined: false,
    }
}
