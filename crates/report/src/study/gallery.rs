//! Which test images does a deletion turn wrong? (Ours, from the records of figure 3 of Veit
//! et al. 2016.)
//!
//! Shown, not judged: the images at both ends, by a rule that leaves nothing to choose.

use std::cmp::Reverse;

use maud::{Markup, html};
use record::stats::median;
use record::{Answer, DeleteOne, Record};

use super::{Part, Section, Study, delete_one, one_network};
use crate::{Answers, Pictures, ReportError, words};

/// Images that single deletions turn wrong, of each network that has a record.
pub(super) const STUDY: Study = Study {
    name: "gallery",
    needs: |_| Vec::new(),
    quantities: &[],
    figures: &[],
    form: None,
    part,
};

/// At most so many images in all, so that the page stays small, and of one network.
const MOST: usize = 48;
const OF_ONE: usize = 8;

/// What the deletions of one network do to single images.
struct Flips {
    label: String,
    /// What a unit is called.
    unit: String,
    /// How many units can be deleted.
    deletable: usize,
    /// Every image that the intact network gets right, with the units (from 1) whose
    /// deletion turns it wrong.
    right: Vec<(usize, Vec<usize>)>,
    /// How many images the intact network gets wrong, and how many of them are right under
    /// at least one deletion.
    wrong: usize,
    regained: usize,
}

impl Flips {
    fn of(record: &Record) -> Result<Self, ReportError> {
        let network = one_network(record)?;
        let DeleteOne { images, intact, units, .. } = record.answer()?;
        let scores = units.iter().filter_map(|unit| Some((unit.index + 1, unit.deleted.as_ref()?)));
        let scores: Vec<_> = scores.collect();
        let turned = |i: usize| -> Vec<usize> {
            let turns =
                scores.iter().filter(|(_, score)| score.right.get(i) != intact.right.get(i));
            turns.map(|(number, _)| *number).collect()
        };
        let (right, wrong): (Vec<usize>, Vec<usize>) =
            (0..images).partition(|&i| intact.right.get(i));
        Ok(Flips {
            label: network.name.clone(),
            unit: network.model.unit.clone(),
            deletable: scores.len(),
            right: right.into_iter().map(|i| (i, turned(i))).collect(),
            wrong: wrong.len(),
            regained: wrong.into_iter().filter(|&i| !turned(i).is_empty()).count(),
        })
    }

    /// The images that the most deletions turn wrong, and those that the fewest do, each at
    /// most once; of equal ones the first.
    fn ends(&self, shown: usize) -> [Vec<&(usize, Vec<usize>)>; 2] {
        let last = (3 * shown / 8).max(1);
        let mut sorted: Vec<_> = self.right.iter().collect();
        sorted.sort_by_key(|(i, turned)| (Reverse(turned.len()), *i));
        let most: Vec<_> = sorted.iter().copied().take(shown - last).collect();
        let mut others = sorted.split_off(most.len());
        others.sort_by_key(|(i, turned)| (turned.len(), *i));
        others.truncate(last);
        [most, others]
    }

    /// How often deletions turn an image, over all images.
    fn summary(&self) -> String {
        let Flips { unit, deletable, right, wrong, regained, .. } = self;
        let counts: Vec<f64> = right.iter().map(|(_, turned)| turned.len() as f64).collect();
        let never = counts.iter().filter(|count| **count == 0.0).count();
        let middle = median(&counts).unwrap_or(0.0);
        format!(
            "Right when intact: {}, of which {} stay right under each of the {deletable} deletions; \
             the median image turns wrong under {}. Wrong when intact: {}, of which {} turn right \
             under the deletion of some {unit}.",
            words::plural(right.len(), "image"),
            words::count(never as u64),
            words::decimal(middle, usize::from(middle.fract() > 0.0)),
            words::plural(*wrong, "image"),
            words::count(*regained as u64)
        )
    }

    fn row(&self, pictures: &Pictures, shown: usize) -> Markup {
        let [most, fewest] = self.ends(shown);
        let ends = [("turned wrong by most deletions", most), ("by fewest", fewest)];
        html! {
            h4 { (self.label) }
            p { (self.summary()) }
            div.gallery {
                @for (title, images) in &ends {
                    div {
                        small { (title) }
                        ul {
                            @for (i, turned) in images {
                                li { (self.thumbnail(pictures, *i, turned)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn thumbnail(&self, pictures: &Pictures, i: usize, turned: &[usize]) -> Markup {
        let Flips { unit, deletable, .. } = self;
        let label = pictures.label(i);
        html! {
            img src=(pictures.data_uri(i)) width="96" height="96" alt={ "Test image " (i) ": " (label) };
            b { (label) }
            small { "image " (i) }
            small {
                @match turned {
                    [] => { "right without any one " (unit) },
                    [one] => { "wrong without 1 of " (deletable) ": " (unit) " " (one) },
                    turned => {
                        "wrong without " (turned.len()) " of " (deletable) ": " (unit) "s "
                        (words::ranges(turned))
                    },
                }
            }
        }
    }
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let Some(pictures) = answers.pictures else { return Ok(Part::default()) };
    let mut all = Vec::new();
    for record in answers.of(DeleteOne::EXPERIMENT) {
        let need = delete_one::need(&one_network(record)?.name);
        if need.is_met_by(&record.key)
            && record.key.images.first().is_some_and(|i| pictures.include(i))
        {
            all.push(Flips::of(record)?);
        }
    }
    all.retain(|flips| flips.deletable > 0 && !flips.right.is_empty());
    all.truncate(MOST / 2);
    if all.is_empty() {
        return Ok(Part::default());
    }
    let shown = OF_ONE.min(MOST / all.len());
    let body = html! {
        p {
            "Of the test images that the intact network gets right: those that the most single \
             deletions turn wrong, and beside them those that the fewest do; of equal ones the \
             first. A record holds whether an answer is right, not which class it is. Images \
             count from 0, in the order of the test set; blocks and layers count from 1, as in the \
             figure."
        }
        @for flips in &all { (flips.row(pictures, shown)) }
    };
    let title = "Images that a deletion turns wrong";
    Ok(Part { finding: None, section: Some(Section { id: "gallery", title, body }) })
}
