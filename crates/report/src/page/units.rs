//! One table for each network: every unit and what its deletion does.

use maud::{Markup, html};
use record::UnitDeletion;

use crate::sweep::{Effect, Sweep};
use crate::words;

/// Longer tables are folded at first.
const OPEN_UP_TO: usize = 20;

pub(super) fn section(sweeps: &[(&str, Sweep)]) -> Markup {
    html! {
        section #units {
            h2 { "Every unit" }
            p {
                "Error: after deleting the unit, with Wilson's 95 % interval. Difference: to the \
                 intact network on the same images, in points, with the paired 95 % interval of \
                 Agresti and Min. p: McNemar's two-sided mid-p value for no difference, not \
                 corrected for the number of units. Numbers count from 1, as in the figure; "
                code { "--delete" } " counts from 0."
            }
            @for (label, sweep) in sweeps {
                details open[sweep.units().len() <= OPEN_UP_TO] {
                    summary {
                        (label) ": " (words::plural(sweep.units().len(), sweep.unit_word()))
                        ", intact error " (words::percent(sweep.intact_error()))
                    }
                    (table(sweep))
                }
            }
        }
    }
}

fn table(sweep: &Sweep) -> Markup {
    let effects = sweep.effects();
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
                    @for unit in sweep.units() {
                        tr {
                            td.num { (unit.index + 1) }
                            td {
                                code { (unit.name) }
                                @if unit.boundary { " " span.tag { "boundary" } }
                            }
                            td.num.stage { (unit.stage + 1) }
                            @match effect(unit) {
                                Some(effect) => (cells(effect)),
                                None => td.none colspan="3" {
                                    "cannot be deleted: its input and output shapes differ"
                                },
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cells(effect: &Effect) -> Markup {
    html! {
        td {
            div.error {
                span.bar aria-hidden="true" { i style={ "width:" (format!("{:.2}", 100.0 * effect.error)) "%" } {} }
                b { (words::percent(effect.error)) }
                small { (words::percent_interval(effect.error_interval)) }
            }
        }
        td.num {
            b { (words::points(effect.difference)) }
            small { (words::points_interval(effect.difference_interval)) }
        }
        td.num { (words::p_value(effect.p)) }
    }
}
