//! Images with their labels in memory, and cuts of them.

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cifar10::{IMAGE_BYTES, Parts};
use crate::description::{Description, Source};
use crate::error::DataError;
use crate::manifest::hex;

/// Images with their labels, as stored in the official files.
///
/// ```
/// use data::Dataset;
///
/// // Two made-up records: a label, then 1,024 bytes each of red, green and blue.
/// let record = |label: u8, red: u8| [vec![label], vec![red; 1024], vec![0; 2048]].concat();
/// let images = Dataset::from_records("mine", &[record(3, 255), record(7, 0)].concat())?;
/// assert_eq!((images.len(), images.labels()), (2, &[3, 7][..]));
/// assert_eq!(images.image(0)[..1024], [255; 1024]);
/// assert_eq!(images.take_first(1)?.id().name, "mine-first-1");
/// # Ok::<(), data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    images: Vec<u8>,
    labels: Vec<u8>,
    description: Description,
    id: DatasetId,
}

/// What settings and records keep to say which images were used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DatasetId {
    /// [`Description::name`].
    pub name: String,
    /// [`Description::sha256`].
    pub sha256: String,
}

impl Dataset {
    /// Decodes records of the official layout: 1 label byte, then 1,024 bytes
    /// each of red, green and blue, row by row. `name` is that of the set.
    ///
    /// # Errors
    /// If `bytes` is empty or not a whole number of records, or a label is above 9.
    pub fn from_records(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
        let mut parts = Parts::new(name, bytes.len());
        parts.push(bytes)?;
        Ok(parts.finish(None, Source::Split))
    }

    pub(crate) fn new(images: Vec<u8>, labels: Vec<u8>, description: Description) -> Dataset {
        let id = DatasetId { name: description.name(), sha256: description.sha256.clone() };
        Dataset { images, labels, description, id }
    }

    /// Number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "no constructor yields an empty set")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The planes R, G, B of image `i`: 3 x 32 x 32 bytes.
    ///
    /// # Panics
    /// If `i` is not below [`Dataset::len`].
    pub fn image(&self, i: usize) -> &[u8] {
        &self.images[i * IMAGE_BYTES..][..IMAGE_BYTES]
    }

    /// The class of image `i`, 0 to 9.
    ///
    /// # Panics
    /// If `i` is not below [`Dataset::len`].
    pub fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    /// The classes of all images.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many of these images are also among the others, byte for byte, whatever their labels.
    pub fn shared_with(&self, others: &Dataset) -> usize {
        let known: HashSet<&[u8]> = (0..others.len()).map(|i| others.image(i)).collect();
        (0..self.len()).filter(|&i| known.contains(self.image(i))).count()
    }

    /// What these images are.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Which images these are, in short.
    pub fn id(&self) -> &DatasetId {
        &self.id
    }

    /// The first `n` images, under a name and a sum of their own.
    ///
    /// # Errors
    /// If `n` is 0 or more than [`Dataset::len`].
    pub fn take_first(mut self, n: usize) -> Result<Dataset, DataError> {
        if n == 0 || n > self.len() {
            let (dataset, available) = (self.id.name, self.labels.len());
            return Err(DataError::Count { dataset, asked: n, available });
        }
        if n == self.len() {
            return Ok(self);
        }
        self.images.truncate(n * IMAGE_BYTES);
        self.labels.truncate(n);
        let description = cut(&self.description, 0..n, &self.labels, &self.images);
        Ok(Dataset::new(self.images, self.labels, description))
    }

    /// The images `range`, under a name and a sum of their own: a fold, for instance.
    ///
    /// # Errors
    /// If it holds no image, or ends beyond [`Dataset::len`].
    pub fn range(&self, range: Range<usize>) -> Result<Dataset, DataError> {
        if range.is_empty() || range.end > self.len() {
            let (dataset, available) = (self.id.name.clone(), self.len());
            return Err(DataError::Range { dataset, range, available });
        }
        let labels = self.labels[range.clone()].to_vec();
        let images = self.images[range.start * IMAGE_BYTES..range.end * IMAGE_BYTES].to_vec();
        let description = cut(&self.description, range, &labels, &images);
        Ok(Dataset::new(images, labels, description))
    }

    /// All images except the last `n`, and these `n`, under names and sums of their own.
    ///
    /// # Errors
    /// If `n` is 0, or no image would be left beside them.
    pub fn hold_out(self, n: usize) -> Result<(Dataset, Dataset), DataError> {
        if n == 0 || n >= self.len() {
            let (dataset, available) = (self.id.name, self.labels.len() - 1);
            return Err(DataError::Count { dataset, asked: n, available });
        }
        let kept = self.len() - n;
        let held_out = self.range(kept..self.len())?;
        Ok((self.take_first(kept)?, held_out))
    }
}

/// The description of the images `range` of those described, which are given.
fn cut(of: &Description, range: Range<usize>, labels: &[u8], images: &[u8]) -> Description {
    let mut hasher = Sha256::new();
    for (label, planes) in labels.iter().zip(images.chunks_exact(IMAGE_BYTES)) {
        hasher.update([*label]);
        hasher.update(planes);
    }
    Description { part: of.part.cut(&range), sha256: hex(hasher), ..of.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cifar10::{RECORD_BYTES, records};
    use crate::manifest::sha256_hex;
    use proptest::prelude::*;

    fn mine(n: usize) -> Dataset {
        Dataset::from_records("mine", &records(n)).unwrap()
    }

    #[test]
    fn records_decode_to_labels_and_planes() {
        let bytes = records(12);
        let dataset = mine(12);
        assert_eq!(dataset.len(), 12);
        assert_eq!(dataset.labels(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        for i in 0..12 {
            assert_eq!(dataset.label(i), bytes[i * RECORD_BYTES]);
            assert_eq!(dataset.image(i), &bytes[i * RECORD_BYTES + 1..(i + 1) * RECORD_BYTES]);
        }
    }

    #[test]
    fn taking_the_first_images_equals_reading_only_those() {
        let (all, five) = (mine(12), mine(5));
        assert_eq!(all.id().sha256, sha256_hex(&records(12)));
        let taken = all.clone().take_first(5).unwrap();
        assert_eq!((taken.labels(), &taken.images), (five.labels(), &five.images));
        assert_eq!(taken.id().sha256, five.id().sha256);
        assert_eq!(taken.id().name, "mine-first-5");
        assert_eq!(taken.take_first(3).unwrap().id().name, "mine-first-3");
        assert_eq!(all.clone().take_first(12).unwrap().id(), all.id());
    }

    #[test]
    fn what_is_held_out_and_what_is_left_are_all_images_in_order() {
        let all = mine(12);
        let (left, held_out) = all.clone().hold_out(4).unwrap();
        assert_eq!([left.labels(), held_out.labels()].concat(), all.labels());
        assert_eq!([&left.images[..], &held_out.images].concat(), all.images);
        assert_eq!((&*left.id().name, &*held_out.id().name), ("mine-first-8", "mine-last-4"));
        assert_eq!(held_out.id().sha256, sha256_hex(&records(12)[8 * RECORD_BYTES..]));
        for n in [0, 12, 13] {
            let message = all.clone().hold_out(n).unwrap_err().to_string();
            assert!(message.contains("from 1 to 11"), "{message}");
        }
    }

    #[test]
    fn no_images_or_more_than_there_are_cannot_be_taken() {
        for n in [0, 13] {
            let message = mine(12).take_first(n).unwrap_err().to_string();
            assert!(message.contains("from 1 to 12"), "{message}");
        }
        for range in [3..3, 11..13, 12..13] {
            let message = mine(12).range(range).unwrap_err().to_string();
            assert!(message.contains("of mine") && message.contains("within 0..12"), "{message}");
        }
    }

    /// A range of a range counts from the start of the first, as slices do.
    #[test]
    fn folds_are_cuts_that_know_their_place() {
        let all = mine(12);
        let folds: Vec<Dataset> = (0..3).map(|j| all.range(4 * j..4 * j + 4).unwrap()).collect();
        let names: Vec<&str> = folds.iter().map(|fold| fold.id().name.as_str()).collect();
        assert_eq!(names, ["mine-first-4", "mine-4-to-7", "mine-last-4"]);
        let inner = folds[1].range(1..3).unwrap();
        assert_eq!(inner.id(), all.range(5..7).unwrap().id());
        assert_eq!(inner.description().part.range, 5..7);
        assert_eq!(inner.description().images(), 2);
    }

    proptest! {
        #[test]
        fn a_range_is_what_reading_only_its_records_gives(
            (start, end) in (0..12_usize).prop_flat_map(|start| (Just(start), start + 1..=12)),
        ) {
            let bytes = &records(12)[start * RECORD_BYTES..end * RECORD_BYTES];
            let alone = Dataset::from_records("mine", bytes).unwrap();
            let cut = mine(12).range(start..end).unwrap();
            prop_assert_eq!(&cut.images, &alone.images);
            prop_assert_eq!(cut.labels(), alone.labels());
            prop_assert_eq!(&cut.id().sha256, &alone.id().sha256);
        }
    }
}
