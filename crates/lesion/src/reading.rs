//! Test images a group at a time, and values inside units, read image by image: what
//! experiments share whose items are groups of images.

use std::ops::Range;

use models::{EVAL_GROUP, Model, Plan, Sites, Visit};
use nn::Pass;
use tensor::Tensor;

use crate::{Inputs, Subject};

/// How many items there are where an item reads one group of test images.
pub(crate) fn groups(inputs: &Inputs) -> usize {
    inputs.test().len().div_ceil(EVAL_GROUP)
}

/// The places of the test images of one group.
pub(crate) fn group(inputs: &Inputs, item: usize) -> Range<usize> {
    item * EVAL_GROUP..inputs.test().len().min((item + 1) * EVAL_GROUP)
}

/// Shows to `sites` what the intact network computes inside its units of one group of
/// test images. `model` is the subject's network, or one of the same shape.
pub(crate) fn read(
    inputs: &Inputs,
    subject: &Subject,
    model: &Model<f32>,
    item: usize,
    sites: &mut dyn Sites<f32>,
) {
    let images = group(inputs, item);
    let batch = subject.batches_of(inputs.test(), images.clone(), images.len()).next();
    let (batch, _) = batch.expect("a group has images");
    let plan = Plan::intact(model);
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(batch);
    let h = model.forward_stem(&mut pass, &x);
    let visit = Visit { images, plans: &[0] };
    model.eval_units_at(&mut pass, h, &plan.order, &plan, sites, &visit);
}

/// The Frobenius norm of each image of `[n, h, w, c]`.
pub(crate) fn norms(value: &Tensor<f32>) -> impl Iterator<Item = f64> {
    images_of(value).map(|image| sum(image.iter().map(|&v| f64::from(v) * f64::from(v))).sqrt())
}

/// The elements of each image of `[n, h, w, c]`.
pub(crate) fn images_of(value: &Tensor<f32>) -> impl Iterator<Item = &[f32]> {
    value.as_slice().chunks_exact(value.len() / value.dims()[0])
}

/// Sums that do not wait for each other.
const LANES: usize = 8;

/// The sum, element i in lane i mod 8, the lanes added in order.
pub(crate) fn sum(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut values = values;
    for _ in 0..values.len() / LANES {
        for lane in &mut lanes {
            *lane += values.next().expect("there are so many");
        }
    }
    lanes.iter_mut().zip(values).for_each(|(lane, value)| *lane += value);
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor::random::Stream;

    #[test]
    fn norms_are_those_of_each_image() {
        for (h, w, c) in [(1, 1, 1), (3, 5, 7), (4, 4, 16)] {
            let mut rng = Stream::new(1, "norms").at(0, 0);
            let value = Tensor::from_fn([3, h, w, c], |_| rng.normal() as f32);
            let found: Vec<f64> = norms(&value).collect();
            for (i, found) in found.iter().enumerate() {
                let expected = value.rows(i, i + 1).norm();
                assert!((found - expected).abs() <= 1e-13 * expected, "{found} {expected}");
            }
            assert_eq!(found.len(), 3);
        }
    }
}
