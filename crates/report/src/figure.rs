//! Figures, each as SVG and as PNG, drawn by plotters from records alone.
//!
//! Both forms come from the same drawing code and repeat to the byte. Text is
//! measured and, in the PNG, drawn with the font in `fonts/`; no system font is used.
//!
//! [`Lines`], [`Boxes`], [`Scatter`], [`Forest`] and [`HeatMap`] draw data of one's own in the
//! style of this project's figures.

mod canvas;
mod chart;
pub(crate) mod diagram;
mod numbers;
mod palette;
mod raster;

use std::path::{Path, PathBuf};

use plotters::prelude::{DrawingBackend, SVGBackend};

use crate::ReportError;
use canvas::Canvas;
use numbers::Row;

pub use chart::{
    Axis, BoxPlot, Boxes, Dot, Forest, ForestRow, HeatMap, Key, Level, Lines, Plot, Point, RowMark,
    Scatter, Series,
};
pub(crate) use chart::{Pair, Panel, Shaded};

/// A finished figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without extension, for instance `fig3-delete-one`.
    pub name: String,
    /// What is shown, in sentences.
    pub caption: String,
    /// The figure as an SVG document.
    pub svg: String,
    /// The figure as a PNG file, at twice the size of the SVG.
    pub png: Vec<u8>,
    /// Every number that it shows, as CSV; `None` for a diagram.
    pub csv: Option<String>,
}

impl Figure {
    /// Writes `dir/NAME.svg`, `dir/NAME.png` and, where there are numbers, `dir/NAME.csv`;
    /// returns the paths of the pictures.
    ///
    /// # Errors
    /// [`ReportError::Write`], naming the file, when one cannot be written.
    pub fn save(&self, dir: &Path) -> Result<[PathBuf; 2], ReportError> {
        let (svg, png) =
            (dir.join(format!("{}.svg", self.name)), dir.join(format!("{}.png", self.name)));
        record::atomic_write(&svg, self.svg.as_bytes())?;
        record::atomic_write(&png, &self.png)?;
        if let Some(csv) = &self.csv {
            record::atomic_write(&dir.join(format!("{}.csv", self.name)), csv.as_bytes())?;
        }
        Ok([svg, png])
    }
}

/// A drawing that can be made on any backend.
trait Drawing {
    /// Width and height in CSS pixels.
    fn size(&self) -> (u32, u32);
    /// The numbers that it shows.
    fn numbers(&self) -> Vec<Row>;
    /// Draws everything.
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Result<(), canvas::Failure>;
}

/// Draws once as SVG and once as PNG.
fn render<D: Drawing>(
    drawing: &D,
    name: &str,
    title: &str,
    caption: String,
) -> Result<Figure, ReportError> {
    let failed = failed(name);
    canvas::register_fonts().map_err(&failed)?;
    let csv = numbers::csv(&drawing.numbers()).map_err(&failed)?;
    let (width, height) = drawing.size();
    let pixels = (width * canvas::SCALE, height * canvas::SCALE);

    let mut svg = String::new();
    let canvas = Canvas::new(SVGBackend::with_string(&mut svg, pixels));
    drawing.draw(&canvas).and_then(|()| canvas.finish()).map_err(&failed)?;
    drop(canvas);

    let mut buffer = raster::buffer(pixels);
    let canvas = Canvas::new(raster::Raster::new(&mut buffer, pixels));
    drawing.draw(&canvas).and_then(|()| canvas.finish()).map_err(&failed)?;
    drop(canvas);
    let png = raster::encode(&buffer, pixels, canvas::SCALE / 2)
        .map_err(|error| failed(canvas::Failure(error.to_string())))?;

    Ok(Figure {
        name: name.into(),
        svg: sized(&svg, (width, height), pixels, title),
        caption,
        png,
        csv,
    })
}

/// What failed, as an error that names the figure.
fn failed(name: &str) -> impl Fn(canvas::Failure) -> ReportError {
    let figure = name.to_string();
    move |reason| ReportError::Draw { figure: figure.clone(), reason: reason.0 }
}

/// Declares the size in CSS pixels, keeping the finer coordinates inside, and names
/// the picture for screen readers.
fn sized(svg: &str, size: (u32, u32), pixels: (u32, u32), title: &str) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let title = maud::html! { (title) }.into_string();
    format!(
        "<svg width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{title}</title>{body}",
        size.0, size.1, pixels.0, pixels.1
    )
}
