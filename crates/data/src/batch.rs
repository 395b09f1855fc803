//! Batches: stored planes to normalised NHWC floats, with or without augmentation.
//!
//! Padding is 0 *after* normalisation, that is the mean colour. The recipes
//! this project follows (Facebook's and Gross and Wilber's Torch code, on which
//! Veit et al. build) normalise before they crop; padding raw pixels with black
//! instead would put strong edges into most training images.

use tensor::Normalisation;

use crate::augment::{Crop, PAD};
use crate::cifar10::{CHANNELS, IMAGE_BYTES, SIDE};
use crate::dataset::Dataset;

/// Writes the images `indices` and their labels, unaugmented.
///
/// # Shapes
/// - `out`: n x 32 x 32 x 3 (NHWC), n = `indices.len()`
/// - `labels`: n
///
/// # Panics
/// If `out` or `labels` has another length, or an index is not below `dataset.len()`.
pub fn fill_batch(
    out: &mut [f32],
    labels: &mut [u8],
    dataset: &Dataset,
    indices: &[u32],
    normalisation: &Normalisation,
) {
    fill(out, labels, dataset, indices, std::iter::repeat(&Crop::CENTRE), normalisation);
}

/// Writes the images `indices`, each through its crop, and their labels.
///
/// # Shapes
/// - `out`: n x 32 x 32 x 3 (NHWC), n = `indices.len()`
/// - `labels`, `crops`: n
///
/// # Panics
/// If `out`, `labels` or `crops` has another length, an index is not below
/// `dataset.len()`, or a crop's offset is above 8.
pub fn fill_batch_augmented(
    out: &mut [f32],
    labels: &mut [u8],
    dataset: &Dataset,
    indices: &[u32],
    crops: &[Crop],
    normalisation: &Normalisation,
) {
    assert_eq!(crops.len(), indices.len(), "fill_batch: one crop an image");
    fill(out, labels, dataset, indices, crops.iter(), normalisation);
}

/// All images in order, `size` at a time (the last batch takes what is left),
/// unaugmented: pixels (n x 32 x 32 x 3) and labels (n).
///
/// # Panics
/// If `size` is 0.
pub fn batches<'a>(
    dataset: &'a Dataset,
    size: usize,
    normalisation: &'a Normalisation,
) -> impl Iterator<Item = (Vec<f32>, Vec<u8>)> + 'a {
    assert!(size > 0, "batches: a batch holds at least one image");
    let indices: Vec<u32> = (0..dataset.len() as u32).collect();
    (0..dataset.len().div_ceil(size)).map(move |i| {
        let indices = &indices[i * size..dataset.len().min((i + 1) * size)];
        let mut pixels = vec![0.0; indices.len() * IMAGE_BYTES];
        let mut labels = vec![0; indices.len()];
        fill_batch(&mut pixels, &mut labels, dataset, indices, normalisation);
        (pixels, labels)
    })
}

fn fill<'a>(
    out: &mut [f32],
    labels: &mut [u8],
    dataset: &Dataset,
    indices: &[u32],
    crops: impl Iterator<Item = &'a Crop>,
    normalisation: &Normalisation,
) {
    assert_eq!(out.len(), indices.len() * IMAGE_BYTES, "fill_batch: out must be n x 32 x 32 x 3");
    assert_eq!(labels.len(), indices.len(), "fill_batch: one label an image");
    let tables = tables(normalisation);
    let places = out.chunks_exact_mut(IMAGE_BYTES).zip(labels);
    for ((&index, crop), (image, label)) in indices.iter().zip(crops).zip(places) {
        let index = index as usize;
        crop_image(image, dataset.image(index), *crop, &tables);
        *label = dataset.label(index);
    }
}

/// The normalised value of every byte, by channel.
///
/// Computed in f32 in the order of the formula, as PyTorch's usual input pipeline does,
/// so that both feed a network the same numbers.
fn tables(normalisation: &Normalisation) -> [[f32; 256]; CHANNELS] {
    let (mean, std) = (normalisation.mean(), normalisation.std());
    std::array::from_fn(|c| std::array::from_fn(|p| (p as f32 / 255.0 - mean[c]) / std[c]))
}

/// Writes one window of the padded image; `out` is HWC, `planes` CHW.
fn crop_image(out: &mut [f32], planes: &[u8], crop: Crop, tables: &[[f32; 256]; CHANNELS]) {
    let (dx, dy) = (usize::from(crop.dx), usize::from(crop.dy));
    assert!(dx <= 2 * PAD && dy <= 2 * PAD, "fill_batch: {crop:?} leaves the padded image");
    // Window columns `inside` fall on image columns `first..`; the rest is padding.
    let inside = PAD.saturating_sub(dx)..SIDE - dx.saturating_sub(PAD);
    let first = dx.saturating_sub(PAD);
    for (y, row) in out.chunks_exact_mut(SIDE * CHANNELS).enumerate() {
        let source = (y + dy).checked_sub(PAD).filter(|&source| source < SIDE);
        let (row, _) = row.as_chunks_mut::<CHANNELS>();
        let Some(source) = source else {
            row.fill([0.0; CHANNELS]);
            continue;
        };
        row[..inside.start].fill([0.0; CHANNELS]);
        row[inside.end..].fill([0.0; CHANNELS]);
        let [red, green, blue] =
            [0, 1, 2].map(|c| &planes[(c * SIDE + source) * SIDE + first..][..inside.len()]);
        let pixels = &mut row[inside.clone()];
        for (((pixel, r), g), b) in pixels.iter_mut().zip(red).zip(green).zip(blue) {
            *pixel = [
                tables[0][usize::from(*r)],
                tables[1][usize::from(*g)],
                tables[2][usize::from(*b)],
            ];
        }
        if crop.flip {
            row.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cifar10::RECORD_BYTES;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn noise(images: usize, seed: u64) -> Dataset {
        let mut bytes = vec![0; images * RECORD_BYTES];
        ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
        bytes.iter_mut().step_by(RECORD_BYTES).for_each(|label| *label %= 10);
        Dataset::from_records("noise", &bytes).unwrap()
    }

    /// Pads, normalises, crops and flips as the definitions say, one value at a time.
    fn reference(planes: &[u8], crop: Crop, norm: &Normalisation) -> Vec<f32> {
        let padded = |y: usize, x: usize, c: usize| {
            if !(4..36).contains(&y) || !(4..36).contains(&x) {
                return 0.0;
            }
            let p = planes[c * 1024 + (y - 4) * 32 + (x - 4)];
            (f32::from(p) / 255.0 - norm.mean()[c]) / norm.std()[c]
        };
        let mut out = Vec::new();
        for y in 0..32 {
            for x in 0..32 {
                let column = if crop.flip { 31 - x } else { x };
                for c in 0..3 {
                    out.push(padded(y + usize::from(crop.dy), column + usize::from(crop.dx), c));
                }
            }
        }
        out
    }

    #[test]
    fn the_table_is_the_formula() {
        let tables = tables(&Normalisation::CIFAR10);
        // (255/255 - 0.4914) / 0.2470, (0 - 0.4822) / 0.2435, (51/255 - 0.4465) / 0.2616
        let cases = [(0, 255, 2.059_109_3), (1, 0, -1.980_287_5), (2, 51, -0.942_278_3)];
        for (channel, byte, expected) in cases {
            let found: f32 = tables[channel][byte];
            assert!((found - expected).abs() < 1e-6, "{channel} {byte}: {found}");
        }
    }

    fn crops() -> impl Strategy<Value = Crop> {
        (0..=8_u8, 0..=8_u8, any::<bool>()).prop_map(|(dx, dy, flip)| Crop { dx, dy, flip })
    }

    proptest! {
        #[test]
        fn a_crop_equals_the_naive_reference(crop in crops(), seed: u64) {
            let dataset = noise(1, seed);
            let (mut out, mut labels) = (vec![f32::NAN; IMAGE_BYTES], [0]);
            let norm = Normalisation::CIFAR10;
            fill_batch_augmented(&mut out, &mut labels, &dataset, &[0], &[crop], &norm);
            prop_assert_eq!(out, reference(dataset.image(0), crop, &norm));
        }

        #[test]
        fn a_batch_is_its_images_one_by_one(
            picks in prop::collection::vec((0..5_u32, crops()), 1..7), seed: u64,
        ) {
            let dataset = noise(5, seed);
            let norm = Normalisation::IMAGENET;
            let (indices, crops): (Vec<u32>, Vec<Crop>) = picks.into_iter().unzip();
            let mut out = vec![f32::NAN; indices.len() * IMAGE_BYTES];
            let mut labels = vec![0; indices.len()];
            fill_batch_augmented(&mut out, &mut labels, &dataset, &indices, &crops, &norm);
            for (k, (&index, crop)) in indices.iter().zip(crops).enumerate() {
                let (mut single, mut label) = (vec![f32::NAN; IMAGE_BYTES], [0]);
                let one = [index];
                fill_batch_augmented(&mut single, &mut label, &dataset, &one, &[crop], &norm);
                prop_assert_eq!(&out[k * IMAGE_BYTES..][..IMAGE_BYTES], &single[..]);
                prop_assert_eq!(labels[k], label[0]);
            }
        }
    }

    #[test]
    fn without_augmentation_the_image_comes_back() {
        let dataset = noise(3, 1);
        let norm = Normalisation::CIFAR10;
        let (mut out, mut labels) = (vec![f32::NAN; 2 * IMAGE_BYTES], [0; 2]);
        fill_batch(&mut out, &mut labels, &dataset, &[2, 0], &norm);
        assert_eq!(labels, [dataset.label(2), dataset.label(0)]);
        assert_eq!(out[..IMAGE_BYTES], reference(dataset.image(2), Crop::CENTRE, &norm));
        assert_eq!(out[IMAGE_BYTES..], reference(dataset.image(0), Crop::CENTRE, &norm));
    }

    #[test]
    #[should_panic(expected = "out must be n x 32 x 32 x 3")]
    fn a_buffer_of_another_length_is_a_bug() {
        fill_batch(&mut [0.0; 7], &mut [0], &noise(1, 1), &[0], &Normalisation::CIFAR10);
    }

    #[test]
    #[should_panic(expected = "leaves the padded image")]
    fn a_crop_outside_the_padding_is_a_bug() {
        let (mut out, crop) = (vec![0.0; IMAGE_BYTES], Crop { dx: 9, ..Crop::CENTRE });
        let norm = Normalisation::CIFAR10;
        fill_batch_augmented(&mut out, &mut [0], &noise(1, 1), &[0], &[crop], &norm);
    }
}
