//! Numbers above and below 0 for pairs of things, as colours.

use plotters::prelude::{DrawingBackend, RGBColor};

use super::Axis;
use super::frame::headings;
use super::layout::{LEFT, MARGIN, SMALL, WIDTH};
use crate::ReportError;
use crate::figure::canvas::{Anchor, Canvas, Failure, Point, px};
use crate::figure::numbers::Row;
use crate::figure::palette::{MIDDLE, QUIET, SERIES};
use crate::figure::{Drawing, Figure, render};

/// A square of cells, one for each pair; blue below 0 and orange above.
///
/// ```
/// use report::figure::HeatMap;
///
/// let chart = HeatMap {
///     title: "Pairs of blocks".into(),
///     subtitle: "made up".into(),
///     across: "deleted block".into(),
///     down: "and a second one".into(),
///     labels: vec!["1".into(), "2".into(), "3".into()],
///     cells: vec![
///         vec![None, None, None],
///         vec![Some(0.3), None, None],
///         vec![Some(-1.2), Some(0.1), None],
///     ],
///     scale: "interaction (points)".into(),
///     limit: 1.0,
///     ends: ["worse than the sum".into(), "less than the sum".into()],
///     borders: vec![2],
///     caption: "One cell for each pair.".into(),
/// };
/// assert!(chart.draw("pairs")?.svg.contains("interaction (points)"));
/// # Ok::<(), report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What is shown, in a few words.
    pub title: String,
    /// The number of images or draws behind it.
    pub subtitle: String,
    /// What columns are.
    pub across: String,
    /// What rows are.
    pub down: String,
    /// One for each row and for the column of the same place; some are left out where there
    /// are many.
    pub labels: Vec<String>,
    /// Rows from the top, each from the left; `None` stays empty.
    pub cells: Vec<Vec<Option<f64>>>,
    /// What the numbers are, with the unit.
    pub scale: String,
    /// The number, above 0, with the deepest colour; numbers beyond have the same.
    pub limit: f64,
    /// What the upper and the lower end of the scale mean.
    pub ends: [String; 2],
    /// Places before which a line separates rows and columns.
    pub borders: Vec<usize>,
    /// What is shown, in sentences.
    pub caption: String,
}

/// Top of the square, and the longest side that it may have, in CSS pixels.
const TOP: f64 = 96.0;
const SIDE: f64 = 424.0;
/// Below the square: numbers and name of the columns.
const FOOT: f64 = 58.0;
/// The scale: distance from the square, width, number of steps.
const GAP: f64 = 44.0;
const BAR: f64 = 16.0;
const STEPS: i32 = 60;
/// Most labels along one side.
const LABELS: usize = 20;

impl HeatMap {
    /// Draws the chart; `name` is the figure's name, and its file's.
    ///
    /// # Errors
    /// [`ReportError::Data`] if rows, columns and labels differ in number or there are none,
    /// or too many to be seen, if a number is not finite, or the limit not above 0;
    /// [`ReportError::Draw`] if the plotting library fails.
    pub fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        self.check().map_err(|what| ReportError::Data { figure: name.into(), what })?;
        render(self, name, &self.title, self.caption.clone())
    }

    fn check(&self) -> Result<(), String> {
        let HeatMap { labels, cells, limit, borders, .. } = self;
        let n = labels.len();
        if cells.len() != n || cells.iter().any(|row| row.len() != n) || self.cell() == 0 {
            return Err(format!("{} rows with {n} labels, expected a square", cells.len()));
        }
        if let Some(value) = cells.iter().flatten().flatten().find(|value| !value.is_finite()) {
            return Err(format!("a cell is {value}, expected a number"));
        }
        if let Some(border) = borders.iter().find(|border| **border > n) {
            return Err(format!("a border lies before row {border} of {n}"));
        }
        if limit.is_nan() || *limit <= 0.0 {
            return Err(format!("the limit is {limit}"));
        }
        Axis::new(&self.scale, self.low(), *limit).check()
    }

    /// The side of a cell in drawing pixels.
    fn cell(&self) -> i32 {
        px(SIDE).checked_div(self.labels.len() as i32).unwrap_or(0)
    }

    /// The lower end of the scale: 0 where no number is below it.
    fn low(&self) -> f64 {
        let is_signed = self.cells.iter().flatten().flatten().any(|value| *value < 0.0);
        if is_signed { -self.limit } else { 0.0 }
    }

    /// The upper left corner of a cell.
    fn corner(&self, row: usize, column: usize) -> Point {
        (px(LEFT) + column as i32 * self.cell(), px(TOP) + row as i32 * self.cell())
    }

    fn side(&self) -> i32 {
        self.labels.len() as i32 * self.cell()
    }

    fn cells<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, value) in cells.iter().enumerate() {
                let Some(value) = value else { continue };
                let (x, y) = self.corner(row, column);
                // One pixel more, so that no seam shows between neighbours.
                let size = self.cell() + 1;
                rectangle(canvas, (x, y), (size, size), color(value / self.limit))?;
            }
        }
        Ok(())
    }

    fn axes<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let (left, top) = self.corner(0, 0);
        let (right, bottom) = (left + self.side(), top + self.side());
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], QUIET, 1.0)?;
        for &border in &self.borders {
            let (x, y) = self.corner(border, border);
            canvas.line(&[(left, y), (right, y)], QUIET, 1.0)?;
            canvas.line(&[(x, top), (x, bottom)], QUIET, 1.0)?;
        }
        let every = self.labels.len().div_ceil(LABELS);
        for (place, label) in self.labels.iter().enumerate().step_by(every) {
            let (x, y) = self.corner(place, place);
            let (x, y) = (x + self.cell() / 2, y + self.cell() / 2);
            canvas.text(label, (left - px(7.0), y), Anchor::Right, SMALL)?;
            canvas.text(label, (x, bottom + px(13.0)), Anchor::Middle, SMALL)?;
        }
        canvas.text(&self.down, (px(MARGIN), top - px(18.0)), Anchor::Left, SMALL)?;
        let below = ((left + right) / 2, bottom + px(36.0));
        canvas.text(&self.across, below, Anchor::Middle, SMALL)
    }

    fn bar<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        let (left, top) = self.corner(0, self.labels.len());
        let (left, right, side) = (left + px(GAP), left + px(GAP + BAR), self.side());
        let (low, range) = (self.low(), self.limit - self.low());
        for step in 0..STEPS {
            let (from, to) = (top + side * step / STEPS, top + side * (step + 1) / STEPS);
            let down = (f64::from(step) + 0.5) / f64::from(STEPS);
            let value = self.limit - down * range;
            rectangle(canvas, (left, from), (right - left, to - from), color(value / self.limit))?;
        }
        for (value, label) in Axis::new(&self.scale, low, self.limit).labels() {
            let down = (self.limit - value) / range;
            let y = top + (down * f64::from(side)).round() as i32;
            canvas.line(&[(right, y), (right + px(4.0), y)], QUIET, 1.0)?;
            canvas.text(&label, (right + px(9.0), y), Anchor::Left, SMALL)?;
        }
        canvas.text(&self.scale, (left, top - px(18.0)), Anchor::Left, SMALL)?;
        let at = right + px(44.0);
        let [high, low] = &self.ends;
        canvas.text(high, (at, top + px(4.0)), Anchor::Left, SMALL)?;
        canvas.text(low, (at, top + side - px(4.0)), Anchor::Left, SMALL)
    }
}

impl Drawing for HeatMap {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (TOP + SIDE + FOOT) as u32)
    }

    fn numbers(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (label, cells) in self.labels.iter().zip(&self.cells) {
            for (across, cell) in self.labels.iter().zip(cells) {
                let row = cell.map(|y| Row { x: across.clone(), ..Row::new(label, 0.0, y, None) });
                rows.extend(row);
            }
        }
        rows
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        headings(canvas, &self.title, &self.subtitle)?;
        self.cells(canvas)?;
        self.axes(canvas)?;
        self.bar(canvas)
    }
}

fn rectangle<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    (x, y): Point,
    (width, height): (i32, i32),
    color: RGBColor,
) -> Result<(), Failure> {
    let (right, bottom) = (x + width, y + height);
    canvas.polygon(&[(x, y), (right, y), (right, bottom), (x, bottom)], color)
}

/// From the deepest blue at -1 through a light grey to the deepest orange at 1.
fn color(value: f64) -> RGBColor {
    let (end, part) = (SERIES[usize::from(value > 0.0)].0, value.abs().min(1.0));
    let mix = |from: u8, to: u8| {
        (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as u8
    };
    RGBColor(mix(MIDDLE.0, end.0), mix(MIDDLE.1, end.1), mix(MIDDLE.2, end.2))
}
