//! A figure on the page: the picture, what to see, what was run, deviations, its files.

use maud::{Markup, PreEscaped, html};
use record::{Key, Record};
use serde_json::Value;

use super::runs;
use crate::figure::Figure;
use crate::study::StudyFigure;
use crate::{Answers, ReportError, words};

/// A figure and the records that it was drawn from.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// The figure of a study.
    pub of: &'a StudyFigure,
    /// The records that it shows.
    pub records: Vec<&'a Record>,
    /// The picture.
    pub figure: Figure,
}

impl<'a> Drawn<'a> {
    /// Draws a figure from the records that it needs.
    ///
    /// # Errors
    /// [`ReportError::Lacking`] if one of them is not there; else as
    /// [`draw`](StudyFigure::draw).
    pub fn of(of: &'a StudyFigure, answers: &Answers<'a>) -> Result<Self, ReportError> {
        Drawn::from(of, answers.find_all(&(of.needs)())?)
    }

    /// Draws a figure from these records.
    ///
    /// # Errors
    /// As [`draw`](StudyFigure::draw).
    pub fn from(of: &'a StudyFigure, records: Vec<&'a Record>) -> Result<Self, ReportError> {
        let figure = (of.draw)(&records)?;
        Ok(Drawn { of, records, figure })
    }
}

/// The figure with everything that the reader has to know of it.
pub(super) fn block(drawn: &Drawn) -> Markup {
    let Drawn { of, records, figure } = drawn;
    let file = |extension: &str| format!("figures/{}.{extension}", figure.name);
    html! {
        figure id=(of.name) {
            div.scroll tabindex="0" { (PreEscaped(&figure.svg)) }
            figcaption {
                p.see { span.id { (of.name) } " " b { "What to see. " } (of.see) }
                p { (figure.caption) }
                dl {
                    dt { "What was run" }
                    dd {
                        @if records.is_empty() { "Nothing: no network is needed." }
                        @for record in records { (run(record)) }
                    }
                    dt { "Deviations" }
                    dd { (of.deviations) }
                    dt { "Files" }
                    dd {
                        a href=(file("svg")) { "SVG" } " " a href=(file("png")) { "PNG" }
                        @if figure.csv.is_some() { " " a href=(file("csv")) { "CSV" } }
                        @if !records.is_empty() { "; " (words::plural(records.len(), "record")) ": " }
                        @for (place, record) in records.iter().enumerate() {
                            @if place > 0 { ", " }
                            a href={ "records/" (record.name) ".json" } { (record.name) }
                        }
                    }
                }
            }
        }
    }
}

/// `delete-many of resnet20, draws 20, pool all; 2,000 images of cifar10-test`, with a link
/// to the details.
fn run(record: &Record) -> Markup {
    let key = &record.key;
    html! {
        div {
            a href={ "#" (runs::id(record)) } { (runs::title(key)) }
            @for (name, value) in options(key) { ", " (name) " " (value) }
            @for (place, images) in key.images.iter().enumerate() {
                @if place == 0 { "; " } @else { " and " }
                (words::count(images.images as u64)) " images of " (images.name)
                @if images.sample { " (the shipped sample)" }
            }
        }
    }
}

/// Names and values of the options that the record's key states.
fn options(key: &Key) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let options = key.options.as_object().into_iter().flatten();
    options.map(|(name, value)| (name.replace('_', " "), text(value))).collect()
}
