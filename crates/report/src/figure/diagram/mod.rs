//! Diagrams of networks: wires, blocks and sums.

mod blocks;
mod unravelled;

use plotters::prelude::{Color, DrawingBackend, RGBColor};

use super::canvas::{Anchor, Canvas, Failure, Point, Type, measure, px};
use super::palette::{INK, PAPER, QUIET, SERIES};
use super::{Drawing, Figure, render};
use crate::ReportError;
use crate::figure::numbers::Row;

pub(crate) use blocks::{Chain, chain};
pub(crate) use unravelled::{ROW, unravelled};

/// The picture's width in CSS pixels.
pub(crate) const WIDTH: f64 = 860.0;
/// Half the width and half the height of a block.
pub(crate) const BLOCK: (f64, f64) = (27.0, 14.0);
/// The radius of a sum.
pub(crate) const SUM: f64 = 9.0;
/// A dash and the gap behind it, where something is dead.
const DASHES: (f64, f64) = (3.0, 3.5);

/// Whether a part is there, or went with what was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Dead,
}

/// A place in CSS pixels, from the upper left corner.
pub(crate) type Place = (f64, f64);

/// A part of a diagram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A line through these places, perhaps with a tip at the end.
    Wire { through: Vec<Place>, tip: bool, state: State },
    /// The residual function `f` of a block, counted from 1.
    Block { at: Place, number: usize, state: State },
    /// The cross over a deleted block, behind its name.
    Cross { at: Place, number: usize },
    /// A sum.
    Sum { at: Place, state: State },
    /// The value `y` after so many blocks.
    Value { at: Place, number: usize },
    /// The heading of a part.
    Heading { at: Place, text: String },
}

/// A diagram with its headings.
pub(crate) struct Diagram {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) height: f64,
    /// Later ones lie above earlier ones.
    pub(crate) shapes: Vec<Shape>,
    pub(crate) caption: String,
}

impl Diagram {
    pub(crate) fn draw(&self, name: &str) -> Result<Figure, ReportError> {
        render(self, name, &self.title, self.caption.clone())
    }
}

impl Drawing for Diagram {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, self.height as u32)
    }

    fn numbers(&self) -> Vec<Row> {
        Vec::new()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        canvas.background()?;
        let title = Type { size: 18.0, color: INK, bold: true };
        canvas.text(&self.title, at((16.0, 24.0)), Anchor::Left, title)?;
        let subtitle = Type::regular(13.0, QUIET);
        canvas.text(&self.subtitle, at((16.0, 46.0)), Anchor::Left, subtitle)?;
        self.shapes.iter().try_for_each(|shape| shape.draw(canvas))
    }
}

impl State {
    /// Of outlines.
    fn color(self) -> RGBColor {
        if self == State::Live { SERIES[0].0 } else { QUIET }
    }
}

impl Shape {
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), Failure> {
        match self {
            Shape::Wire { through, tip, state } => wire(canvas, through, *tip, *state),
            Shape::Block { at: (x, y), number, state } => {
                let rectangle = |inset: f64| {
                    let (w, h) = (BLOCK.0 - inset, BLOCK.1 - inset);
                    [(-w, -h), (w, -h), (w, h), (-w, h)].map(|(dx, dy)| at((x + dx, y + dy)))
                };
                let corners = rectangle(0.0);
                match state {
                    State::Live => {
                        canvas.polygon(&corners, SERIES[0].0)?;
                        canvas.polygon(&rectangle(1.8), PAPER)?;
                        canvas.polygon(&rectangle(1.8), SERIES[0].0.mix(0.12))?;
                    }
                    State::Dead => {
                        canvas.polygon(&corners, PAPER)?;
                        let [first, ..] = corners;
                        let outline = [&corners[..], &[first]].concat();
                        canvas.dashed(&outline, QUIET, 1.0, DASHES)?;
                    }
                }
                symbol(canvas, "f", *number, (*x, *y), *state)
            }
            Shape::Cross { at: (x, y), number } => {
                let (w, h) = (BLOCK.0 + 7.0, BLOCK.1 + 7.0);
                for side in [1.0, -1.0] {
                    let ends = [at((x - w, y - side * h)), at((x + w, y + side * h))];
                    canvas.line(&ends, SERIES[1].0, 2.2)?;
                }
                let (w, h) = (11.0, 9.0);
                let corners = [(-w, -h), (w, -h), (w, h), (-w, h)];
                canvas.polygon(&corners.map(|(dx, dy)| at((x + dx, y + dy))), PAPER)?;
                symbol(canvas, "f", *number, (*x, *y), State::Dead)
            }
            Shape::Sum { at: (x, y), state } => {
                let (center, arm) = (at((*x, *y)), 4.5);
                canvas.ring(center, SUM, state.color(), 1.6)?;
                canvas.line(&[at((x - arm, *y)), at((x + arm, *y))], state.color(), 1.6)?;
                canvas.line(&[at((*x, y - arm)), at((*x, y + arm))], state.color(), 1.6)
            }
            Shape::Value { at, number } => symbol(canvas, "y", *number, *at, State::Live),
            Shape::Heading { at: place, text } => {
                let look = Type { size: 14.5, color: INK, bold: true };
                canvas.text(text, at(*place), Anchor::Left, look)
            }
        }
    }
}

fn wire<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    through: &[Place],
    tip: bool,
    state: State,
) -> Result<(), Failure> {
    let points: Vec<Point> = through.iter().map(|&place| at(place)).collect();
    match state {
        State::Live => canvas.line(&points, QUIET, 1.6)?,
        State::Dead => canvas.dashed(&points, QUIET, 1.0, DASHES)?,
    }
    if let (true, [.., from, to]) = (tip, through) {
        // Wires run along the axes.
        let (dx, dy) = (sign(to.0 - from.0), sign(to.1 - from.1));
        let corner =
            |back: f64, side: f64| at((to.0 - back * dx - side * dy, to.1 - back * dy + side * dx));
        canvas.polygon(&[at(*to), corner(7.0, 3.4), corner(7.0, -3.4)], QUIET)?;
    }
    Ok(())
}

/// -1, 0 or 1.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// A letter with a number below, centred.
fn symbol<DB: DrawingBackend>(
    canvas: &Canvas<DB>,
    letter: &str,
    number: usize,
    (x, y): Place,
    state: State,
) -> Result<(), Failure> {
    let color = if state == State::Live { INK } else { QUIET };
    let (large, small) = (Type::regular(17.0, color), Type::regular(12.0, color));
    let number = number.to_string();
    let (letter_width, number_width) = (measure(letter, large)?, measure(&number, small)?);
    let left = px(x) - (letter_width + number_width) / 2;
    canvas.text(letter, (left, px(y)), Anchor::Left, large)?;
    canvas.text(&number, (left + letter_width, px(y + 5.0)), Anchor::Left, small)
}

fn at((x, y): Place) -> Point {
    (px(x), px(y))
}
