//! A chapter of the page: what the paper claims, what is done, verdicts, figures, details.

use maud::{Markup, html};

use super::argument::{CHAPTERS, Chapter};
use super::claims::chip;
use super::figures::{self, Drawn};
use crate::claims::{ClaimResult, Level};
use crate::study::{Part, Study};
use crate::{Answers, ReportError};

/// Where studies go that have no place in the argument.
pub(super) const OTHERS: Chapter = Chapter {
    id: "others",
    title: "Other questions",
    claimed: "",
    done: "Studies that have no place in the paper's argument.",
    studies: &[],
};

/// A chapter with what its studies make of the records.
pub(super) struct Filled<'a> {
    pub(super) chapter: Chapter,
    /// Its studies, in order.
    studies: Vec<(&'a Study, Part)>,
}

/// Sorts studies into chapters. Chapters of the argument without a study are there all the
/// same; the last one is left out if it has none.
pub(super) fn filled<'a>(
    studies: &[&'a Study],
    answers: &Answers,
) -> Result<Vec<Filled<'a>>, ReportError> {
    let placed = |study: &Study| CHAPTERS.iter().any(|one| one.studies.contains(&study.name));
    let fill = |chapter: &Chapter, found: Vec<&&'a Study>| -> Result<Filled<'a>, ReportError> {
        let parts = found.into_iter().map(|study| Ok((*study, (study.part)(answers)?)));
        Ok(Filled { chapter: *chapter, studies: parts.collect::<Result<_, ReportError>>()? })
    };
    let chapters = CHAPTERS.iter().map(|chapter| {
        let found = chapter
            .studies
            .iter()
            .flat_map(|name| studies.iter().filter(move |study| study.name == *name));
        fill(chapter, found.collect())
    });
    let mut chapters = chapters.collect::<Result<Vec<_>, _>>()?;
    let others: Vec<_> = studies.iter().filter(|study| !placed(study)).collect();
    if !others.is_empty() {
        chapters.push(fill(&OTHERS, others)?);
    }
    Ok(chapters)
}

impl Filled<'_> {
    /// What its studies make of the records.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.studies.iter().map(|(_, part)| part)
    }

    /// Chapter `number`, from 1.
    pub(super) fn section(
        &self,
        number: usize,
        figures: &[Drawn],
        claims: &[ClaimResult],
    ) -> Markup {
        let Filled { chapter, studies } = self;
        let shown = |study: &Study| -> Vec<&Drawn> {
            let drawn = |name| figures.iter().filter(move |drawn| drawn.of.name == name);
            study.figures.iter().flat_map(|figure| drawn(figure.name)).collect()
        };
        let is_empty =
            |(study, part): &(&Study, Part)| part.section.is_none() && shown(study).is_empty();
        let tiles = self.parts().filter_map(|part| part.finding.as_ref());
        let tiles: Vec<_> = tiles.flat_map(|finding| &finding.tiles).collect();
        html! {
            section.chapter id=(chapter.id) {
                h2 { (number) ". " (chapter.title) }
                @if !chapter.claimed.is_empty() { p { (chapter.claimed) } }
                p { (chapter.done) }
                (verdicts(chapter, claims))
                @if !tiles.is_empty() { div.tiles { @for tile in tiles { (tile) } } }
                @if studies.iter().all(is_empty) { p.none { "None of its records is here yet." } }
                @for (study, part) in studies {
                    @for drawn in shown(study) { (figures::block(drawn)) }
                    @if let Some(section) = &part.section {
                        div.details id=(section.id) { h3 { (section.title) } (section.body) }
                    }
                }
            }
        }
    }
}

/// The verdicts of the chapter's claims, each with a link to its row.
fn verdicts(chapter: &Chapter, claims: &[ClaimResult]) -> Markup {
    let own = claims.iter().filter(|claim| chapter.studies.contains(&claim.study.as_str()));
    let own: Vec<&ClaimResult> = own.collect();
    html! {
        @if !own.is_empty() {
            ul.verdicts aria-label="Claims of this chapter" {
                @for claim in own {
                    li {
                        a href={ "#" (claim.id) } title=(claim.statement) { (claim.id) } " "
                        (chip(claim.verdict.level))
                        @if claim.verdict.level != Level::NotRun && claim.verdict.borderline {
                            " borderline"
                        }
                    }
                }
            }
        }
    }
}
