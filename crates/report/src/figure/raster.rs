//! The PNG backend: plotters' bitmap, with text set from the built-in font.

use std::io::BufWriter;

use ab_glyph::{Font, FontRef, ScaleFont, point};
use plotters::prelude::BitMapBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};

use super::canvas::{BOLD, REGULAR, SIZE_PER_EM};

/// A bitmap that sets text itself: plotters places glyphs without their side
/// bearings, so that letters stand unevenly.
pub(super) struct Raster<'a> {
    bitmap: BitMapBackend<'a>,
}

/// The memory a [`Raster`] of `size` draws into: red, green and blue for each pixel.
pub(super) fn buffer((width, height): (u32, u32)) -> Vec<u8> {
    vec![0; width as usize * height as usize * 3]
}

impl<'a> Raster<'a> {
    pub(super) fn new(buffer: &'a mut [u8], size: (u32, u32)) -> Self {
        Raster { bitmap: BitMapBackend::with_buffer(buffer, size) }
    }
}

type Outcome<T> = Result<(), DrawingErrorKind<T>>;

impl<'a> DrawingBackend for Raster<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome<Self::ErrorType> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<Self::ErrorType> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Outcome<Self::ErrorType> {
        self.bitmap.draw_pixel(at, color)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        lower_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<Self::ErrorType> {
        self.bitmap.draw_rect(upper_left, lower_right, style, fill)
    }

    /// Places the baseline where the SVG backend places it for the same anchor.
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Outcome<Self::ErrorType> {
        let bytes = if matches!(style.style(), FontStyle::Bold) { BOLD } else { REGULAR };
        let font = FontRef::try_from_slice(bytes)
            .map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?;
        let em = (style.size() / SIZE_PER_EM) as f32;
        let font = font.as_scaled(font.pt_to_px_scale(em * 0.75).unwrap_or(em.into()));

        let width: f32 = text.chars().map(|c| font.h_advance(font.glyph_id(c))).sum();
        let mut left = x as f32
            - match style.anchor().h_pos {
                HPos::Left => 0.0,
                HPos::Center => width / 2.0,
                HPos::Right => width,
            };
        // Half the height of an x is about .27 em in this font.
        let baseline = y as f32
            + match style.anchor().v_pos {
                VPos::Top => 0.76 * em,
                VPos::Center => 0.27 * em,
                VPos::Bottom => -0.27 * em,
            };
        let color = style.color();
        for character in text.chars() {
            let mut glyph = font.scaled_glyph(character);
            glyph.position = point(left, baseline);
            left += font.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut result = Ok(());
            outline.draw(|dx, dy, coverage| {
                let at = (corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
                let shade = BackendColor {
                    alpha: color.alpha * f64::from(coverage.clamp(0.0, 1.0)),
                    rgb: color.rgb,
                };
                if result.is_ok() {
                    result = self.bitmap.draw_pixel(at, shade);
                }
            });
            result?;
        }
        Ok(())
    }
}

/// Averages squares of `factor` x `factor` pixels and packs the result as a PNG file.
pub(super) fn encode(
    buffer: &[u8],
    (width, height): (u32, u32),
    factor: u32,
) -> Result<Vec<u8>, png::EncodingError> {
    let (small_width, small_height) = (width / factor, height / factor);
    let mut small = Vec::with_capacity((small_width * small_height * 3) as usize);
    for y in 0..small_height {
        for x in 0..small_width {
            for channel in 0..3 {
                let mut sum = 0;
                for row in y * factor..(y + 1) * factor {
                    for column in x * factor..(x + 1) * factor {
                        sum += u32::from(buffer[((row * width + column) * 3 + channel) as usize]);
                    }
                }
                small.push(((sum + factor * factor / 2) / (factor * factor)) as u8);
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(BufWriter::new(&mut file), small_width, small_height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&small)?;
    writer.finish()?;
    Ok(file)
}
