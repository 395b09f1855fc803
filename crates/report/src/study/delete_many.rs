//! How many units can a network lose? (Veit et al. 2016, figure 5a.)

use maud::html;
use record::stats::Interval;
use record::{Answer, DeleteMany, DeletedCount, NetworkId, Record};
use serde_json::json;

use super::draws::{self, Group};
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// The network of figure 5a.
const NETWORK: &str = "resnet110";

/// Random sets of units deleted, in one network or several.
pub(super) const STUDY: Study = Study {
    name: "delete-many",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity { name: "Spearman", unit: "", measure: |r| draws::rank_correlation(&dense(r)?) },
        Quantity {
            name: "largest step",
            unit: "points",
            measure: |r| draws::largest_step(&dense(r)?),
        },
        Quantity { name: "mean error at 10", unit: "", measure: |r| Ok(at(r, 10)?.mean()) },
        Quantity { name: "mean error at 20", unit: "", measure: |r| Ok(at(r, 20)?.mean()) },
        Quantity { name: "mean error at 20 over that at 10", unit: "", measure: twice_as_many },
    ],
    figures: &[StudyFigure {
        name: "fig5a",
        needs: || vec![need(NETWORK), non_boundary(NETWORK)],
        draw: fig5a,
        see: "Each mark is the mean over random sets of deleted blocks. The paper finds a smooth \
              rise: an error of about 20 % with 10 of 54 blocks deleted, and a severe drop in \
              performance near 20.",
        deviations: "It is not known how many sets were \
                     drawn, nor whether boundary blocks were among them. Both pools are shown \
                     here, and each set is tried on one fold of the test images.",
    }],
    form: Some(Form { experiment: DeleteMany::EXPERIMENT, table, json }),
    part,
};

/// All blocks in the pool: the primary protocol.
pub(super) fn need(network: &str) -> Need {
    Need { options: json!({ "pool": "all" }), ..Need::of(DeleteMany::EXPERIMENT, network) }
}

/// The secondary one, with half the draws of the full protocol.
fn non_boundary(network: &str) -> Need {
    let (options, at_most) = (json!({ "pool": "non-boundary" }), json!({ "draws": 50 }));
    Need { options, at_most, ..Need::of(DeleteMany::EXPERIMENT, network) }
}

/// A record, read.
struct Deletions<'a> {
    network: &'a NetworkId,
    chance: f64,
    answer: DeleteMany,
    /// What sets are drawn from, in words.
    pool: String,
}

impl<'a> Deletions<'a> {
    fn of(record: &'a Record) -> Result<Self, ReportError> {
        let answer = record.answer::<DeleteMany>()?;
        let key = &record.key;
        let ([network], [data]) = (key.networks.as_slice(), key.images.as_slice()) else {
            let what = "more than one network or set of images".to_owned();
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        };
        let kind = match key.options["pool"].as_str() {
            Some("non-boundary") => "non-boundary ",
            _ => "",
        };
        let pool = words::plural(answer.pool.len(), &format!("{kind}{}", network.model.unit));
        Ok(Deletions { network, chance: data.chance(), answer, pool })
    }

    /// One group for each number of deleted units.
    fn groups(&self) -> Vec<Group> {
        let group = |count: &DeletedCount| Group {
            x: count.deleted as f64,
            label: count.deleted.to_string(),
            errors: count.draws.iter().map(|draw| draw.tally.error()).collect(),
        };
        self.answer.counts.iter().map(group).collect()
    }

    fn label(&self) -> String {
        format!("{}, of {}", self.network.name, self.pool)
    }
}

/// The groups of up to 20 deleted units, of which claims speak.
fn dense(records: &[&Record]) -> Result<Vec<Group>, ReportError> {
    let [record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let mut groups = Deletions::of(record)?.groups();
    groups.retain(|group| group.x <= 20.0);
    Ok(groups)
}

/// The draws that delete `deleted` units.
fn at(records: &[&Record], deleted: usize) -> Result<Group, ReportError> {
    let groups = dense(records)?;
    let most = groups.last().map_or_else(String::new, |group| group.label.clone());
    let found = groups.into_iter().find(|group| group.x == deleted as f64);
    found.ok_or_else(|| {
        ReportError::Lacking(format!("no draw deletes {deleted} units; the largest {most}"))
    })
}

fn twice_as_many(records: &[&Record]) -> Result<Estimate, ReportError> {
    draws::ratio(&at(records, 20)?, &at(records, 10)?)
}

/// Mean error against the number of deleted units, one curve for each record; bands are
/// quartiles over the draws, bars the bootstrap's intervals of the means.
fn fig5a(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = records.iter().map(|r| Deletions::of(r)).collect::<Result<Vec<_>, _>>()?;
    let (mut levels, mut longest) = (Vec::new(), 1);
    for (place, deletions) in all.iter().enumerate() {
        let (error, name) = (deletions.answer.intact.error(), &deletions.network.name);
        longest = longest.max(deletions.answer.counts.last().map_or(1, |count| count.deleted));
        if all[..place].iter().all(|before| before.network != deletions.network) {
            let label = format!("{name} intact {}", words::percent(error));
            levels.push(Level { y: 100.0 * error, label, series: Some(place) });
        }
    }
    if let Some(Deletions { chance, .. }) = all.first() {
        let label = format!("chance {:.0} %", 100.0 * chance);
        levels.push(Level { y: 100.0 * chance, label, series: None });
    }
    let draws = |count: &DeletedCount| count.draws.len();
    let most = all.iter().flat_map(|d| &d.answer.counts).map(draws).max().unwrap_or(0);
    let images = all.first().map_or(0, |deletions| deletions.answer.images);
    let folds = all.first().map_or(1, |deletions| deletions.answer.folds);
    Lines {
        title: "Deleting several units at random".into(),
        subtitle: format!(
            "up to {} for each number; each on one of {folds} folds of {} test images",
            words::plural(most, "draw"),
            words::count(images as u64)
        ),
        x: Axis::counting("deleted units", longest),
        y: Axis::new("test error (%)", 0.0, 100.0),
        series: all.iter().map(series).collect(),
        levels,
        keys: vec![
            (Key::Band, "quartiles of the draws".into()),
            (Key::Interval, "95 % interval of the mean".into()),
        ],
        caption: "Mean test error after deleting random sets of units. Bands: quartiles over the \
                  draws. Bars: the bootstrap's 95 % intervals of the means. Dashed: the intact \
                  network. Dotted: chance."
            .into(),
    }
    .draw("fig5a-delete-many")
}

fn series(deletions: &Deletions) -> Series {
    let groups = deletions.groups();
    let percent = |Interval { low, high }| Interval { low: 100.0 * low, high: 100.0 * high };
    let point = |group: &Group| {
        let Estimate { value, low, high } = group.mean();
        let interval = Some(percent(Interval { low, high }));
        Point { x: group.x, y: 100.0 * value, interval, diamond: false }
    };
    Series {
        label: deletions.label(),
        runs: vec![groups.iter().map(point).collect()],
        band: groups.iter().map(|group| (group.x, percent(group.quartiles()))).collect(),
    }
}

fn table(record: &Record) -> Result<String, ReportError> {
    let deletions = Deletions::of(record)?;
    let DeleteMany { images, folds, intact, .. } = &deletions.answer;
    Ok(format!(
        "delete-many: {}, {images} images in {folds} folds\nintact: {} wrong, error {:.2} %, \
         cross-entropy {:.4}\n\n{}\nErrors in %; each draw is tried on one fold.\n",
        deletions.label(),
        intact.wrong,
        100.0 * intact.error(),
        intact.cross_entropy,
        draws::lines(&deletions.groups(), "deleted units")
    ))
}

fn json(record: &Record) -> Result<String, ReportError> {
    let DeleteMany { images, folds, pool, intact, counts } = record.answer()?;
    let counts = counts.iter().map(|DeletedCount { deleted, draws }| {
        json!({
            "deleted": deleted,
            "units": draws.iter().map(|draw| &draw.units).collect::<Vec<_>>(),
            "errors": draws.iter().map(|draw| draw.tally.error()).collect::<Vec<_>>(),
        })
    });
    let form = json!({
        "images": images,
        "folds": folds,
        "pool": pool,
        "intact_wrong": intact.wrong,
        "intact_cross_entropy": intact.cross_entropy,
        "counts": counts.collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records = answers.of(DeleteMany::EXPERIMENT).map(Deletions::of);
    let all = records.collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "Random sets of units, each as likely as the others of its size, deleted from the \
             trained network. Draws are the unit of these statistics: quartiles over the draws, \
             and the bootstrap's 95 % interval of the mean."
        }
        @for deletions in &all {
            details {
                summary { (deletions.label()) ", intact error " (words::percent(deletions.answer.intact.error())) }
                (draws::table(&deletions.groups(), "Deleted"))
            }
        }
    };
    let section = Section { id: "delete-many", title: "Several units deleted", body };
    Ok(Part { finding: None, section: Some(section) })
}
