//! Curves with marks, intervals and bands.

use plotters::prelude::{Color, DrawingBackend};
use record::stats::Interval;

use super::frame::{BAND, Frame, Symbol};
use super::{Axis, Level, Outline};
use crate::ReportError;
use crate::figure::canvas::{Canvas, Failure};
use crate::figure::numbers::Row;
use crate::figure::palette::SERIES;
use crate::figure::{Drawing, Figure, failed, render};

/// A chart of up to four curves.
///
/// ```
/// use report::figure::{Axis, Lines, Series};
///
/// let chart = Lines {
///     title: "Error after deleting k blocks".into(),
///     subtitle: "made up".into(),
///     x: Axis::counting("deleted blocks", 3),
///     y: Axis::new("test error (%)", 0.0, 100.0),
///     series: vec![Series::new("resnet20", [(1.0, 12.0), (2.0, 18.0), (3.0, 31.0)])],
///     levels: Vec::new(),
///     keys: Vec::new(),
///     caption: "One draw for each k.".into(),
/// };
/// let figure = chart.draw("deleted-blocks")?;
/// assert!(figure.svg.contains("Error after deleting k blocks"));
/// # Ok::<(), report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// What is shown, in a few words.
    pub title: String,
    /// The number of images or draws behind it.
    pub subtitle: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves, in the order of the palette.
    pub series: Vec<Series>,
    /// Lines across the plot.
    pub levels: Vec<Level>,
    /// Legend entries for what all curves have in common, after those of the curves.
    pub keys: Vec<(Key, String)>,
    /// What is shown, in sentences.
    pub caption: String,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its legend entry.
    pub label: String,
    /// Its points from left to right, in runs: the line joins the points of a run, and
    /// breaks between runs.
    pub runs: Vec<Vec<Point>>,
    /// A band behind the curve, for instance the quartiles: at each x the lower and the
    /// upper end. Empty where there is none.
    pub band: Vec<(f64, Interval)>,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Place on the horizontal axis.
    pub x: f64,
    /// Place on the vertical axis.
    pub y: f64,
    /// The ends of its error bar.
    pub interval: Option<Interval>,
    /// Whether it has a diamond instead of the curve's mark.
    pub diamond: bool,
}

/// A mark that the legend explains for all curves together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A diamond instead of the curve's mark.
    Diamond,
    /// An error bar.
    Interval,
    /// A band behind a curve.
    Band,
    /// A dotted line across the plot.
    Level,
}

impl Key {
    pub(super) fn symbol(self) -> Symbol {
        match self {
            Key::Diamond => Symbol::Diamond,
            Key::Interval => Symbol::Interval,
            Key::Band => Symbol::Band,
            Key::Level => Symbol::Level,
        }
    }
}

impl Series {
    /// A curve through these points, without error bars.
    pub fn new(label: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Series {
        let point = |(x, y)| Point { x, y, interval: None, diamond: false };
        let run = points.into_iter().map(point).collect();
        Series { label: label.into(), runs: vec![run], band: Vec::new() }
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.runs.iter().flatten()
    }
}

impl Lines {
    /// Draws the chart; `name` is the figure's name, and its file's.
    ///
    /// # Errors
    /// [`ReportError::TooMany`] with more than four curves, [`ReportError::Data`] if a
    /// number does not lie on its axis, [`ReportError::Draw`] if the plotting library
    /// fails.
    pub fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        let Lines { title, subtitle, x, y, levels, .. } = self;
        let outline = Outline { name, title, subtitle, x, y, levels };
        self.check(&outline)?;
        let curves = self.series.iter().zip(SERIES);
        let curves =
            curves.map(|(curve, (color, mark))| (curve.label.clone(), Symbol::Line(color, mark)));
        let keys = self.keys.iter().map(|(key, text)| (text.clone(), key.symbol()));
        let legend: Vec<_> = curves.chain(keys).collect();
        let frame = Frame::new(outline, &legend).map_err(failed(name))?;
        render(&Picture { lines: self, frame }, name, title, self.caption.clone())
    }

    fn check(&self, outline: &Outline) -> Result<(), ReportError> {
        let (limit, given) = (SERIES.len(), self.series.len());
        if given > limit {
            return Err(ReportError::TooMany { figure: outline.name.into(), limit, given });
        }
        outline.check(given)?;
        for Series { label, band, runs } in &self.series {
            for point in runs.iter().flatten() {
                let Interval { low, high } =
                    point.interval.unwrap_or(Interval { low: point.y, high: point.y });
                for y in [point.y, low, high] {
                    outline.check_point(point.x, y, label)?;
                }
            }
            for (x, Interval { low, high }) in band {
                for y in [low, high] {
                    outline.check_point(*x, *y, label)?;
                }
            }
        }
        Ok(())
    }
}

struct Picture<'a> {
    lines: &'a Lines,
    frame: Frame<'a>,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        self.frame.size()
    }

    fn numbers(&self) -> Vec<Row> {
        let rows = self.lines.series.iter().flat_map(|Series { label, runs, .. }| {
            let points = runs.iter().flatten();
            points.map(move |point| Row::new(label, point.x, point.y, point.interval))
        });
        rows.collect()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        self.frame.draw(canvas)?;
        let curves = || self.lines.series.iter().zip(SERIES);
        // Bands of all curves lie below the lines of all curves, and those below the marks.
        for (curve, (color, _)) in curves() {
            let upper = curve.band.iter().map(|(x, ends)| self.frame.at(*x, ends.high));
            let lower = curve.band.iter().rev().map(|(x, ends)| self.frame.at(*x, ends.low));
            let edge: Vec<_> = upper.chain(lower).collect();
            if edge.len() > 2 {
                canvas.polygon(&edge, color.mix(BAND))?;
            }
        }
        for (curve, (color, _)) in curves() {
            for run in &curve.runs {
                let places: Vec<_> = run.iter().map(|p| self.frame.at(p.x, p.y)).collect();
                if places.len() > 1 {
                    canvas.line(&places, color.mix(0.5), 1.5)?;
                }
            }
            for point in curve.points() {
                if let Some(Interval { low, high }) = point.interval {
                    let (x, top) = self.frame.at(point.x, high);
                    canvas.interval((x, top, self.frame.at(point.x, low).1), color)?;
                }
            }
        }
        for (curve, (color, mark)) in curves() {
            for point in curve.points() {
                let place = self.frame.at(point.x, point.y);
                if point.diamond {
                    canvas.diamond(place, color)?;
                } else {
                    canvas.mark(mark, place, color)?;
                }
            }
        }
        Ok(())
    }
}
