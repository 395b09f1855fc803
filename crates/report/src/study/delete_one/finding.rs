//! The finding in words, computed from the records.

use maud::{Markup, html};
use record::stats::{median, quantile};

use super::deletions::{Deletions, Effect};
use crate::study::Finding;
use crate::words;

/// So many networks, the first ones, have a sentence at the top; the tiles show all.
const HEADLINES: usize = 2;

/// Of whole units deleted and networks as they were trained; `None` without one of which a
/// unit can be deleted.
pub(super) fn finding(all: &[Deletions]) -> Option<Finding> {
    let plain = all.iter().filter(|deletions| deletions.is_plain());
    let summaries: Vec<Summary> = plain.filter_map(Summary::of).collect();
    let first = summaries.first()?;
    let (classes, chance) = (first.deletions.data.classes, first.deletions.data.chance());
    Some(Finding {
        headline: summaries.iter().take(HEADLINES).map(Summary::headline).collect(),
        lead: format!(
            "Points of test error added by deleting one unit: the median over all units that can \
             be deleted. A guess among the {classes} classes is wrong on {:.0} % of the images.",
            100.0 * chance
        ),
        tiles: summaries.iter().map(Summary::tile).collect(),
    })
}

struct Summary<'a> {
    deletions: &'a Deletions<'a>,
    effects: Vec<Effect<'a>>,
    errors: Vec<f64>,
    /// Median over the units, of the difference and of the error.
    difference: f64,
    error: f64,
}

impl<'a> Summary<'a> {
    /// `None` for a network of which no unit can be deleted.
    fn of(deletions: &'a Deletions<'a>) -> Option<Self> {
        let effects = deletions.effects();
        let errors: Vec<f64> = effects.iter().map(Effect::error).collect();
        let differences: Vec<f64> = effects.iter().map(|e| e.change.difference()).collect();
        let (difference, error) = (median(&differences)?, median(&errors)?);
        Some(Summary { deletions, effects, errors, difference, error })
    }

    /// `Delete one block of resnet20: +3.4 points of error.`
    fn headline(&self) -> String {
        let (word, added) = (self.deletions.unit_word(), words::points(self.difference));
        format!("Delete one {word} of {}: {added} points of error.", self.deletions.label)
    }

    fn tile(&self) -> Markup {
        let Deletions { label, data, answer, .. } = self.deletions;
        let word = self.deletions.unit_word();
        let end = |p| quantile(&self.errors, p).map(words::percent).unwrap_or_default();
        let damage = |effect: &&Effect| effect.change.difference();
        let worst = self.effects.iter().max_by(|a, b| damage(a).total_cmp(&damage(b)));
        html! {
            article.tile {
                h3 { (label) }
                dl {
                    dt { "intact" }
                    dd {
                        b { (words::percent(answer.intact.error())) }
                        small { (words::percent_interval(self.deletions.intact_interval())) }
                    }
                    dt { "one " (word) " deleted" }
                    dd {
                        b { (words::percent(self.error)) }
                        small { "median; " (end(0.0)) " at best, " (end(1.0)) " at worst" }
                    }
                    @if let Some(worst) = worst {
                        dt { "most damage" }
                        dd {
                            b { (words::points(worst.change.difference())) " points" }
                            small {
                                code { (worst.unit.name) }
                                @if worst.unit.boundary { ", a boundary " (word) }
                            }
                        }
                    }
                }
                p.n {
                    (self.effects.len()) " of " (words::plural(answer.units.len(), word))
                    " can be deleted; n = " (words::count(data.images as u64)) " test images"
                }
            }
        }
    }
}
