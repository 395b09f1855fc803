//! Can a network's units change places? (Veit et al. 2016, figure 5b.)

use maud::html;
use record::{Answer, NetworkId, RandomOrder, Record, Reorder};
use serde_json::json;

use super::draws::{self, Group};
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::{Axis, BoxPlot, Boxes, Figure, Level};
use crate::{Answers, Need, ReportError, words};

/// Random orders, by their disorder.
pub(super) const STUDY: Study = Study {
    name: "reorder",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity { name: "Spearman", unit: "", measure: |r| draws::rank_correlation(&claimed(r)?) },
        Quantity {
            name: "largest step",
            unit: "points",
            measure: |r| draws::largest_step(&claimed(r)?),
        },
        Quantity { name: "error at tau 0.97 to 0.99", unit: "", measure: slight_disorder },
    ],
    figures: &[StudyFigure {
        name: "fig5b",
        needs: || vec![need(NETWORK)],
        draw: fig5b,
        see: "The trained order has tau = 1, at the left. The paper finds a smooth rise of the \
              error with the disorder.",
        deviations: "The paper's network is ResNet-110; it swaps random pairs of blocks of equal \
                     shape. Each swap here is uniform over the pairs of non-boundary blocks of \
                     one stage, which is our choice; tau counts all blocks.",
    }],
    form: Some(Form { experiment: Reorder::EXPERIMENT, table, json }),
    part,
};

/// The network whose blocks change places in the figure.
const NETWORK: &str = "resnet110";
/// Width of a bin of Kendall's tau, and how many orders a bin needs to be shown.
const WIDTH: f64 = 0.02;
const ENOUGH: usize = 20;
/// Claims are about bins from here to 1.
const CLAIMED: f64 = 0.84;

fn need(network: &str) -> Need {
    Need::of(Reorder::EXPERIMENT, network)
}

/// A record, read.
struct Orders<'a> {
    network: &'a NetworkId,
    chance: f64,
    answer: Reorder,
}

impl<'a> Orders<'a> {
    fn of(record: &'a Record) -> Result<Self, ReportError> {
        let (key, answer) = (&record.key, record.answer::<Reorder>()?);
        let ([network], [data]) = (key.networks.as_slice(), key.images.as_slice()) else {
            let what = "more than one network or set of images".to_owned();
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        };
        Ok(Orders { network, chance: data.chance(), answer })
    }

    fn one(records: &[&'a Record]) -> Result<Self, ReportError> {
        match records {
            [record] => Orders::of(record),
            _ => Err(ReportError::Networks { expected: "one network", given: records.len() }),
        }
    }

    /// The bins with enough orders, from tau 1 down. Bin `i` holds tau above
    /// `1 - (i + 1) WIDTH`, up to `1 - i WIDTH`.
    fn bins(&self) -> Vec<Group> {
        let orders = &self.answer.orders;
        // Rounding must not move an order whose tau is the upper end of a bin.
        let bin = |order: &RandomOrder| ((1.0 - order.tau) / WIDTH + 1e-9) as usize;
        let last = orders.iter().map(bin).max().unwrap_or(0);
        let bins = (0..=last).filter_map(|i| {
            let inside = orders.iter().filter(|order| bin(order) == i);
            let errors: Vec<f64> = inside.map(|order| order.tally.error()).collect();
            let upper = 1.0 - i as f64 * WIDTH;
            let label = format!("{:.2} to {upper:.2}", upper - WIDTH);
            (errors.len() >= ENOUGH).then(|| Group { x: upper - WIDTH / 2.0, label, errors })
        });
        bins.collect()
    }

    fn about(&self) -> String {
        let Reorder { images, folds, orders, .. } = &self.answer;
        format!(
            "{}, each on one of {folds} folds of {} test images",
            words::plural(orders.len(), "order"),
            words::count(*images as u64)
        )
    }
}

/// The bins that claims are about, by rising tau.
fn claimed(records: &[&Record]) -> Result<Vec<Group>, ReportError> {
    let mut bins = Orders::one(records)?.bins();
    bins.retain(|bin| bin.x > CLAIMED);
    bins.reverse();
    Ok(bins)
}

/// The mean error of the orders with tau from 0.97 to 0.99.
fn slight_disorder(records: &[&Record]) -> Result<Estimate, ReportError> {
    let orders = Orders::one(records)?.answer.orders;
    let inside = orders.iter().filter(|order| (0.97..=0.99).contains(&order.tau));
    let errors: Vec<f64> = inside.map(|order| order.tally.error()).collect();
    if errors.is_empty() {
        return Err(ReportError::Lacking("no order has a tau from 0.97 to 0.99".into()));
    }
    Ok(Group { x: 0.98, label: String::new(), errors }.mean())
}

/// Boxes of the error in each bin of tau.
fn fig5b(records: &[&Record]) -> Result<Figure, ReportError> {
    let orders = Orders::one(records)?;
    let (bins, name) = (orders.bins(), &orders.network.name);
    let lowest = bins.last().map_or(1.0 - WIDTH, |bin| bin.x - WIDTH / 2.0);
    let intact = orders.answer.intact.error();
    let boxes = bins.iter().filter_map(|bin| BoxPlot::of(bin.x, WIDTH, &to_percent(&bin.errors)));
    Boxes {
        title: format!("Re-ordering the {}s of {name}", orders.network.model.unit),
        subtitle: orders.about(),
        x: Axis::new("Kendall's tau between the order and the intact one", 1.0, lowest),
        y: Axis::new("test error (%)", 0.0, 100.0),
        label: format!("orders of {name}, in bins of {WIDTH}"),
        boxes: boxes.collect(),
        levels: vec![
            Level {
                y: 100.0 * orders.chance,
                label: format!("chance {:.0} %", 100.0 * orders.chance),
                series: None,
            },
            Level {
                y: 100.0 * intact,
                label: format!("intact {}", words::percent(intact)),
                series: Some(0),
            },
        ],
        caption: format!(
            "Test error of {name} with units of one stage in other places ({}). Boxes: median and \
             quartiles of the orders in a bin of tau, if there are {ENOUGH} or more. Whiskers: 5th \
             to 95th percentile. Dashed: the intact network. Dotted: chance.",
            orders.about()
        ),
    }
    .draw("fig5b-reorder")
}

fn to_percent(errors: &[f64]) -> Vec<f64> {
    errors.iter().map(|error| 100.0 * error).collect()
}

fn table(record: &Record) -> Result<String, ReportError> {
    let orders = Orders::of(record)?;
    let Reorder { pairs, intact, .. } = &orders.answer;
    Ok(format!(
        "reorder: {}, {}; {} can change places\nintact: {} wrong, error {:.2} %, cross-entropy \
         {:.4}\n\n{}\nErrors in %; bins of Kendall's tau with {ENOUGH} orders or more.\n",
        orders.network.name,
        orders.about(),
        words::plural(pairs.len(), "pair"),
        intact.wrong,
        100.0 * intact.error(),
        intact.cross_entropy,
        draws::lines(&orders.bins(), "tau")
    ))
}

fn json(record: &Record) -> Result<String, ReportError> {
    let Reorder { images, folds, pairs, intact, orders } = record.answer()?;
    let list =
        |of: fn(&RandomOrder) -> serde_json::Value| orders.iter().map(of).collect::<Vec<_>>();
    let form = json!({
        "images": images,
        "folds": folds,
        "pairs": pairs,
        "intact_wrong": intact.wrong,
        "intact_cross_entropy": intact.cross_entropy,
        "swaps": list(|order| order.swaps.into()),
        "orders": list(|order| order.order.clone().into()),
        "tau": list(|order| order.tau.into()),
        "errors": list(|order| order.tally.error().into()),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let all = answers.of(Reorder::EXPERIMENT).map(Orders::of).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "Random exchanges of units of one stage whose input and output have the same shape, \
             one after the other. Tau is 1 for the intact order and falls with every pair that \
             runs the other way round. Draws are the unit of these statistics."
        }
        @for orders in &all {
            details {
                summary {
                    (orders.network.name) ": " (orders.about()) ", intact error "
                    (words::percent(orders.answer.intact.error()))
                }
                (draws::table(&orders.bins(), "Tau"))
            }
        }
    };
    let section = Section { id: "reorder", title: "Units in other orders", body };
    Ok(Part { finding: None, section: Some(section) })
}
