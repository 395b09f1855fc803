//! One table for each record: every unit and what its deletion does.

use maud::{Markup, html};
use record::{Term, UnitDeletion};

use super::deletions::{Deletions, Effect};
use crate::study::Section;
use crate::words;

/// Longer tables are folded at first.
const OPEN_UP_TO: usize = 20;

/// `None` without a record.
pub(super) fn section(all: &[Deletions]) -> Option<Section> {
    let (plain, others): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.is_plain());
    let body = html! {
        p {
            "Error: after deleting the unit, with Wilson's 95 % interval. Difference: to the \
             intact network on the same images, in points, with the paired 95 % interval of \
             Agresti and Min. p: McNemar's two-sided mid-p value for no difference, not \
             corrected for the number of units. Numbers count from 1, as in the figure; "
            code { "--delete" } " counts from 0."
            @if !others.is_empty() {
                " Where a table says so, every unit lost its skip instead and kept its branch, or \
                 the statistics of the batch norms were re-estimated on training images under \
                 each lesion, and for the intact network."
            }
        }
        @for deletions in plain.iter().chain(&others) {
            @let units = deletions.answer.units.len();
            details open[units <= OPEN_UP_TO && deletions.is_plain()] {
                summary {
                    (deletions.label) ": " (words::plural(units, deletions.unit_word()))
                    ", intact error " (words::percent(deletions.answer.intact.error()))
                }
                (table(deletions))
            }
        }
    };
    (!all.is_empty()).then_some(Section { id: "units", title: "Every unit", body })
}

fn table(deletions: &Deletions) -> Markup {
    let effects = deletions.effects();
    let effect = |unit: &UnitDeletion| effects.iter().find(|e| e.unit.index == unit.index);
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num.stage { "Stage" } th { "Error" }
                        th.num { "Difference" } th.num { "p" }
                    }
                }
                tbody {
                    @for unit in &deletions.answer.units {
                        tr {
                            td.num { (unit.index + 1) }
                            td {
                                code { (unit.name) }
                                @if unit.boundary { " " span.tag { "boundary" } }
                            }
                            td.num.stage { (unit.stage + 1) }
                            @match effect(unit) {
                                Some(effect) => (cells(effect)),
                                None => td.none colspan="3" { (why_not(deletions)) },
                            }
                        }
                    }
                }
            }
        }
    }
}

fn why_not(deletions: &Deletions) -> &'static str {
    match deletions.options.term {
        Term::Branch => "cannot be deleted: its input and output shapes differ",
        Term::Skip => "has no skip",
    }
}

fn cells(effect: &Effect) -> Markup {
    let (error, change) = (effect.error(), effect.change);
    html! {
        td {
            div.error {
                span.bar aria-hidden="true" { i style={ "width:" (format!("{:.2}", 100.0 * error)) "%" } {} }
                b { (words::percent(error)) }
                small { (words::percent_interval(effect.error_interval())) }
            }
        }
        td.num {
            b { (words::points(change.difference())) }
            small { (words::points_interval(change.interval())) }
        }
        td.num { (words::p_value(change.p())) }
    }
}
