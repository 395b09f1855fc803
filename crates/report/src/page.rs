//! The report as one HTML page that needs no other file and no network.
//!
//! Every number on it is computed from the records; the same records give the same
//! bytes.

mod claims;
mod runs;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use record::Record;

use crate::claims::ClaimResult;
use crate::figure::Figure;
use crate::study::{Finding, Part, Section, Study};
use crate::{Answers, ReportError};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct PageInput<'a> {
    /// The studies that present the records, in the order in which they are to appear.
    pub studies: &'a [&'a Study],
    /// The records, in the order in which they are to appear.
    pub records: &'a [Record],
    /// The figures drawn from them; files of the same names lie in `figures/`.
    pub figures: &'a [Figure],
    /// The claims and their verdicts.
    pub claims: &'a [ClaimResult],
    /// Whether to say at the top that the numbers come from the shipped sample.
    pub preview: bool,
}

/// Renders the page.
///
/// # Errors
/// [`ReportError::Record`] or [`ReportError::Unfit`] if a record is not as its study
/// expects.
pub fn render(input: &PageInput) -> Result<String, ReportError> {
    let answers = Answers::new(input.records);
    let parts = input.studies.iter().map(|study| (study.part)(&answers));
    let parts: Vec<Part> = parts.collect::<Result<_, _>>()?;
    let findings: Vec<&Finding> = parts.iter().filter_map(|part| part.finding.as_ref()).collect();
    let sections: Vec<&Section> = parts.iter().filter_map(|part| part.section.as_ref()).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Unravel: what a network loses with one of its parts" }
                style { (PreEscaped(include_str!("page/style.css"))) }
            }
            body {
                header { (masthead(input.preview, &sections)) }
                main {
                    (finding_section(&findings))
                    (lesion_section())
                    (figures(input.figures))
                    (claims::section(input.claims))
                    @for section in sections {
                        section id=(section.id) { h2 { (section.title) } (section.body) }
                    }
                    (runs::section(input.records))
                }
                footer {
                    p {
                        "This page and its figures are made from the records alone. The same \
                         records give the same page, byte for byte."
                    }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn masthead(preview: bool, sections: &[&Section]) -> Markup {
    html! {
        p.brand { "Unravel" span { "lesion studies of residual networks" } }
        nav aria-label="Sections" {
            a href="#figures" { "Figures" }
            a href="#claims" { "Claims" }
            @for section in sections { a href={ "#" (section.id) } { (section.title) } }
            a href="#runs" { "What was run" }
        }
        @if preview {
            p.preview {
                strong { "Preview. " }
                "These numbers come from the sample that ships with the program. "
                code { "cargo xtask reproduce --full" }
                " uses all 10,000 test images."
            }
        }
    }
}

/// The first finding is the page's headline.
fn finding_section(findings: &[&Finding]) -> Markup {
    html! {
        section #finding {
            @if findings.is_empty() { h1 { "Nothing has been run yet" } }
            @for (place, finding) in findings.iter().enumerate() {
                @let sentences = html! { @for text in &finding.headline { span { (text) } " " } };
                @if place == 0 { h1 { (sentences) } } @else { h2 { (sentences) } }
                p.lead { (finding.lead) }
                div.tiles { @for tile in &finding.tiles { (tile) } }
            }
        }
    }
}

fn lesion_section() -> Markup {
    html! {
        section #lesion {
            h2 { "What is a lesion?" }
            div.split {
                div {
                    p {
                        "A lesion study takes a part out of a working system and looks at what \
                         breaks. Here the system is a trained image classifier, the part is one \
                         of its units, and nothing is trained again afterwards."
                    }
                    p {
                        "A " strong { "residual block" } " adds a correction to what it receives: \
                         y = x + f(x). Deleting it drops f and passes x on. A "
                        strong { "boundary block" } " changes resolution or channels, so its skip \
                         keeps the conversion that makes the shapes fit. A " strong { "plain layer" }
                        " has no skip: deleting it hands its input to the next layer, which is \
                         possible only where both have the same shape."
                    }
                    p {
                        "In a chain every link depends on the one before, and removing a link \
                         should ruin it. Veit, Wilber and Belongie (2016) argue that a residual \
                         network is not a chain and resembles an ensemble of many paths: deleting a \
                         block removes half of the paths and leaves the others as they were."
                    }
                }
                (PreEscaped(include_str!("page/deletion.svg")))
            }
        }
    }
}

fn figures(figures: &[Figure]) -> Markup {
    html! {
        section #figures {
            h2 { "Figures" }
            @for figure in figures {
                figure {
                    div.scroll { (PreEscaped(&figure.svg)) }
                    figcaption {
                        (figure.caption) " "
                        a href={ "figures/" (figure.name) ".svg" } { "SVG" } " "
                        a href={ "figures/" (figure.name) ".png" } { "PNG" }
                        @if figure.csv.is_some() {
                            " " a href={ "figures/" (figure.name) ".csv" } { "CSV" }
                        }
                    }
                }
            }
            @if figures.is_empty() { p { "There are no figures." } }
        }
    }
}
