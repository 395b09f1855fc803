//! The parts of a chart: axes, legend, levels, curves, boxes, cells, in the house style.

mod axis;
mod boxes;
mod forest;
mod frame;
mod heat_map;
mod labels;
mod layout;
mod lines;
mod pair;
mod scatter;

use crate::ReportError;

pub use axis::Axis;
pub use boxes::{BoxPlot, Boxes};
pub use forest::{Forest, ForestRow, RowMark};
pub use heat_map::HeatMap;
pub use lines::{Key, Lines, Point, Series};
pub(crate) use pair::{Pair, Panel, Shaded};
pub use scatter::{Dot, Plot, Scatter};

/// A horizontal line across the plot, named at its right end.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its height, on the vertical axis.
    pub y: f64,
    /// Its name, for instance `chance 90 %`.
    pub label: String,
    /// The place of the series that it belongs to: drawn in its colour, dashed. A level without
    /// a series is grey and dotted.
    pub series: Option<usize>,
}

/// Everything around what is drawn in a chart.
#[derive(Clone, Copy)]
struct Outline<'a> {
    name: &'a str,
    title: &'a str,
    subtitle: &'a str,
    x: &'a Axis,
    y: &'a Axis,
    levels: &'a [Level],
}

impl Outline<'_> {
    /// The error about a number of this chart.
    fn wrong(&self, what: String) -> ReportError {
        ReportError::Data { figure: self.name.into(), what }
    }

    /// Checks the axes, and that the levels lie within them and belong to one of
    /// `series` series.
    fn check(&self, series: usize) -> Result<(), ReportError> {
        for axis in [self.x, self.y] {
            axis.check().map_err(|what| self.wrong(what))?;
        }
        for Level { y, label, series: of } in self.levels {
            self.check_y(*y, label)?;
            if let Some(of) = of
                && *of >= series
            {
                let what =
                    format!("level {label:?} belongs to series {of}, but there are {series}");
                return Err(self.wrong(what));
            }
        }
        Ok(())
    }

    /// Checks that a point lies within the axes.
    fn check_point(&self, x: f64, y: f64, label: &str) -> Result<(), ReportError> {
        self.x.check_within(x, label).map_err(|what| self.wrong(what))?;
        self.check_y(y, label)
    }

    fn check_y(&self, y: f64, label: &str) -> Result<(), ReportError> {
        self.y.check_within(y, label).map_err(|what| self.wrong(what))
    }
}
