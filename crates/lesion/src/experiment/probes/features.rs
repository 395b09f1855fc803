//! What probes see: outputs of units, averaged over the cells of a grid.

use data::Dataset;
use models::{EVAL_GROUP, Model, Place, Plan, Site, Sites, Visit};
use nn::{Pass, Var};
use tensor::{Shape, Tensor};

use super::Part;
use crate::Subject;

/// Features of the images and of the outputs of some units.
pub(super) struct Features {
    /// Of the image itself, where the part has it, then of each unit of the part: the numbers
    /// of an image, and those of all images in order.
    pub(super) places: Vec<(usize, Vec<f32>)>,
}

/// Runs `model` along `plan` on all of `images`, as far as the last unit of the part.
pub(super) fn features(
    subject: &Subject,
    model: &Model<f32>,
    plan: &Plan,
    images: &Dataset,
    part: &Part,
    cells: usize,
) -> Features {
    let last = *part.units.last().expect("a part has units");
    let mut seen = Seen {
        units: &part.units,
        cells,
        of_image: (0, Vec::new()),
        of_units: vec![(0, Vec::new()); part.units.len()],
    };
    let mut start = 0;
    for (batch, labels) in subject.batches(images, EVAL_GROUP) {
        if part.has_image {
            append(&mut seen.of_image, &batch, cells);
        }
        let visit = Visit { images: start..start + labels.len(), plans: &[0] };
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(batch);
        let h = model.forward_stem(&mut pass, &x);
        model.eval_units_at(&mut pass, h, &plan.order[..=last], plan, &mut seen, &visit);
        start += labels.len();
    }
    let image = part.has_image.then_some(seen.of_image);
    let places: Vec<_> = image.into_iter().chain(seen.of_units).collect();
    assert!(
        places.iter().all(|(width, all)| all.len() == width * images.len()),
        "a unit has not seen all {} images",
        images.len()
    );
    Features { places }
}

/// How many features an output of this height and width and these channels has.
pub(super) fn count([h, w, c]: [usize; 3], cells: usize) -> usize {
    cells.min(h) * cells.min(w) * c
}

/// Height, width and channels of one of `[n, h, w, c]`, or of `[n, c]`.
fn of_image(shape: Shape) -> [usize; 3] {
    match *shape.dims() {
        [_, h, w, c] => [h, w, c],
        [_, c] => [1, 1, c],
        _ => panic!("probes: an output of shape {shape}, expected [n, h, w, c] or [n, c]"),
    }
}

/// Adds the features of each image of `value`: row by row of a grid of `cells` by `cells`, or
/// as many as there are pixels where these are fewer, the mean of each channel.
fn append((width, all): &mut (usize, Vec<f32>), value: &Tensor<f32>, cells: usize) {
    let [h, w, c] = of_image(value.shape());
    *width = count([h, w, c], cells);
    let ends = |i: usize, n: usize, of: usize| i * of / n..(i + 1) * of / n;
    let (rows, columns) = (cells.min(h), cells.min(w));
    for image in value.as_slice().chunks_exact(h * w * c) {
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            let (ys, xs) = (ends(i, rows, h), ends(j, columns, w));
            let mut sums = vec![0.0; c];
            for pixel in ys.clone().flat_map(|y| xs.clone().map(move |x| y * w + x)) {
                let values = &image[pixel * c..(pixel + 1) * c];
                sums.iter_mut().zip(values).for_each(|(sum, &v)| *sum += f64::from(v));
            }
            let pixels = (ys.len() * xs.len()) as f64;
            all.extend(sums.iter().map(|sum| (sum / pixels) as f32));
        }
    }
}

/// Keeps the features of the outputs of some units.
struct Seen<'a> {
    units: &'a [usize],
    cells: usize,
    of_image: (usize, Vec<f32>),
    of_units: Vec<(usize, Vec<f32>)>,
}

impl Sites<f32> for Seen<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        place == Place::Output && self.units.contains(&unit)
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        let place = self.units.iter().position(|&id| id == site.unit).expect("it is wanted");
        append(&mut self.of_units[place], value.value(), self.cells);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_means_over_cells_that_hold_each_pixel_once() {
        // Two images of 3 x 5 pixels with 2 channels; the grid has no cell without a pixel.
        let value = Tensor::<f32>::from_fn([2, 3, 5, 2], |i| i as f32);
        let of = |cells| {
            let mut found = (0, Vec::new());
            append(&mut found, &value, cells);
            found
        };
        // The mean over pixels of 2 pixel + channel + 30 image.
        assert_eq!(of(1), (2, vec![14.0, 15.0, 44.0, 45.0]));
        let (width, all) = of(2);
        // Rows 0 | 1 and 2, columns 0 and 1 | 2 to 4.
        assert_eq!((width, &all[..8]), (8, &[1.0, 2.0, 6.0, 7.0, 16.0, 17.0, 21.0, 22.0][..]));
        let (width, all) = of(4);
        assert_eq!((width, all.len()), (3 * 4 * 2, 2 * 24));
        assert_eq!(count([3, 5, 2], 4), 24);
        let flat = Tensor::from_vec([1, 3], vec![1.0f32, 2.0, 3.0]);
        let mut found = (0, Vec::new());
        append(&mut found, &flat, 4);
        assert_eq!(found, (3, vec![1.0, 2.0, 3.0]));
    }
}
