//! The batch of a step, in memory that the next one uses again.

use data::{Crop, Dataset};
use tensor::random::Stream;
use tensor::{Normalisation, Tensor};

/// Labels and crops of a batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The class of each image.
    pub(crate) labels: Vec<u8>,
    crops: Vec<Crop>,
}

impl Batch {
    /// Takes the images `indices` of a data set, each through the crop that `augment`
    /// has for it in this epoch; returns them as `[n, h, w, 3]`.
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
        let shape = dataset.description().batch_shape(indices.len());
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
