//! What surrounds the data: headings, legend, axes with their grid, levels.

use plotters::coord::CoordTranslate;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{Cartesian2d, Color, DrawingBackend, RGBColor};

use super::layout::{LEFT, LEGEND, Layout, MARGIN, SMALL, WIDTH, spread};
use super::{Axis, Outline};
use crate::figure::canvas::{Anchor, Canvas, Failure, Point, Type, px};
use crate::figure::palette::{GRID, INK, Mark, QUIET, SERIES};

/// The picture of a legend entry.
#[derive(Clone, Copy)]
pub(super) enum Symbol {
    Line(RGBColor, Mark),
    Mark(RGBColor, Mark),
    Diamond,
    Interval,
    Band,
    Level,
    BoxPlot(RGBColor),
}

/// The places of a chart's parts, and what its coordinates are in pixels.
pub(super) struct Frame<'a> {
    outline: Outline<'a>,
    legend: &'a [(String, Symbol)],
    layout: Layout,
    axes: Cartesian2d<RangedCoordf64, RangedCoordf64>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(
        outline: Outline<'a>,
        legend: &'a [(String, Symbol)],
    ) -> Result<Self, Failure> {
        let texts: Vec<&str> = legend.iter().map(|(text, _)| text.as_str()).collect();
        let layout = Layout::of(&outline, &texts)?;
        let (x, y) = (outline.x, outline.y);
        // Values grow upwards, pixels downwards.
        let pixels = (px(LEFT)..px(layout.right), px(layout.bottom)..px(layout.top));
        let ends = |axis: &Axis| axis.place(axis.from)..axis.place(axis.to);
        let axes = Cartesian2d::new(ends(x), ends(y), pixels);
        Ok(Frame { outline, legend, layout, axes })
    }

    /// Width and height in CSS pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (WIDTH, self.layout.height())
    }

    /// A point of the data in drawing pixels.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        self.axes.translate(&(self.outline.x.place(x), self.outline.y.place(y)))
    }

    /// Draws everything but the data.
    pub(super) fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        headings(canvas, self.outline.title, self.outline.subtitle)?;
        legend(canvas, self.legend, &self.layout.entries)?;
        self.grid(canvas)?;
        self.levels(canvas)
    }

    fn grid<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let Outline { x: across, y: up, .. } = self.outline;
        let (from, to) = self.ends();
        for (value, label) in up.labels() {
            let y = self.at(across.from, value).1;
            let color = if value == up.from { QUIET } else { GRID };
            canvas.line(&[(from, y), (to, y)], color, 1.0)?;
            canvas.text(&label, (from - px(8.0), y), Anchor::Right, SMALL)?;
        }
        let above = (px(MARGIN), px(self.layout.top - 18.0));
        canvas.text(&up.name, above, Anchor::Left, SMALL)?;
        for (value, label) in across.labels() {
            let (x, y) = self.at(value, up.from);
            canvas.line(&[(x, y), (x, y + px(4.0))], QUIET, 1.0)?;
            canvas.text(&label, (x, y + px(15.0)), Anchor::Middle, SMALL)?;
        }
        let below = ((from + to) / 2, px(self.layout.bottom + 38.0));
        canvas.text(&across.name, below, Anchor::Middle, SMALL)
    }

    /// Lines across the plot, named at their right end.
    fn levels<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let (from, to) = self.ends();
        let height = |y: f64| self.at(self.outline.x.from, y).1;
        let levels = self.outline.levels;
        let color = |series: Option<usize>| series.map_or(QUIET, |place| SERIES[place].0);
        for level in levels {
            let pattern = if level.series.is_none() { (1.5, 3.5) } else { (7.0, 4.0) };
            canvas.dashes((from, to, height(level.y)), color(level.series), 1.4, pattern)?;
        }
        let heights: Vec<_> = levels.iter().map(|level| height(level.y)).collect();
        let heights = spread(&heights, px(15.0), px(self.layout.bottom));
        for (level, y) in levels.iter().zip(heights) {
            let look = Type::regular(12.0, color(level.series));
            canvas.text(&level.label, (to + px(8.0), y), Anchor::Left, look)?;
        }
        Ok(())
    }

    /// Left and right end of the plot.
    fn ends(&self) -> (i32, i32) {
        let range = self.axes.get_x_axis_pixel_range();
        (range.start, range.end)
    }
}

/// What stands above a chart.
pub(super) fn headings<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    title: &str,
    subtitle: &str,
) -> Result<(), Failure> {
    let look = Type { size: 18.0, color: INK, bold: true };
    canvas.text(title, (px(MARGIN), px(24.0)), Anchor::Left, look)?;
    canvas.text(subtitle, (px(MARGIN), px(46.0)), Anchor::Left, SMALL)
}

/// The legend, its entries at these places.
pub(super) fn legend<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    entries: &[(String, Symbol)],
    places: &[Point],
) -> Result<(), Failure> {
    for ((text, symbol), (x, y)) in entries.iter().zip(places) {
        symbol.draw(canvas, (x + px(8.0), *y))?;
        canvas.text(text, (x + px(23.0), *y), Anchor::Left, LEGEND)?;
    }
    Ok(())
}

impl Symbol {
    pub(super) fn draw<DB: DrawingBackend>(
        self,
        canvas: &Canvas<DB>,
        at: Point,
    ) -> Result<(), Failure> {
        let (x, y) = at;
        let (left, right) = (x - px(8.0), x + px(8.0));
        match self {
            Symbol::Line(color, mark) => {
                canvas.line(&[(left, y), (right, y)], color.mix(0.5), 1.5)?;
                canvas.mark(mark, at, color)
            }
            Symbol::Mark(color, mark) => canvas.mark(mark, at, color),
            Symbol::Diamond => canvas.diamond(at, QUIET),
            Symbol::Interval => canvas.interval((x, y - px(7.0), y + px(7.0)), QUIET),
            Symbol::Band => {
                let (top, bottom) = (y - px(6.0), y + px(6.0));
                let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
                canvas.polygon(&corners, QUIET.mix(BAND))
            }
            Symbol::Level => canvas.dashes((left, right, y), QUIET, 1.4, (1.5, 3.5)),
            Symbol::BoxPlot(color) => {
                let heights = [9.0, 5.0, 0.0, -5.0, -9.0].map(|offset| y + px(offset));
                canvas.box_plot((x - px(5.0), x, x + px(5.0)), heights, color)
            }
        }
    }
}

/// How much a band covers what is behind it.
pub(super) const BAND: f64 = 0.18;
