//! Box plots along an axis.

use plotters::prelude::DrawingBackend;
use record::stats::quantile;

use super::frame::{Frame, Symbol};
use super::{Axis, Level, Outline};
use crate::ReportError;
use crate::figure::canvas::{Canvas, Failure};
use crate::figure::numbers::Row;
use crate::figure::palette::SERIES;
use crate::figure::{Drawing, Figure, failed, render};

/// A chart of boxes, for instance the errors in each bin of disorder.
///
/// ```
/// use report::figure::{Axis, BoxPlot, Boxes};
///
/// let errors = [7.0, 8.0, 9.0, 12.0, 40.0];
/// let chart = Boxes {
///     title: "Error after re-ordering blocks".into(),
///     subtitle: "made up".into(),
///     x: Axis::new("Kendall's tau", 1.0, 0.8),
///     y: Axis::new("test error (%)", 0.0, 100.0),
///     label: "orders of resnet20".into(),
///     boxes: vec![BoxPlot::of(0.93, 0.02, &errors).unwrap()],
///     levels: Vec::new(),
///     caption: "Boxes: quartiles and median. Whiskers: 5th to 95th percentile.".into(),
/// };
/// assert!(chart.draw("orders")?.svg.contains("Kendall&apos;s tau"));
/// # Ok::<(), report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    /// What is shown, in a few words.
    pub title: String,
    /// The number of images or draws behind it.
    pub subtitle: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The legend entry of the boxes.
    pub label: String,
    /// The boxes.
    pub boxes: Vec<BoxPlot>,
    /// Lines across the plot; those of series 0 have the colour of the boxes.
    pub levels: Vec<Level>,
    /// What is shown, in sentences.
    pub caption: String,
}

/// One box with its whiskers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxPlot {
    /// Its middle on the horizontal axis.
    pub x: f64,
    /// Its width on the horizontal axis; four fifths of it are drawn.
    pub width: f64,
    /// End of the lower whisker, lower quartile, median, upper quartile, end of the upper
    /// whisker.
    pub five: [f64; 5],
}

impl BoxPlot {
    /// The quartiles of `values`, and whiskers from the 5th to the 95th percentile; `None`
    /// without a value.
    ///
    /// # Panics
    /// If a value is NaN.
    pub fn of(x: f64, width: f64, values: &[f64]) -> Option<BoxPlot> {
        let mut five = [0.0; 5];
        for (place, p) in five.iter_mut().zip([0.05, 0.25, 0.5, 0.75, 0.95]) {
            *place = quantile(values, p)?;
        }
        Some(BoxPlot { x, width, five })
    }

    /// Left edge, middle and right edge.
    fn across(&self) -> [f64; 3] {
        [self.x - 0.4 * self.width, self.x, self.x + 0.4 * self.width]
    }
}

impl Boxes {
    /// Draws the chart; `name` is the figure's name, and its file's.
    ///
    /// # Errors
    /// [`ReportError::Data`] if a number does not lie on its axis, or the five numbers of
    /// a box are not in order; [`ReportError::Draw`] if the plotting library fails.
    pub fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        let Boxes { title, subtitle, x, y, levels, .. } = self;
        let outline = Outline { name, title, subtitle, x, y, levels };
        outline.check(1)?;
        for plot in &self.boxes {
            for x in plot.across() {
                for y in plot.five {
                    outline.check_point(x, y, &self.label)?;
                }
            }
            if !plot.five.is_sorted() {
                let what = format!("a box has {:?}, expected rising numbers", plot.five);
                return Err(outline.wrong(what));
            }
        }
        let legend = [(self.label.clone(), Symbol::BoxPlot(SERIES[0].0))];
        let frame = Frame::new(outline, &legend).map_err(failed(name))?;
        render(&Picture { boxes: &self.boxes, frame }, name, title, self.caption.clone())
    }
}

struct Picture<'a> {
    boxes: &'a [BoxPlot],
    frame: Frame<'a>,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        self.frame.size()
    }

    fn numbers(&self) -> Vec<Row> {
        let quantiles = ["5th percentile", "lower quartile", "median", "upper quartile"];
        let quantiles = quantiles.into_iter().chain(["95th percentile"]);
        let rows = self.boxes.iter().flat_map(|plot| {
            let each = quantiles.clone().zip(plot.five);
            each.map(|(quantile, y)| Row::new(quantile, plot.x, y, None))
        });
        rows.collect()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        self.frame.draw(canvas)?;
        for plot in self.boxes {
            let [left, x, right] = plot.across().map(|x| self.frame.at(x, plot.five[2]).0);
            let heights = plot.five.map(|y| self.frame.at(plot.x, y).1);
            canvas.box_plot((left.min(right), x, left.max(right)), heights, SERIES[0].0)?;
        }
        Ok(())
    }
}
