//! Two small charts side by side.

use plotters::coord::CoordTranslate;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{Cartesian2d, DrawingBackend, RGBColor};
use record::stats::Interval;

use super::layout::{LEGEND, MARGIN, SMALL, WIDTH};
use super::{Axis, Level, Outline, Point};
use crate::ReportError;
use crate::figure::canvas::{Anchor, Canvas, Failure, Type, measure, px};
use crate::figure::numbers::Row;
use crate::figure::palette::{GRID, INK, QUIET, SERIES};
use crate::figure::{Drawing, Figure, failed, render};

/// Curves that are steps of one thing, beside another chart of the same thing.
pub(crate) struct Pair {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// The left chart and the right one.
    pub(crate) panels: [Panel; 2],
    pub(crate) caption: String,
}

/// One of the two.
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) curves: Vec<Shaded>,
    /// Lines across, named above their right end.
    pub(crate) levels: Vec<Level>,
}

/// A curve in a shade of the first colour.
pub(crate) struct Shaded {
    /// Its legend entry; none where it is empty, one where several have the same.
    pub(crate) label: String,
    /// How dark it is, from 0 to 1.
    pub(crate) shade: f64,
    pub(crate) points: Vec<Point>,
    /// Whether points have marks.
    pub(crate) marked: bool,
}

const TOP: f64 = 122.0;
const HEIGHT: f64 = 300.0;
const FOOT: f64 = 58.0;
const LEGEND_ROW: f64 = 74.0;

impl Pair {
    /// Draws both.
    ///
    /// # Errors
    /// [`ReportError::Data`] if a number does not lie on its axis, [`ReportError::Draw`] if
    /// the plotting library fails.
    pub(crate) fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        for Panel { x, y, curves, levels } in &self.panels {
            let (title, subtitle) = (self.title.as_str(), self.subtitle.as_str());
            let outline = Outline { name, title, subtitle, x, y, levels };
            outline.check(1)?;
            for Shaded { label, points, .. } in curves {
                for point in points {
                    let ends = Interval { low: point.y, high: point.y };
                    let Interval { low, high } = point.interval.unwrap_or(ends);
                    for y in [point.y, low, high] {
                        outline.check_point(point.x, y, label)?;
                    }
                }
            }
        }
        let widths: Result<Vec<i32>, Failure> =
            self.entries().map(|curve| measure(&curve.label, LEGEND)).collect();
        let picture = Picture { pair: self, widths: widths.map_err(failed(name))? };
        render(&picture, name, &self.title, self.caption.clone())
    }

    /// The curves that the legend names: the first with each label.
    fn entries(&self) -> impl Iterator<Item = &Shaded> {
        let all = || self.panels.iter().flat_map(|panel| &panel.curves);
        all().enumerate().filter_map(move |(place, curve)| {
            let is_new = all().take(place).all(|before| before.label != curve.label);
            (is_new && !curve.label.is_empty()).then_some(curve)
        })
    }
}

impl Shaded {
    fn color(&self) -> RGBColor {
        let RGBColor(r, g, b) = SERIES[0].0;
        let mix = |c: u8| (255.0 - self.shade * (255.0 - f64::from(c))).round() as u8;
        RGBColor(mix(r), mix(g), mix(b))
    }
}

struct Picture<'a> {
    pair: &'a Pair,
    /// Of the legend's entries.
    widths: Vec<i32>,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (TOP + HEIGHT + FOOT) as u32)
    }

    fn numbers(&self) -> Vec<Row> {
        let panels = self.pair.panels.iter();
        let curves = panels.flat_map(|panel| panel.curves.iter().map(move |curve| (panel, curve)));
        let rows = curves.flat_map(|(panel, Shaded { label, points, .. })| {
            let row = move |point: &Point| Row::new(label, point.x, point.y, point.interval);
            points.iter().map(move |point| row(point).of_plot(&panel.y.name))
        });
        rows.collect()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        let look = Type { size: 18.0, color: INK, bold: true };
        canvas.text(&self.pair.title, (px(MARGIN), px(24.0)), Anchor::Left, look)?;
        canvas.text(&self.pair.subtitle, (px(MARGIN), px(46.0)), Anchor::Left, SMALL)?;
        let (mut x, y) = (px(MARGIN), px(LEGEND_ROW));
        for (curve, width) in self.pair.entries().zip(&self.widths) {
            canvas.line(&[(x, y), (x + px(16.0), y)], curve.color(), 2.4)?;
            canvas.text(&curve.label, (x + px(23.0), y), Anchor::Left, LEGEND)?;
            x += width + px(44.0);
        }
        let (width, half) = (f64::from(WIDTH), f64::from(WIDTH) / 2.0);
        let [left, right] = &self.pair.panels;
        left.draw(canvas, (52.0, half - 14.0))?;
        right.draw(canvas, (half + 52.0, width - 16.0))
    }
}

impl Panel {
    /// Draws it between these ends, in CSS pixels.
    fn draw<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<DB>,
        (from, to): (f64, f64),
    ) -> Result<(), Failure> {
        let Panel { x: across, y: up, curves, levels } = self;
        let pixels = (px(from)..px(to), px(TOP + HEIGHT)..px(TOP));
        let axes: Cartesian2d<RangedCoordf64, RangedCoordf64> =
            Cartesian2d::new(across.from..across.to, up.from..up.to, pixels);
        let at = |x: f64, y: f64| axes.translate(&(x, y));
        let (left, right) = (px(from), px(to));
        for (value, label) in up.labels() {
            let y = at(across.from, value).1;
            let color = if value == up.from { QUIET } else { GRID };
            canvas.line(&[(left, y), (right, y)], color, 1.0)?;
            canvas.text(&label, (left - px(8.0), y), Anchor::Right, SMALL)?;
        }
        canvas.text(&up.name, (left - px(36.0), px(TOP - 18.0)), Anchor::Left, SMALL)?;
        for (value, label) in across.labels() {
            let (x, y) = at(value, up.from);
            canvas.line(&[(x, y), (x, y + px(4.0))], QUIET, 1.0)?;
            canvas.text(&label, (x, y + px(15.0)), Anchor::Middle, SMALL)?;
        }
        let below = ((left + right) / 2, px(TOP + HEIGHT + 38.0));
        canvas.text(&across.name, below, Anchor::Middle, SMALL)?;
        for Level { y, label, series } in levels {
            let color = series.map_or(QUIET, |place| SERIES[place].0);
            let pattern = if series.is_none() { (1.5, 3.5) } else { (7.0, 4.0) };
            let height = at(across.from, *y).1;
            canvas.dashes((left, right, height), color, 1.4, pattern)?;
            let look = Type::regular(12.0, color);
            canvas.text(label, (right, height - px(9.0)), Anchor::Right, look)?;
        }
        for curve in curves {
            let color = curve.color();
            let places: Vec<_> = curve.points.iter().map(|point| at(point.x, point.y)).collect();
            if places.len() > 1 {
                canvas.line(&places, color, 2.2)?;
            }
            for point in &curve.points {
                if let Some(Interval { low, high }) = point.interval {
                    let (x, top) = at(point.x, high);
                    canvas.interval((x, top, at(point.x, low).1), color)?;
                }
            }
            for &place in places.iter().filter(|_| curve.marked) {
                canvas.mark(SERIES[0].1, place, color)?;
            }
        }
        Ok(())
    }
}
