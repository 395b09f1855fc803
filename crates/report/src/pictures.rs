//! Test images as plain pixels, for thumbnails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::ImagesId;

/// The images that records are about, with their classes in words.
#[derive(Clone, Debug)]
pub struct Pictures {
    side: usize,
    pixels: Vec<u8>,
    labels: Vec<String>,
    sha256: String,
}

impl Pictures {
    /// Square images of `side` pixels: red, green and blue of each pixel, row by row, image
    /// after image. `labels` has the class of each, `sha256` is the sum of the images as
    /// records state it ([`ImagesId::sha256`]).
    ///
    /// # Panics
    /// If there are not `side * side * 3` bytes for each label.
    #[track_caller]
    pub fn new(side: usize, pixels: Vec<u8>, labels: Vec<String>, sha256: String) -> Self {
        let (bytes, expected) = (pixels.len(), labels.len() * side * side * 3);
        assert!(
            bytes == expected,
            "pictures: {bytes} bytes for {} images of side {side}, expected {expected}",
            labels.len()
        );
        Pictures { side, pixels, labels, sha256 }
    }

    /// Whether these are the images of a record.
    pub fn are(&self, images: &ImagesId) -> bool {
        self.sha256 == images.sha256 && self.labels.len() == images.images
    }

    /// The class of image `i` in words.
    pub(crate) fn label(&self, i: usize) -> &str {
        &self.labels[i]
    }

    /// Image `i` as a PNG file in a `data:` address.
    pub(crate) fn data_uri(&self, i: usize) -> String {
        let (side, bytes) = (self.side as u32, self.side * self.side * 3);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.pixels[i * bytes..][..bytes])?;
            writer.finish()
        });
        written.expect("memory takes any image");
        format!("data:image/png;base64,{}", STANDARD.encode(file))
    }
}
