//! The finding in words, computed from the sweeps.

use maud::{Markup, html};
use record::stats::{median, quantile};

use crate::sweep::{CHANCE, Effect, Sweep};
use crate::words;

pub(super) fn section(sweeps: &[(&str, Sweep)]) -> Markup {
    let summaries: Vec<Summary> = sweeps.iter().filter_map(Summary::of).collect();
    html! {
        section #finding {
            @if summaries.is_empty() {
                h1 { "No deletion has been run yet" }
            } @else {
                h1 {
                    @for summary in &summaries {
                        span { (summary.headline()) } " "
                    }
                }
                p.lead {
                    "Points of test error added by deleting one unit, in the median over all units \
                     that can be deleted. A guess among the ten classes errs on "
                    (format!("{:.0} %", 100.0 * CHANCE)) " of the images."
                }
                div.tiles {
                    @for summary in &summaries { (summary.tile()) }
                }
            }
        }
    }
}

struct Summary<'a> {
    label: &'a str,
    sweep: Sweep<'a>,
    effects: Vec<Effect<'a>>,
    /// Median over the units, of the difference and of the error.
    difference: f64,
    error: f64,
}

impl<'a> Summary<'a> {
    /// `None` for a network of which no unit can be deleted.
    fn of((label, sweep): &(&'a str, Sweep<'a>)) -> Option<Self> {
        let effects = sweep.effects();
        let errors: Vec<f64> = effects.iter().map(|effect| effect.error).collect();
        let differences: Vec<f64> = effects.iter().map(|effect| effect.difference).collect();
        let (difference, error) = (median(&differences)?, median(&errors)?);
        Some(Summary { label, sweep: *sweep, effects, difference, error })
    }

    /// `Delete one block of resnet20: +3.4 points.`
    fn headline(&self) -> String {
        let (word, added) = (self.sweep.unit_word(), words::points(self.difference));
        format!("Delete one {word} of {}: {added} points of error.", self.label)
    }

    fn tile(&self) -> Markup {
        let errors: Vec<f64> = self.effects.iter().map(|effect| effect.error).collect();
        let end = |p| quantile(&errors, p).map(words::percent).unwrap_or_default();
        let worst = self.effects.iter().max_by(|a, b| a.difference.total_cmp(&b.difference));
        html! {
            article.tile {
                h3 { (self.label) }
                dl {
                    dt { "intact" }
                    dd {
                        b { (words::percent(self.sweep.intact_error())) }
                        small { (words::percent_interval(self.sweep.intact_interval())) }
                    }
                    dt { "one " (self.sweep.unit_word()) " deleted" }
                    dd {
                        b { (words::percent(self.error)) }
                        small { "median; " (end(0.0)) " at best, " (end(1.0)) " at worst" }
                    }
                    @if let Some(worst) = worst {
                        dt { "most damage" }
                        dd {
                            b { (words::points(worst.difference)) " points" }
                            small {
                                code { (worst.unit.name) }
                                @if worst.unit.boundary { ", a boundary " (self.sweep.unit_word()) }
                            }
                        }
                    }
                }
                p.n {
                    (self.effects.len()) " of "
                    (words::plural(self.sweep.units().len(), self.sweep.unit_word()))
                    " can be deleted; n = " (words::count(self.sweep.images() as u64)) " test images"
                }
            }
        }
    }
}
