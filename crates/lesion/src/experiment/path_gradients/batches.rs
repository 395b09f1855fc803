//! Batches of training images, as a training has them.

use data::Crop;
use record::Answer as _;
use tensor::Tensor;
use tensor::random::Stream;

use super::Options;
use crate::{Inputs, LesionError};

/// Random batches of the training images, each image in one at most and through a random
/// crop: those of the first epoch of a training with this seed and batch size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batches {
    size: usize,
    seed: u64,
}

impl Batches {
    /// # Errors
    /// If there is no batch to be measured, or there are not enough images for all.
    pub(super) fn new(inputs: &Inputs, options: &Options) -> Result<Batches, LesionError> {
        let Options { batches, batch_size, exact_batches, seed, .. } = *options;
        let images = inputs.training().len();
        let refused = |option, value: usize, reason: String| {
            Err(LesionError::option(record::PathGradients::EXPERIMENT, option, value, reason))
        };
        // A batch norm after the last pooling has one value per channel and image.
        if batch_size < 2 || batch_size > images {
            return refused("batch-size", batch_size, format!("expected 2 to {images}"));
        }
        let most = images / batch_size;
        for (option, value, least) in [("batches", batches, 1), ("exact-batches", exact_batches, 0)]
        {
            if value < least || value > most {
                let reason = format!(
                    "expected {least} to {most}, as {images} training images are so many batches of \
                     {batch_size}"
                );
                return refused(option, value, reason);
            }
        }
        Ok(Batches { size: batch_size, seed })
    }

    /// The images `[n, h, w, 3]` of a batch, normalised, and their labels.
    pub(super) fn batch(&self, inputs: &Inputs, batch: usize) -> (Tensor<f32>, Vec<u8>) {
        let images = inputs.training();
        let mut rng = Stream::new(self.seed, "shuffle").at(0, 0);
        let order = data::shuffled_indices(images.len(), &mut rng);
        let chosen = &order[batch * self.size..(batch + 1) * self.size];
        let augment = Stream::new(self.seed, "augment");
        let crop = |&image: &u32| Crop::draw(&mut augment.at(0, u64::from(image)));
        let crops: Vec<Crop> = chosen.iter().map(crop).collect();
        let shape = images.description().batch_shape(chosen.len());
        let mut pixels = vec![0.0; shape.iter().product()];
        let mut labels = vec![0; chosen.len()];
        let normalisation = &inputs.network().normalisation;
        data::fill_batch_augmented(&mut pixels, &mut labels, images, chosen, &crops, normalisation);
        (Tensor::from_vec(shape, pixels), labels)
    }
}
