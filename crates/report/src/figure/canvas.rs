//! Lines, marks and text in pixels, over any plotters backend.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, DrawingBackend, IntoDrawingArea, PathElement, Polygon, RGBColor,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, TextStyle, register_font};
use plotters_backend::BackendTextStyle;

use super::palette::{Mark, PAPER};

/// Drawing pixels per CSS pixel. Backends round to whole pixels; a quarter of a CSS
/// pixel is fine enough, and the PNG is averaged down from it.
pub(super) const SCALE: u32 = 4;

/// The font and what stands in for it where an SVG's reader lacks it.
const FAMILY: &str = "Inter, system-ui, Helvetica, Arial, sans-serif";

/// The regular and the bold font file.
pub(super) const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
pub(super) const BOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");

/// Plotters' font sizes are this much larger than the em.
pub(super) const SIZE_PER_EM: f64 = 1.24;

/// What the plotting library says of a failure.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

/// A point in drawing pixels, from the upper left corner.
pub(super) type Point = (i32, i32);

/// Where text lies relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// How text looks: size in CSS pixels, colour, weight.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) color: RGBColor,
    pub(super) bold: bool,
}

impl Type {
    pub(super) const fn regular(size: f64, color: RGBColor) -> Self {
        Type { size, color, bold: false }
    }
}

/// Makes the fonts known to plotters, once for the process.
pub(super) fn register_fonts() -> Result<(), Failure> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = *DONE.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if done { Ok(()) } else { Err(Failure("the built-in font is damaged".into())) }
}

/// A drawing surface.
pub(super) struct Canvas<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
}

/// CSS pixels as drawing pixels.
pub(super) fn px(css: f64) -> i32 {
    (css * f64::from(SCALE)).round() as i32
}

impl<DB: DrawingBackend> Canvas<DB> {
    pub(super) fn new(backend: DB) -> Self {
        Canvas { area: backend.into_drawing_area() }
    }

    pub(super) fn background(&self) -> Result<(), Failure> {
        self.area.fill(&PAPER).map_err(failure)
    }

    pub(super) fn finish(&self) -> Result<(), Failure> {
        self.area.present().map_err(failure)
    }

    /// A line through `points`, `width` CSS pixels wide.
    pub(super) fn line(
        &self,
        points: &[Point],
        color: impl Color,
        width: f64,
    ) -> Result<(), Failure> {
        let style = color.stroke_width(px(width).max(1) as u32);
        self.area.draw(&PathElement::new(points.to_vec(), style)).map_err(failure)
    }

    /// A horizontal line of dashes, lengths in CSS pixels.
    pub(super) fn dashes(
        &self,
        (from, to, y): (i32, i32, i32),
        color: RGBColor,
        width: f64,
        (dash, gap): (f64, f64),
    ) -> Result<(), Failure> {
        let mut start = from;
        while start < to {
            let end = (start + px(dash)).min(to);
            self.line(&[(start, y), (end, y)], color, width)?;
            start = end + px(gap);
        }
        Ok(())
    }

    /// A line of dashes through `points`, lengths in CSS pixels.
    pub(super) fn dashed(
        &self,
        points: &[Point],
        color: RGBColor,
        width: f64,
        (dash, gap): (f64, f64),
    ) -> Result<(), Failure> {
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
            let length = (dx * dx + dy * dy).sqrt();
            let at = |way: f64| {
                let part = (way / length).min(1.0);
                (from.0 + (part * dx).round() as i32, from.1 + (part * dy).round() as i32)
            };
            let (dash, step) = (f64::from(px(dash)), f64::from(px(dash + gap)));
            let dashes = (length / step).ceil() as usize;
            for start in (0..dashes).map(|i| i as f64 * step) {
                self.line(&[at(start), at(start + dash)], color, width)?;
            }
        }
        Ok(())
    }

    /// A circle, its inside in the colour of the paper.
    pub(super) fn ring(
        &self,
        at: Point,
        radius: f64,
        color: RGBColor,
        width: f64,
    ) -> Result<(), Failure> {
        self.disc(at, radius, color)?;
        self.disc(at, radius - width, PAPER)
    }

    /// A filled mark with a rim that separates it from lines behind it.
    pub(super) fn mark(&self, mark: Mark, at: Point, color: RGBColor) -> Result<(), Failure> {
        match mark {
            Mark::Circle => {
                self.disc(at, 4.6, PAPER)?;
                self.disc(at, 3.8, color)
            }
            Mark::Square => {
                self.polygon(&square(at, 4.3), PAPER)?;
                self.polygon(&square(at, 3.5), color)
            }
            Mark::Triangle => {
                self.polygon(&triangle(at, 5.8), PAPER)?;
                self.polygon(&triangle(at, 4.8), color)
            }
            Mark::Wedge => {
                self.polygon(&triangle(at, -5.8), PAPER)?;
                self.polygon(&triangle(at, -4.8), color)
            }
        }
    }

    /// The mark of a boundary unit: a diamond with a hole.
    pub(super) fn diamond(&self, at: Point, color: RGBColor) -> Result<(), Failure> {
        self.polygon(&diamond(at, 8.4), PAPER)?;
        self.polygon(&diamond(at, 7.2), color)?;
        self.polygon(&diamond(at, 3.0), PAPER)
    }

    fn disc(&self, at: Point, radius: f64, color: RGBColor) -> Result<(), Failure> {
        self.area.draw(&Circle::new(at, px(radius), color.filled())).map_err(failure)
    }

    /// A vertical error bar with short ends.
    pub(super) fn interval(
        &self,
        (x, top, bottom): (i32, i32, i32),
        color: impl Color + Copy,
    ) -> Result<(), Failure> {
        let end = px(3.0);
        self.line(&[(x, top), (x, bottom)], color, 1.0)?;
        self.line(&[(x - end, top), (x + end, top)], color, 1.0)?;
        self.line(&[(x - end, bottom), (x + end, bottom)], color, 1.0)
    }

    /// A box from the second to the fourth height with a line at the third, and whiskers
    /// to the first and the last.
    pub(super) fn box_plot(
        &self,
        (left, x, right): (i32, i32, i32),
        [low, lower, middle, upper, high]: [i32; 5],
        color: RGBColor,
    ) -> Result<(), Failure> {
        let end = (right - left) / 4;
        for (from, to) in [(lower, low), (upper, high)] {
            self.line(&[(x, from), (x, to)], color, 1.0)?;
            self.line(&[(x - end, to), (x + end, to)], color, 1.0)?;
        }
        let corners = [(left, upper), (right, upper), (right, lower), (left, lower)];
        self.polygon(&corners, PAPER)?;
        self.polygon(&corners, color.mix(0.25))?;
        self.line(&[corners[0], corners[1], corners[2], corners[3], corners[0]], color, 1.0)?;
        self.line(&[(left, middle), (right, middle)], color, 2.2)
    }

    /// A filled shape.
    pub(super) fn polygon(&self, corners: &[Point], color: impl Color) -> Result<(), Failure> {
        self.area.draw(&Polygon::new(corners.to_vec(), color.filled())).map_err(failure)
    }

    /// One line of text, vertically centred on `at`.
    pub(super) fn text(
        &self,
        text: &str,
        at: Point,
        anchor: Anchor,
        look: Type,
    ) -> Result<(), Failure> {
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let style = style(look).pos(Pos::new(horizontal, VPos::Center));
        self.area.draw(&Text::new(text, at, style)).map_err(failure)
    }
}

/// Width of a line of text, in drawing pixels.
pub(super) fn measure(text: &str, look: Type) -> Result<i32, Failure> {
    register_fonts()?;
    let ((left, _), (right, _)) = style(look).layout_box(text).map_err(failure)?;
    Ok(right - left)
}

fn style(look: Type) -> TextStyle<'static> {
    let size = look.size * f64::from(SCALE) * SIZE_PER_EM;
    let weight = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), size, weight).color(&look.color)
}

fn square((x, y): Point, half: f64) -> [Point; 4] {
    let half = px(half);
    [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
}

fn diamond((x, y): Point, half: f64) -> [Point; 4] {
    let half = px(half);
    [(x, y - half), (x + half, y), (x, y + half), (x - half, y)]
}

fn triangle((x, y): Point, radius: f64) -> [Point; 3] {
    let (up, side, down) = (px(radius), px(radius.abs() * 0.9), px(radius * 0.7));
    [(x, y - up), (x + side, y + down), (x - side, y + down)]
}

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure(error.to_string())
}
