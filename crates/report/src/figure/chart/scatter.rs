//! Clouds of points, in up to six plots: three side by side, or two rows.

use plotters::coord::CoordTranslate;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{Cartesian2d, Color, DrawingBackend};
use record::stats::Interval;

use super::frame::{Symbol, headings, legend};
use super::labels::{self, Label};
use super::layout::{LEFT, MARGIN, SMALL, TOP, WIDTH, legend_places};
use super::{Axis, Key, Level, Outline};
use crate::ReportError;
use crate::figure::canvas::{Anchor, Canvas, Failure, Point, Type, px};
use crate::figure::numbers::Row;
use crate::figure::palette::{GRID, INK, QUIET, SERIES};
use crate::figure::{Drawing, Figure, failed, render};

/// A chart of points in plots that share their series: up to three lie side by side, more in
/// two rows.
///
/// ```
/// use report::figure::{Axis, Dot, Plot, Scatter};
///
/// let dot = |x, y| Dot { series: 0, x, y, interval: None, diamond: false, label: String::new() };
/// let chart = Scatter {
///     title: "Does a large branch matter more?".into(),
///     subtitle: "made up".into(),
///     series: vec!["blocks of resnet20".into()],
///     plots: vec![Plot {
///         title: "all blocks".into(),
///         x: Axis::log("|f| / |y|", [0.1, 0.7]),
///         y: Axis::around("points of error", [0.0, 9.0]),
///         dots: vec![dot(0.1, 0.5), Dot { label: "block 1".into(), ..dot(0.7, 9.0) }],
///         levels: Vec::new(),
///         joined: false,
///     }],
///     keys: Vec::new(),
///     caption: "One point for each block.".into(),
/// };
/// assert!(chart.draw("norms")?.svg.contains("block 1"));
/// # Ok::<(), report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// What is shown, in a few words.
    pub title: String,
    /// The number of images or draws behind it.
    pub subtitle: String,
    /// The legend entries of the series, in the order of the palette.
    pub series: Vec<String>,
    /// One to six plots, row by row.
    pub plots: Vec<Plot>,
    /// Legend entries for what all series have in common.
    pub keys: Vec<(Key, String)>,
    /// What is shown, in sentences.
    pub caption: String,
}

/// One of the plots.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What it shows, above it.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The points; those of a series from left to right where they are joined.
    pub dots: Vec<Dot>,
    /// Lines across, named above their right end, or without a name where it is empty.
    pub levels: Vec<Level>,
    /// Whether lines join the points of each series.
    pub joined: bool,
}

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// The place of its series.
    pub series: usize,
    /// Place on the horizontal axis.
    pub x: f64,
    /// Place on the vertical axis.
    pub y: f64,
    /// The ends of its error bar.
    pub interval: Option<Interval>,
    /// Whether it has a diamond instead of the series' mark.
    pub diamond: bool,
    /// Its name beside it, left out where there is no room; none where it is empty.
    pub label: String,
}

/// Between the headings of the chart and the plots there is one line for their titles.
const TITLES: f64 = 20.0;
/// The height of the plots in one row, and in two.
const HEIGHTS: [f64; 2] = [304.0, 190.0];
const FOOT: f64 = 58.0;
/// Between the foot of a row and the plots of the next one: their titles.
const BETWEEN: f64 = 54.0;
/// Right of each plot.
const GAP: f64 = 14.0;

impl Scatter {
    /// Draws the chart; `name` is the figure's name, and its file's.
    ///
    /// # Errors
    /// [`ReportError::TooMany`] with more than four series, [`ReportError::Data`] if there
    /// are not one to six plots or a number does not lie on its axis,
    /// [`ReportError::Draw`] if the plotting library fails.
    pub fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        self.check(name)?;
        let series = self.series.iter().zip(SERIES);
        let series = series.map(|(text, (color, mark))| {
            let is_joined = self.plots.iter().any(|plot| plot.joined);
            let symbol =
                if is_joined { Symbol::Line(color, mark) } else { Symbol::Mark(color, mark) };
            (text.clone(), symbol)
        });
        let keys = self.keys.iter().map(|(key, text)| (text.clone(), key.symbol()));
        let entries: Vec<_> = series.chain(keys).collect();
        let texts: Vec<&str> = entries.iter().map(|(text, _)| text.as_str()).collect();
        let (places, moved) = legend_places(&texts).map_err(failed(name))?;
        let rows = if self.plots.len() > 3 { 2 } else { 1 };
        let (columns, height) = (self.plots.len().div_ceil(rows), HEIGHTS[rows - 1]);
        let width = f64::from(WIDTH) / columns as f64;
        let top = |row: usize| TOP + TITLES + moved + row as f64 * (height + FOOT + BETWEEN);
        let placed = self.plots.iter().enumerate().map(|(place, plot)| {
            let (left, top) = (width * (place % columns) as f64, top(place / columns));
            Placed::of(plot, (left + LEFT, left + width - GAP), (top, top + height))
        });
        let placed = placed.collect::<Result<Vec<_>, _>>().map_err(failed(name))?;
        let bottom = top(rows - 1) + height;
        let picture = Picture { chart: self, entries, places, placed, bottom };
        render(&picture, name, &self.title, self.caption.clone())
    }

    fn check(&self, name: &str) -> Result<(), ReportError> {
        let (limit, given) = (SERIES.len(), self.series.len());
        if given > limit {
            return Err(ReportError::TooMany { figure: name.into(), limit, given });
        }
        let (title, subtitle) = (self.title.as_str(), self.subtitle.as_str());
        let wrong = |what: String| ReportError::Data { figure: name.into(), what };
        if !(1..=6).contains(&self.plots.len()) {
            let what = format!("{} plots, expected 1 to 6", self.plots.len());
            return Err(wrong(what));
        }
        for Plot { x, y, dots, levels, .. } in &self.plots {
            let outline = Outline { name, title, subtitle, x, y, levels };
            outline.check(given)?;
            for Dot { series, x, y, interval, .. } in dots {
                let Some(label) = self.series.get(*series) else {
                    let what = format!("a point belongs to series {series}, but there are {given}");
                    return Err(wrong(what));
                };
                let Interval { low, high } = interval.unwrap_or(Interval { low: *y, high: *y });
                for y in [*y, low, high] {
                    outline.check_point(*x, y, label)?;
                }
            }
        }
        Ok(())
    }
}

struct Picture<'a> {
    chart: &'a Scatter,
    entries: Vec<(String, Symbol)>,
    places: Vec<Point>,
    placed: Vec<Placed<'a>>,
    bottom: f64,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (self.bottom + FOOT) as u32)
    }

    fn numbers(&self) -> Vec<Row> {
        // A row names its plot by the measure; where all plots share one, by the title.
        let plots = &self.chart.plots;
        let measures_one = plots.iter().all(|plot| plot.y.name == plots[0].y.name);
        let rows = plots.iter().flat_map(|plot| {
            let name = if measures_one { &plot.title } else { &plot.y.name };
            plot.dots.iter().map(move |dot| {
                let series = &self.chart.series[dot.series];
                Row::new(series, dot.x, dot.y, dot.interval).of_plot(name)
            })
        });
        rows.collect()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        headings(canvas, &self.chart.title, &self.chart.subtitle)?;
        legend(canvas, &self.entries, &self.places)?;
        self.placed.iter().try_for_each(|plot| plot.draw(canvas))
    }
}

/// A plot at its place.
struct Placed<'a> {
    plot: &'a Plot,
    axes: Cartesian2d<RangedCoordf64, RangedCoordf64>,
    /// Left and right end, in drawing pixels.
    ends: (i32, i32),
    /// Top and bottom.
    heights: (i32, i32),
    labels: Vec<Label<'a>>,
}

impl<'a> Placed<'a> {
    /// Between these ends and heights in CSS pixels.
    fn of(
        plot: &'a Plot,
        (from, to): (f64, f64),
        (top, bottom): (f64, f64),
    ) -> Result<Self, Failure> {
        let (ends, heights) = ((px(from), px(to)), (px(top), px(bottom)));
        let range = |axis: &Axis| axis.place(axis.from)..axis.place(axis.to);
        let pixels = (ends.0..ends.1, heights.1..heights.0);
        let axes = Cartesian2d::new(range(&plot.x), range(&plot.y), pixels);
        let mut placed = Placed { plot, axes, ends, heights, labels: Vec::new() };
        let dots: Vec<_> =
            plot.dots.iter().map(|d| (placed.at(d.x, d.y), d.label.as_str())).collect();
        let bars = plot.dots.iter().filter_map(|dot| {
            let Interval { low, high } = dot.interval?;
            Some((placed.at(dot.x, high), placed.at(dot.x, low)))
        });
        placed.labels = labels::place(&dots, bars, ends, heights)?;
        Ok(placed)
    }

    fn at(&self, x: f64, y: f64) -> Point {
        self.axes.translate(&(self.plot.x.place(x), self.plot.y.place(y)))
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        self.grid(canvas)?;
        for Level { y, label, series } in &self.plot.levels {
            let color = series.map_or(QUIET, |place| SERIES[place].0);
            let pattern = if series.is_none() { (1.5, 3.5) } else { (7.0, 4.0) };
            let y = self.at(self.plot.x.from, *y).1;
            canvas.dashes((self.ends.0, self.ends.1, y), color, 1.4, pattern)?;
            if !label.is_empty() {
                let look = Type::regular(12.0, color);
                canvas.text(label, (self.ends.1, y - px(9.0)), Anchor::Right, look)?;
            }
        }
        let dots = &self.plot.dots;
        for (place, (color, _)) in SERIES.iter().enumerate().filter(|_| self.plot.joined) {
            let line = dots.iter().filter(|dot| dot.series == place);
            let line: Vec<Point> = line.map(|dot| self.at(dot.x, dot.y)).collect();
            if line.len() > 1 {
                canvas.line(&line, color.mix(0.5), 1.5)?;
            }
        }
        for dot in dots {
            if let Some(Interval { low, high }) = dot.interval {
                let (x, top) = self.at(dot.x, high);
                let color = SERIES[dot.series].0;
                canvas.interval((x, top, self.at(dot.x, low).1), color.mix(0.6))?;
            }
        }
        for dot in dots {
            let ((color, mark), at) = (SERIES[dot.series], self.at(dot.x, dot.y));
            if dot.diamond {
                canvas.diamond(at, color)?;
            } else {
                canvas.mark(mark, at, color)?;
            }
        }
        for Label { text, at, anchor } in &self.labels {
            canvas.text(text, *at, *anchor, SMALL)?;
        }
        Ok(())
    }

    /// The axes with their numbers, and the plot's title.
    fn grid<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let Plot { title, x: across, y: up, .. } = self.plot;
        let ((left, right), (top, bottom)) = (self.ends, self.heights);
        for (value, label) in up.labels() {
            let y = self.at(across.from, value).1;
            canvas.line(&[(left, y), (right, y)], GRID, 1.0)?;
            canvas.text(&label, (left - px(8.0), y), Anchor::Right, SMALL)?;
        }
        canvas.line(&[(left, bottom), (right, bottom)], QUIET, 1.0)?;
        let margin = left - px(LEFT - MARGIN);
        let look = Type { size: 12.5, color: INK, bold: true };
        canvas.text(title, (margin, top - px(38.0)), Anchor::Left, look)?;
        canvas.text(&up.name, (margin, top - px(18.0)), Anchor::Left, SMALL)?;
        for (value, label) in across.labels() {
            let (x, y) = self.at(value, up.from);
            canvas.line(&[(x, y), (x, y + px(4.0))], QUIET, 1.0)?;
            canvas.text(&label, (x, y + px(15.0)), Anchor::Middle, SMALL)?;
        }
        let below = ((left + right) / 2, bottom + px(38.0));
        canvas.text(&across.name, below, Anchor::Middle, SMALL)
    }
}
