//! The report as one HTML page that needs no other file and no network.
//!
//! The claims come first, then the paper's argument in the paper's order ([`CHAPTERS`]),
//! then what the verdicts say of rival readings, then what exactly was run. Every number is computed from the records; the same records
//! give the same bytes.

mod argument;
mod chapter;
mod claims;
mod evidence;
mod figures;
mod readme;
mod runs;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use record::Record;

use crate::claims::{ClaimResult, Evidence};
use crate::study::{Finding, Study};
use crate::{Answers, Pictures, ReportError};
use chapter::Filled;

pub use argument::{CHAPTERS, Chapter};
pub use figures::Drawn;
pub use readme::readme;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct PageInput<'a> {
    /// The studies that present the records.
    pub studies: &'a [&'a Study],
    /// The records, in the order in which they are to appear.
    pub records: &'a [Record],
    /// The figures drawn from them; files of the same names lie in `figures/`.
    pub figures: &'a [Drawn<'a>],
    /// The claims and their verdicts.
    pub claims: &'a [ClaimResult],
    /// The test images that the records are about; without them no image is shown.
    pub pictures: Option<&'a Pictures>,
    /// Whether to say at the top that the numbers come from the shipped sample.
    pub preview: bool,
}

/// The page asks nobody for anything, and a browser sees to it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// So many findings are the headline.
const HEADLINES: usize = 2;

/// Renders the page.
///
/// # Errors
/// [`ReportError::Record`] or [`ReportError::Unfit`] if a record is not as its study
/// expects.
pub fn render(input: &PageInput) -> Result<String, ReportError> {
    let mut answers = Answers::new(input.records);
    answers.pictures = input.pictures;
    let chapters = chapter::filled(input.studies, &answers)?;
    let findings = chapters.iter().flat_map(Filled::parts);
    let findings: Vec<&Finding> = findings.filter_map(|part| part.finding.as_ref()).collect();
    let evidence = Evidence::committed()?;
    let rows = evidence.rows(input.claims);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Unravel: what a network loses with one of its parts" }
                style { (PreEscaped(include_str!("page/style.css"))) }
            }
            body {
                header { (masthead(input.preview, &chapters)) }
                main {
                    (headline(&findings))
                    (claims::section(input.claims, input.figures))
                    (lesion_section())
                    @for (place, chapter) in chapters.iter().enumerate() {
                        (chapter.section(place + 1, input.figures, input.claims))
                    }
                    (evidence::section(&evidence, &rows))
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

fn masthead(preview: bool, chapters: &[Filled]) -> Markup {
    html! {
        p.brand { "Unravel" span { "lesion studies of residual networks" } }
        nav aria-label="Contents" {
            a href="#claims" { "The paper's claims" }
            a href="#lesion" { "What is a lesion?" }
            @for (place, filled) in chapters.iter().enumerate() {
                a href={ "#" (filled.chapter.id) } { (place + 1) ". " (filled.chapter.title) }
            }
            a href="#evidence" { "What the evidence says" }
            a href="#runs" { "Exactly what was run" }
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

/// What came out, in a sentence for each of the first networks.
fn headline(findings: &[&Finding]) -> Markup {
    let sentences = findings.iter().flat_map(|finding| &finding.headline).take(HEADLINES);
    html! {
        section #finding {
            @if findings.is_empty() { h1 { "Nothing has been run yet" } } @else {
                h1 { @for text in sentences { span { (text) } " " } }
            }
            @for finding in findings { p.lead { (finding.lead) } }
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
