//! The batch of a step, in memory that the next one uses again.

use data::{Crop, Dataset, Normalisation};
use tensor::Tensor;
use tensor::random::Stream;

/// Labels and crops of a batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The class of each image.
    pub(crate) labels: Vec<u8>,
    crops: Vec<Crop>,
}

impl Batch {
    /// Takes the images `indices` of a data set, each through the crop that `augment`
    /// has for it in this epoch; returns them as `[n, 32, 32, 3]`.
    pub(crate) fn fill(
        &mut self,
        dataset: &Dataset,
        indices: &[u32],
        normalisation: &Normalisation,
        (augment, epoch): (Stream, u64),
    ) -> Tensor<f32> {
        let crop = |&i: &u32| Crop::draw(&mut augment.at(epoch, u64::from(i)));
        self.crops.clear();
        self.crops.extend(indices.iter().map(crop));
        self.labels.resize(indices.len(), 0);
        let shape = [indices.len(), data::SIDE, data::SIDE, data::CHANNELS];
        let mut images = Tensor::for_overwrite(shape);
        data::fill_batch_augmented(
            images.as_mut_slice(),
            &mut self.labels,
            dataset,
            indices,
            &self.crops,
            normalisation,
        );
        images
    }
}
