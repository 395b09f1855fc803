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
    sums: Vec<(usize, String)>,
}

impl Pictures {
    /// Square images of `side` pixels: red, green and blue of each pixel, row by row, image
    /// after image. `labels` has the class of each. `sums` has the sum of the first so many
    /// images as records state it ([`ImagesId::sha256`]), for each number that records use.
    ///
    /// # Panics
    /// If there are not `side * side * 3` bytes for each label, or a sum is of more images.
    #[track_caller]
    pub fn new(
        side: usize,
        pixels: Vec<u8>,
        labels: Vec<String>,
        sums: Vec<(usize, String)>,
    ) -> Self {
        let (bytes, expected) = (pixels.len(), labels.len() * side * side * 3);
        assert!(
            bytes == expected,
            "pictures: {bytes} bytes for {} images of side {side}, expected {expected}",
            labels.len()
        );
        let most = sums.iter().map(|(images, _)| *images).max().unwrap_or(0);
        assert!(most <= labels.len(), "pictures: a sum of {most} of {} images", labels.len());
        Pictures { side, pixels, labels, sums }
    }

    /// Whether the images of a record are these, or the first of them.
    pub fn include(&self, images: &ImagesId) -> bool {
        self.sums.iter().any(|(count, sum)| *count == images.images && *sum == images.sha256)
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
