//! The drawing of figure 3: axes, levels, curves and marks.

use plotters::coord::CoordTranslate;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{Cartesian2d, Color, DrawingBackend, RGBColor};

use super::{Deletions, FIGURE, Series};
use crate::figure::Drawing;
use crate::figure::canvas::{Anchor, Canvas, Failure, Point, Type, px};
use crate::figure::palette::{GRID, INK, QUIET};
use crate::sweep::{CHANCE, Effect};
use crate::words;

/// The plot's edges in CSS pixels, within the picture.
const WIDTH: u32 = 860;
const HEIGHT: u32 = 514;
const LEFT: f64 = 52.0;
const TOP: f64 = 132.0;
const BOTTOM: f64 = 456.0;

type Axes = Cartesian2d<RangedCoordf64, RangedCoordf64>;

impl Drawing for Deletions<'_> {
    const FIGURE: &'static str = FIGURE;

    fn size(&self) -> (u32, u32) {
        (WIDTH, HEIGHT)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        let right = self.right_edge(canvas)?;
        let units = self.longest() as f64;
        // Error grows upwards, pixels downwards.
        let pixels = (px(LEFT)..px(right), px(BOTTOM)..px(TOP));
        let axes = Axes::new(0.4..units + 0.6, 0.0..100.0, pixels);
        self.headings(canvas)?;
        self.frame(canvas, &axes)?;
        self.levels(canvas, &axes)?;
        // Marks of all curves lie above the lines of all curves.
        for series in &self.series {
            series.lines(canvas, &axes)?;
        }
        self.series.iter().try_for_each(|series| series.marks(canvas, &axes))
    }
}

const SMALL: Type = Type::regular(12.0, QUIET);

impl Deletions<'_> {
    fn longest(&self) -> usize {
        self.series.iter().map(|series| series.sweep.units().len()).max().unwrap_or(1)
    }

    /// Leaves room for the labels of the horizontal lines.
    fn right_edge<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<f64, Failure> {
        let mut widest = 0;
        for (_, text, _) in self.level_labels() {
            widest = widest.max(canvas.width(&text, SMALL)?);
        }
        // An SVG's reader may lack the font and set the labels in a wider one.
        let room = (1.12 * f64::from(widest) / f64::from(px(1.0))).min(300.0);
        Ok(f64::from(WIDTH) - room - 14.0)
    }

    fn headings<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let title = Type { size: 18.0, color: INK, bold: true };
        canvas.text(&self.title(), (px(16.0), px(24.0)), Anchor::Left, title)?;
        canvas.text(&self.sample_sizes(), (px(16.0), px(46.0)), Anchor::Left, SMALL)?;

        let mut legend = Legend { canvas, x: px(16.0), y: px(74.0) };
        for series in &self.series {
            let text = format!("{}, {} deleted", series.label, series.sweep.unit_word());
            legend.entry(&text, |(x, y)| {
                canvas.line(&[(x - px(8.0), y), (x + px(8.0), y)], series.color.mix(0.5), 1.5)?;
                canvas.mark(series.mark, (x, y), series.color)
            })?;
        }
        if self.series.iter().any(|s| s.effects.iter().any(|effect| effect.unit.boundary)) {
            let text = "boundary: changes resolution or channels";
            legend.entry(text, |at| canvas.diamond(at, QUIET))?;
        }
        legend.entry("95 % interval", |(x, y)| bar(canvas, (x, y - px(7.0), y + px(7.0)), QUIET))
    }

    fn frame<DB: DrawingBackend>(&self, canvas: &Canvas<DB>, axes: &Axes) -> Result<(), Failure> {
        let (from, to) = ends(axes);
        for percent in (0..=100).step_by(20) {
            let y = at(axes, 1.0, f64::from(percent)).1;
            canvas.line(&[(from, y), (to, y)], if percent == 0 { QUIET } else { GRID }, 1.0)?;
            let label = (from - px(8.0), y);
            canvas.text(&percent.to_string(), label, Anchor::Right, SMALL)?;
        }
        canvas.text("test error (%)", (px(16.0), px(TOP - 18.0)), Anchor::Left, SMALL)?;
        let units = self.longest();
        for unit in ticks(units) {
            let (x, y) = at(axes, unit as f64, 0.0);
            canvas.line(&[(x, y), (x, y + px(4.0))], QUIET, 1.0)?;
            canvas.text(&unit.to_string(), (x, y + px(15.0)), Anchor::Middle, SMALL)?;
        }
        let mut kinds: Vec<_> = self.series.iter().map(|s| s.sweep.unit_word()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let name = format!("deleted {} (1-based)", kinds.join(" / "));
        let middle = (from + to) / 2;
        canvas.text(&name, (middle, px(BOTTOM + 38.0)), Anchor::Middle, SMALL)
    }

    /// Height in percent, text and colour of every horizontal line's label.
    fn level_labels(&self) -> Vec<(f64, String, RGBColor)> {
        let chance = (100.0 * CHANCE, format!("chance {:.0} %", 100.0 * CHANCE), QUIET);
        let intact = self.series.iter().map(|series| {
            let error = series.sweep.intact_error();
            let text = format!("{} intact {}", series.label, words::percent(error));
            (100.0 * error, text, series.color)
        });
        std::iter::once(chance).chain(intact).collect()
    }

    /// Chance and the intact networks: lines across the plot, named at their right end.
    fn levels<DB: DrawingBackend>(&self, canvas: &Canvas<DB>, axes: &Axes) -> Result<(), Failure> {
        let (from, to) = ends(axes);
        let labels = self.level_labels();
        for (place, (percent, _, color)) in labels.iter().enumerate() {
            let y = at(axes, 1.0, *percent).1;
            let pattern = if place == 0 { (1.5, 3.5) } else { (7.0, 4.0) };
            canvas.dashes((from, to, y), *color, 1.4, pattern)?;
        }
        let heights: Vec<_> = labels.iter().map(|label| at(axes, 1.0, label.0).1).collect();
        let heights = spread(&heights, px(15.0), px(BOTTOM));
        for ((_, text, color), y) in labels.iter().zip(heights) {
            let look = Type::regular(12.0, *color);
            canvas.text(text, (to + px(8.0), y), Anchor::Left, look)?;
        }
        Ok(())
    }
}

/// Keys to the marks, from left to right, in as many rows as they need.
struct Legend<'a, DB: DrawingBackend> {
    canvas: &'a Canvas<DB>,
    x: i32,
    y: i32,
}

impl<DB: DrawingBackend> Legend<'_, DB> {
    fn entry(
        &mut self,
        text: &str,
        symbol: impl FnOnce(Point) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let look = Type::regular(12.5, INK);
        let width = self.canvas.width(text, look)? + px(44.0);
        if self.x + width > px(f64::from(WIDTH)) && self.x > px(16.0) {
            (self.x, self.y) = (px(16.0), self.y + px(20.0));
        }
        symbol((self.x + px(8.0), self.y))?;
        self.canvas.text(text, (self.x + px(23.0), self.y), Anchor::Left, look)?;
        self.x += width;
        Ok(())
    }
}

impl Series<'_> {
    /// Error bars, and lines between neighbours, broken where a unit is missing.
    fn lines<DB: DrawingBackend>(&self, canvas: &Canvas<DB>, axes: &Axes) -> Result<(), Failure> {
        for run in self.effects.chunk_by(|a, b| a.unit.index + 1 == b.unit.index) {
            let points: Vec<_> = run.iter().map(|effect| self.place(axes, effect)).collect();
            if points.len() > 1 {
                canvas.line(&points, self.color.mix(0.5), 1.5)?;
            }
        }
        for effect in &self.effects {
            let unit = (effect.unit.index + 1) as f64;
            let (x, top) = at(axes, unit, 100.0 * effect.error_interval.high);
            let bottom = at(axes, unit, 100.0 * effect.error_interval.low).1;
            bar(canvas, (x, top, bottom), self.color)?;
        }
        Ok(())
    }

    fn marks<DB: DrawingBackend>(&self, canvas: &Canvas<DB>, axes: &Axes) -> Result<(), Failure> {
        for effect in &self.effects {
            let place = self.place(axes, effect);
            if effect.unit.boundary {
                canvas.diamond(place, self.color)?;
            } else {
                canvas.mark(self.mark, place, self.color)?;
            }
        }
        Ok(())
    }

    fn place(&self, axes: &Axes, effect: &Effect) -> Point {
        at(axes, (effect.unit.index + 1) as f64, 100.0 * effect.error)
    }
}

/// Left and right end of the plot.
fn ends(axes: &Axes) -> (i32, i32) {
    let range = axes.get_x_axis_pixel_range();
    (range.start, range.end)
}

fn at(axes: &Axes, unit: f64, percent: f64) -> Point {
    axes.translate(&(unit, percent))
}

/// A vertical error bar with short ends.
fn bar<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    (x, top, bottom): (i32, i32, i32),
    color: RGBColor,
) -> Result<(), Failure> {
    let end = px(3.0);
    canvas.line(&[(x, top), (x, bottom)], color, 1.0)?;
    canvas.line(&[(x - end, top), (x + end, top)], color, 1.0)?;
    canvas.line(&[(x - end, bottom), (x + end, bottom)], color, 1.0)
}

/// The units with a number on the axis: all where they fit, else 1 and the tens.
fn ticks(units: usize) -> Vec<usize> {
    if units <= 20 {
        return (1..=units).collect();
    }
    let step = if units <= 120 { 10 } else { 50 };
    std::iter::once(1).chain((step..=units).step_by(step)).collect()
}

/// Moves heights apart until neighbours are `gap` apart and none exceeds `lowest`,
/// keeping their order.
fn spread(heights: &[i32], gap: i32, lowest: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|&place| (heights[place], place));
    let mut moved = heights.to_vec();
    for pair in order.windows(2) {
        moved[pair[1]] = moved[pair[1]].max(moved[pair[0]] + gap);
    }
    let mut limit = lowest;
    for &place in order.iter().rev() {
        moved[place] = moved[place].min(limit);
        limit = moved[place] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_spread_apart_and_keep_their_order() {
        let cases: [(&[i32], &[i32]); 4] = [
            (&[10, 50], &[10, 50]),
            (&[50, 48], &[63, 48]),
            (&[95, 99, 97], &[70, 100, 85]),
            (&[], &[]),
        ];
        for (heights, expected) in cases {
            assert_eq!(spread(heights, 15, 100), expected);
        }
    }

    #[test]
    fn ticks_are_all_units_of_a_short_network_and_tens_of_a_long_one() {
        assert_eq!(ticks(3), [1, 2, 3]);
        assert_eq!(ticks(54), [1, 10, 20, 30, 40, 50]);
    }
}
