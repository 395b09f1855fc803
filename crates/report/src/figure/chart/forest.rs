//! Rows of values with their intervals, from left to right: a forest plot.

use plotters::prelude::DrawingBackend;
use record::stats::Interval;

use super::Axis;
use super::frame::{Symbol, headings, legend};
use super::layout::{LEGEND, MARGIN, SMALL, WIDTH, legend_places};
use crate::ReportError;
use crate::figure::canvas::{Anchor, Canvas, Failure, Point, measure, px};
use crate::figure::numbers::Row;
use crate::figure::palette::{GRID, QUIET, SERIES};
use crate::figure::{Drawing, Figure, failed, render};

/// Height of a mark's line, and of the gap between rows, in CSS pixels.
const STEP: f64 = 11.0;
const GAP: f64 = 13.0;
/// Top of the rows below a legend of up to two rows.
const TOP: f64 = 110.0;
/// Below the rows: numbers and name of the axis.
const FOOT: f64 = 58.0;

/// A chart of rows, for instance the errors of several networks.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// What is shown, in a few words.
    pub title: String,
    /// The number of images behind it.
    pub subtitle: String,
    /// The horizontal axis, on which the values lie.
    pub x: Axis,
    /// The legend entries of the marks: up to four.
    pub series: Vec<String>,
    /// The rows, from top to bottom.
    pub rows: Vec<ForestRow>,
    /// What is shown, in sentences.
    pub caption: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestRow {
    /// Its name, on the left.
    pub label: String,
    /// Its values, from top to bottom.
    pub marks: Vec<RowMark>,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowMark {
    /// The place of its series.
    pub series: usize,
    /// The value.
    pub x: f64,
    /// The ends of its bar.
    pub interval: Interval,
}

impl Forest {
    /// Draws the chart; `name` is the figure's name, and its file's.
    ///
    /// # Errors
    /// [`ReportError::TooMany`] with more than four series, [`ReportError::Data`] if a number
    /// does not lie on the axis or belongs to no series, [`ReportError::Draw`] if the
    /// plotting library fails.
    pub fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        self.check(name)?;
        let texts: Vec<&str> = self.series.iter().map(String::as_str).collect();
        let (entries, moved) = legend_places(&texts).map_err(failed(name))?;
        let left = self.rows.iter().map(|row| measure(&row.label, LEGEND));
        let left = left.collect::<Result<Vec<_>, _>>().map_err(failed(name))?;
        let picture = Picture {
            forest: self,
            entries,
            left: px(MARGIN) + left.into_iter().max().unwrap_or(0) + px(14.0),
            top: TOP + moved,
        };
        render(&picture, name, &self.title, self.caption.clone())
    }

    fn check(&self, name: &str) -> Result<(), ReportError> {
        let (limit, given) = (SERIES.len(), self.series.len());
        if given > limit {
            return Err(ReportError::TooMany { figure: name.into(), limit, given });
        }
        let wrong = |what| ReportError::Data { figure: name.into(), what };
        self.x.check().map_err(wrong)?;
        for ForestRow { label, marks } in &self.rows {
            for RowMark { series, x, interval: Interval { low, high } } in marks {
                if *series >= given {
                    return Err(wrong(format!("{label}: a mark of series {series} of {given}")));
                }
                for x in [x, low, high] {
                    self.x.check_within(*x, label).map_err(wrong)?;
                }
            }
        }
        Ok(())
    }

    /// Height of a row in CSS pixels, without the gap below it.
    fn height(row: &ForestRow) -> f64 {
        STEP * row.marks.len().max(1) as f64
    }
}

struct Picture<'a> {
    forest: &'a Forest,
    /// The left end of each legend entry.
    entries: Vec<Point>,
    /// Left end of the axis, in drawing pixels.
    left: i32,
    /// Top of the rows, in CSS pixels.
    top: f64,
}

impl Picture<'_> {
    /// Lower end of the rows, in CSS pixels.
    fn bottom(&self) -> f64 {
        self.top + self.forest.rows.iter().map(|row| Forest::height(row) + GAP).sum::<f64>()
    }

    /// A value on the axis, in drawing pixels.
    fn across(&self, value: f64) -> i32 {
        let Axis { from, to, .. } = self.forest.x;
        let right = px(f64::from(WIDTH) - 24.0);
        self.left + ((value - from) / (to - from) * f64::from(right - self.left)).round() as i32
    }

    fn surroundings<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let Forest { title, subtitle, x, series, .. } = self.forest;
        canvas.background()?;
        headings(canvas, title, subtitle)?;
        let symbols = SERIES.map(|(color, mark)| Symbol::Line(color, mark));
        let entries: Vec<_> = series.iter().cloned().zip(symbols).collect();
        legend(canvas, &entries, &self.entries)?;
        let (top, bottom) = (px(self.top), px(self.bottom()));
        for (value, label) in x.labels() {
            let at = self.across(value);
            canvas.line(&[(at, top), (at, bottom)], GRID, 1.0)?;
            canvas.text(&label, (at, bottom + px(15.0)), Anchor::Middle, SMALL)?;
        }
        canvas.line(&[(self.left, bottom), (self.across(x.to), bottom)], QUIET, 1.0)?;
        let middle = (self.left + self.across(x.to)) / 2;
        canvas.text(&x.name, (middle, bottom + px(38.0)), Anchor::Middle, SMALL)
    }
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (self.bottom() + FOOT) as u32)
    }

    fn numbers(&self) -> Vec<Row> {
        let rows = self.forest.rows.iter().flat_map(|ForestRow { label, marks }| {
            marks.iter().map(move |mark| {
                let series = &self.forest.series[mark.series];
                let row = Row::new(series, 0.0, mark.x, Some(mark.interval));
                Row { x: label.clone(), ..row }
            })
        });
        rows.collect()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        self.surroundings(canvas)?;
        let mut top = self.top;
        for row in &self.forest.rows {
            let middle = px(top + (Forest::height(row) + GAP) / 2.0);
            canvas.text(&row.label, (px(MARGIN), middle), Anchor::Left, LEGEND)?;
            for (place, RowMark { series, x, interval }) in row.marks.iter().enumerate() {
                let y = px(top + (GAP + STEP) / 2.0 + STEP * place as f64);
                let (color, mark) = SERIES[*series];
                let (low, high) = (self.across(interval.low), self.across(interval.high));
                canvas.line(&[(low, y), (high, y)], color, 1.4)?;
                canvas.mark(mark, (self.across(*x), y), color)?;
            }
            top += Forest::height(row) + GAP;
        }
        Ok(())
    }
}
