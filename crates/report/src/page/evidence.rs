//! What the evidence says: verdicts against rival readings, in one table.

use maud::{Markup, html};

use super::claims::chip;
use crate::claims::{Effect, Evidence, EvidenceCell, EvidenceRow, Level, Reading};
use crate::words;

/// The readings, the table, its sum, and the claims that bear on no reading.
pub(super) fn section(evidence: &Evidence, rows: &[EvidenceRow]) -> Markup {
    let (run, open): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_run());
    html! {
        section #evidence {
            h2 { "What the evidence says" }
            p {
                "Four readings explain the same networks. Which claims bear on which reading, and \
                 which verdicts support or contradict it, is stated beside the claims; the table \
                 follows from the verdicts. A reading is supported by a result that it expects, and \
                 contradicted only by one that it could not have predicted. So a result that \
                 several readings expect supports each of them and decides nothing between them."
            }
            dl.readings {
                @for reading in &evidence.readings {
                    dt { (reading.name) small { (reading.source) } }
                    dd { (reading.says) }
                }
            }
            p { (sum(evidence, &run)) }
            table.claims.evidence {
                thead {
                    tr {
                        th { "Claim" }
                        @for reading in &evidence.readings { th { (reading.name) } }
                    }
                }
                tbody {
                    @for row in run.iter().chain(&open) { (line(evidence, row)) }
                    @for effect in [Effect::Supports, Effect::Contradicts, Effect::Silent, Effect::Open] {
                        (total(evidence, rows, effect))
                    }
                }
            }
            (silent(evidence))
        }
    }
}

/// What came out, in a few sentences.
fn sum(evidence: &Evidence, run: &[&EvidenceRow]) -> String {
    if run.is_empty() {
        return "None of the claims that bear on a reading has been run: all are open.".to_owned();
    }
    let of =
        |place: usize, effect| run.iter().filter(|row| row.cells[place].effect == effect).count();
    let reading = |(place, reading): (usize, &Reading)| {
        let (supports, contradicts) = (of(place, Effect::Supports), of(place, Effect::Contradicts));
        format!("{}: {supports} for, {contradicts} against", reading.name)
    };
    let readings: Vec<String> = evidence.readings.iter().enumerate().map(reading).collect();
    let separate: Vec<&str> =
        run.iter().filter(|row| row.separates()).map(|row| row.claim).collect();
    let separating = match separate.as_slice() {
        [] => "No result supports one reading and contradicts another.".to_owned(),
        [one] => format!("One result supports one reading and contradicts another: {one}."),
        several => format!(
            "{} results support one reading and contradict another: {}.",
            several.len(),
            words::list(several)
        ),
    };
    let claims = match run.len() {
        1 => "one has been run".to_owned(),
        several => format!("{several} have been run"),
    };
    let readings = readings.join("; ");
    format!("Of the claims that bear on a reading {claims}. {readings}. {separating}")
}

fn line(evidence: &Evidence, row: &EvidenceRow) -> Markup {
    html! {
        tr {
            td {
                @match row.result {
                    Some(result) => {
                        a.id href={ "#" (row.claim) } { (row.claim) } " " (result.statement)
                        small {
                            (chip(result.verdict.level))
                            @if row.is_borderline() { " " span.chip.border { "borderline" } }
                        }
                    }
                    None => {
                        span.id { (row.claim) } small { (chip(Level::NotRun)) }
                    }
                }
            }
            @for (reading, cell) in evidence.readings.iter().zip(&row.cells) {
                td data-label=(reading.name) { (shown(cell, row.is_borderline())) }
            }
        }
    }
}

fn shown(cell: &EvidenceCell, borderline: bool) -> Markup {
    let class = match cell.effect {
        Effect::Supports => "chip yes",
        Effect::Contradicts => "chip no",
        Effect::Open => "chip partly",
        Effect::Silent => "none",
    };
    let tells = matches!(cell.effect, Effect::Supports | Effect::Contradicts);
    html! {
        span class=(class) { (cell.effect.words()) }
        @if tells && borderline { " " span.chip.border { "borderline" } }
        @if let Some(why) = cell.why { small { (why) } }
    }
}

/// A line at the foot: how many cells of each reading have this effect.
fn total(evidence: &Evidence, rows: &[EvidenceRow], effect: Effect) -> Markup {
    let of = |place: usize| {
        let cells = rows.iter().filter(move |row| row.cells[place].effect == effect);
        let all: Vec<&EvidenceRow> = cells.collect();
        let borderline = all.iter().filter(|row| row.is_borderline()).count();
        (all.len(), if effect == Effect::Silent { 0 } else { borderline })
    };
    html! {
        tr.total {
            td { b { "Sum: " (effect.words()) } }
            @for (place, reading) in evidence.readings.iter().enumerate() {
                @let (all, borderline) = of(place);
                td data-label=(reading.name) {
                    b { (all) }
                    @if borderline > 0 { small { (borderline) " borderline" } }
                }
            }
        }
    }
}

fn silent(evidence: &Evidence) -> Markup {
    let claims: usize = evidence.silent.iter().map(|one| one.claims.len()).sum();
    html! {
        @if claims > 0 {
            details {
                summary { (words::plural(claims, "claim")) " that bear on no reading" }
                ul {
                    @for one in &evidence.silent {
                        li { (words::list(&one.claims)) ": " (one.why) }
                    }
                }
            }
        }
    }
}
