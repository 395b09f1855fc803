//! The same report in short as Markdown, for where a folder's `README.md` is shown and a
//! page is not: claims and figures.

use super::argument::{CHAPTERS, Chapter};
use super::chapter::OTHERS;
use super::{Drawn, PageInput};
use crate::claims::{ClaimResult, Level};
use crate::words;

/// Writes the claims as a table and the figures by chapter, with links to the files beside
/// it: `index.html`, `claims.json`, `figures/`.
pub fn readme(input: &PageInput) -> String {
    let mut text = "# What a network loses with one of its parts\n\n\
                    [index.html](index.html) is the whole report, one page that needs no network: \
                    download it and open it in a browser. Here are its claims and figures. The \
                    numbers are in [claims.json](claims.json), the raw answers in \
                    [records](records), the curves in [figures](figures).\n"
        .to_owned();
    if input.preview {
        text += "\nPreview: these numbers come from the sample that ships with the program. \
                 `cargo xtask reproduce --full` uses all 10,000 test images.\n";
    }
    text += &claims(input.claims);
    let others = input.figures.iter().filter(|drawn| chapter_of(input, drawn).is_none());
    let others: Vec<&Drawn> = others.collect();
    for (place, chapter) in CHAPTERS.iter().enumerate() {
        let own = |drawn: &&Drawn| chapter_of(input, drawn).is_some_and(|own| own.id == chapter.id);
        let order = |drawn: &&Drawn| {
            chapter.studies.iter().position(|name| Some(*name) == study_of(input, drawn))
        };
        let mut shown: Vec<&Drawn> = input.figures.iter().filter(own).collect();
        shown.sort_by_key(order);
        text += &section(place + 1, chapter, &shown);
    }
    text + &section(CHAPTERS.len() + 1, &OTHERS, &others)
}

fn claims(claims: &[ClaimResult]) -> String {
    let mut text = "\n## The paper's claims\n\n".to_owned();
    let (skipped, judged): (Vec<_>, Vec<_>) =
        claims.iter().partition(|claim| claim.verdict.level == Level::NotRun);
    if !judged.is_empty() {
        text +=
            "| | claim | paper | ours, with 95 % intervals | verdict |\n|---|---|---|---|---|\n";
    }
    for claim in judged {
        let (ours, interval) = (claim.ours.iter(), claim.interval.iter());
        let pairs = ours.flat_map(|s| s.split("; ")).zip(interval.flat_map(|s| s.split("; ")));
        let ours: Vec<String> =
            pairs.map(|(value, range)| plain(&format!("{value} ({range})"))).collect();
        let (statement, paper) = (plain(&claim.statement), plain(&claim.paper));
        let (ours, verdict) = (ours.join("<br>"), plain(&claim.verdict.to_string()));
        text += &format!("| {} | {statement} | {paper} | {ours} | {verdict} |\n", claim.id);
    }
    if !skipped.is_empty() {
        let ids: Vec<&str> = skipped.iter().map(|claim| claim.id.as_str()).collect();
        text += &format!("\nNot run: {}.\n", words::list(&ids));
    }
    text
}

/// Nothing for a chapter without figures.
fn section(number: usize, chapter: &Chapter, figures: &[&Drawn]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let sentences = if chapter.claimed.is_empty() { chapter.done } else { chapter.claimed };
    let mut text = format!("\n## {number}. {}\n\n{}\n", chapter.title, plain(sentences));
    for Drawn { of, figure, .. } in figures {
        let file = &figure.name;
        text += &format!("\n![{}](figures/{file}.png)\n\n", of.name);
        text += &format!("**{}.** {} ([SVG](figures/{file}.svg)", of.name, plain(of.see));
        text += if figure.csv.is_some() { ", " } else { ")\n" };
        if figure.csv.is_some() {
            text += &format!("[CSV](figures/{file}.csv))\n");
        }
    }
    text
}

/// The study that has this figure.
fn study_of<'a>(input: &PageInput<'a>, drawn: &Drawn) -> Option<&'a str> {
    let has = |study: &&&super::Study| study.figures.iter().any(|one| one.name == drawn.of.name);
    input.studies.iter().find(has).map(|study| study.name)
}

fn chapter_of(input: &PageInput, drawn: &Drawn) -> Option<&'static Chapter> {
    let study = study_of(input, drawn)?;
    CHAPTERS.iter().find(|chapter| chapter.studies.contains(&study))
}

/// Text that Markdown takes as it is.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '<' => plain += "&lt;",
            '|' | '*' | '_' | '`' | '[' | '\\' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}
