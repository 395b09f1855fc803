//! The claims table.

use maud::{Markup, html};

use super::figures::Drawn;
use crate::claims::{ClaimResult, Level, Verdict};
use crate::words;

/// All claims; those about a figure that is drawn lead to it.
pub(super) fn section(claims: &[ClaimResult], figures: &[Drawn]) -> Markup {
    let is_drawn = |name: &str| figures.iter().any(|drawn| drawn.of.name == name);
    let (skipped, judged): (Vec<_>, Vec<_>) =
        claims.iter().partition(|claim| claim.verdict.level == Level::NotRun);
    html! {
        section #claims {
            h2 { "The paper's claims" }
            p {
                "Each claim has a criterion that was written down before the networks it speaks of \
                 were lesioned. The verdict follows from our value. It is "
                em { "borderline" } " where the 95 % interval crosses a threshold that decides it, \
                 and " em { "undecided" } " where the numbers cannot decide. \
                 D: error after deletion minus intact error, in points. B and NB: boundary and \
                 non-boundary blocks. P90: 90th percentile."
            }
            @if judged.is_empty() {
                p { "None of the claims could be judged on these records." }
            } @else {
                table.claims {
                    thead { tr { th { "Claim" } th { "Paper" } th { "Ours" } th { "Verdict" } } }
                    tbody { @for claim in &judged { (row(claim, &is_drawn)) } }
                }
            }
            @if !skipped.is_empty() {
                details {
                    summary { (words::plural(skipped.len(), "claim")) " not run" }
                    table.claims.skipped {
                        thead { tr { th { "Claim" } th { "Paper" } th { "Verdict" } } }
                        tbody {
                            @for claim in &skipped {
                                tr id=(claim.id) {
                                    td { (statement(claim, &is_drawn)) }
                                    td data-label="Paper" { (claim.paper) }
                                    td data-label="Verdict" { (verdict(&claim.verdict)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn row(claim: &ClaimResult, is_drawn: &dyn Fn(&str) -> bool) -> Markup {
    let ours = claim.ours.as_deref().unwrap_or_default();
    let interval = claim.interval.as_deref().unwrap_or_default();
    html! {
        tr id=(claim.id) {
            td { (statement(claim, is_drawn)) }
            td data-label="Paper" { (claim.paper) }
            td data-label="Ours" {
                @for (value, range) in ours.split("; ").zip(interval.split("; ")) {
                    div.value { (value) small { (range) } }
                }
                @if let Some(n) = claim.n {
                    small { (words::list(&claim.networks)) ", n = " (words::count(n as u64)) }
                }
            }
            td data-label="Verdict" { (verdict(&claim.verdict)) }
        }
    }
}

fn statement(claim: &ClaimResult, is_drawn: &dyn Fn(&str) -> bool) -> Markup {
    html! {
        span.id { (claim.id) } " " (claim.statement)
        small.criterion {
            @if is_drawn(&claim.figure) { a href={ "#" (claim.figure) } { (claim.figure) } }
            @else { (claim.figure) }
            ". " (claim.criterion)
        }
    }
}

/// The level as a coloured word.
pub(super) fn chip(level: Level) -> Markup {
    let class = match level {
        Level::Reproduced => "chip yes",
        Level::Partly => "chip partly",
        Level::Not => "chip no",
        Level::Undecided | Level::NotRun => "chip",
    };
    html! { span class=(class) { (level) } }
}

fn verdict(verdict: &Verdict) -> Markup {
    html! {
        (chip(verdict.level))
        @if verdict.borderline { " " span.chip.border { "borderline" } }
        @if let Some(images) = verdict.preview { small { "preview n=" (images) } }
        @if let Some(reason) = &verdict.reason { small { (reason) } }
    }
}
