//! What each deletion costs against the norm of the deleted branch.

use record::Record;
use record::stats::Interval;

use super::{Explained, Explanation};
use crate::ReportError;
use crate::figure::{Axis, Dot, Figure, Key, Plot, Scatter};
use crate::study::Estimate;
use crate::study::damage::correlation_in_words;
use crate::words;

/// So many of the units that cost most are named.
const NAMED: usize = 6;

/// The rise of cross-entropy, on an axis of factors, and D against the mean `|f| / |y|`:
/// one point for each unit, boundary units as diamonds.
pub(super) fn fig_norms(records: &[&Record]) -> Result<Figure, ReportError> {
    let explained = Explained::of_pair(records)?;
    let all: Vec<Explanation> = explained.units().collect();
    if all.is_empty() {
        return Err(ReportError::NothingToShow {
            figure: "fig-norms".into(),
            needed: "a network with units that add a branch to a skip".into(),
            given: records.len(),
        });
    }
    let word = &explained.network.model.unit;
    let ratio = |one: &Explanation| one.norms.over_input.mean;
    let x = Axis::log("mean |f| / |y| of the deleted branch", all.iter().map(ratio));
    let rises = || all.iter().map(|one| one.damage.rise);
    let rise = Axis::log("rise of cross-entropy (nats)", rises());
    let lost: Vec<Estimate> = all.iter().map(|one| one.damage.points()).collect();
    let ends = lost.iter().flat_map(|lost| [lost.low, lost.high]);
    let points = Axis::around("D: points of test error added", ends.chain([0.0]));

    let names = |costs: &[f64]| {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]));
        let named = order[..NAMED.min(order.len())].to_vec();
        move |place: usize, one: &Explanation| {
            let is_named = one.unit.boundary || named.contains(&place);
            if is_named { (one.unit.index + 1).to_string() } else { String::new() }
        }
    };
    let dots = |costs: Vec<(f64, Option<Interval>)>| -> Vec<Dot> {
        let name = names(&costs.iter().map(|cost| cost.0).collect::<Vec<_>>());
        let each = all.iter().zip(costs).enumerate();
        each.map(|(place, (one, (y, interval)))| Dot {
            series: 0,
            x: ratio(one),
            y,
            interval,
            diamond: one.unit.boundary,
            label: name(place, one),
        })
        .collect()
    };
    let at_edge: Vec<String> = all
        .iter()
        .filter(|one| one.damage.rise <= 0.0)
        .map(|one| (one.unit.index + 1).to_string())
        .collect();
    let edge = match at_edge.as_slice() {
        [] => String::new(),
        numbers => format!(
            " At the lower edge of the left plot, where cross-entropy does not rise: {word} {}.",
            words::list(numbers)
        ),
    };
    let from = rise.from;
    let intervals = lost.iter().map(|l| (l.value, Some(Interval { low: l.low, high: l.high })));
    let has_boundary = all.iter().any(|one| one.unit.boundary);
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_owned());
    let n = words::count(explained.answer.images as u64);
    Scatter {
        title: format!("Does a large branch matter more? {}", explained.network.name),
        subtitle: format!("n = {n} test images; Spearman's correlation over non-boundary {word}s"),
        series: vec![format!("one {word} each, numbers count from 1")],
        plots: vec![
            Plot {
                title: correlation_in_words(&explained.correlation(|d| d.rise)),
                x: x.clone(),
                y: rise,
                dots: dots(rises().map(|rise| (rise.max(from), None)).collect()),
                levels: Vec::new(),
                joined: false,
            },
            Plot {
                title: correlation_in_words(&explained.correlation(|d| d.points().value)),
                x,
                y: points,
                dots: dots(intervals.collect()),
                levels: Vec::new(),
                joined: false,
            },
        ],
        keys: has_boundary
            .then_some(diamonds)
            .into_iter()
            .chain([(Key::Interval, "paired 95 % interval of D".to_owned())])
            .collect(),
        caption: format!(
            "What the deletion of each {word} of {} costs against the mean over {n} test images of \
             |f| / |y|, the norm of its branch over that of its input. Left: rise of \
             cross-entropy; right: D, with paired 95 % intervals over the images. In brackets \
             the 95 % intervals of the correlations, from drawing the {word}s again.{edge}",
            explained.network.name
        ),
    }
    .draw("fig-norms-residual")
}
