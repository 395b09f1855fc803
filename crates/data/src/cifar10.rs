//! CIFAR-10 in memory: the official binary layout, checked and decoded.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::DataError;
use crate::manifest::{FETCH_AGAIN, FileSpec, OFFICIAL, hex};

/// Pixels along one side of an image.
pub const SIDE: usize = 32;
/// Colour channels: red, green, blue.
pub const CHANNELS: usize = 3;
/// Bytes of one image: three planes of 32 x 32.
pub const IMAGE_BYTES: usize = CHANNELS * SIDE * SIDE;
/// Bytes of one record of the official layout: a label, then the image.
pub const RECORD_BYTES: usize = 1 + IMAGE_BYTES;
/// The class names, by label.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Images with their labels, as stored in the official files.
#[derive(Debug, Clone)]
pub struct Dataset {
    images: Vec<u8>,
    labels: Vec<u8>,
    id: DatasetId,
}

/// What a record keeps to say which images were used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DatasetId {
    /// `cifar10-train`, `cifar10-test`, `cifar10-sample-train` or
    /// `cifar10-sample-test`, with `-first-N` added by [`Dataset::take_first`] and
    /// `-last-N` by [`Dataset::hold_out`].
    pub name: String,
    /// sha-256 of the images' records in the official layout, in order. Of a
    /// whole test split it is the sum of `test_batch.bin`; of the training
    /// split that of `cat data_batch_{1,2,3,4,5}.bin`; of the sample that of
    /// its file. Equal images have equal sums, whichever files they came from.
    pub sha256: String,
}

/// The two parts of CIFAR-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// 50,000 images, 5,000 of each class.
    Train,
    /// 10,000 images, 1,000 of each class.
    Test,
}

/// Loads a split from the six official files (the training split from five of them).
///
/// # Errors
/// If a file is missing, has another size than 30,730,000 bytes or another
/// sha-256 sum than the published one, holds a label above 9, or if the classes
/// are not equally large.
pub fn load(dir: &Path, split: Split) -> Result<Dataset, DataError> {
    let files = match split {
        Split::Train => &OFFICIAL[..5],
        Split::Test => &OFFICIAL[5..],
    };
    let dataset = load_files(format!("cifar10-{split}"), dir, files, FETCH_AGAIN)?;
    check_class_counts(&dataset.id.name, &dataset.labels, dataset.len() / CLASSES.len())?;
    Ok(dataset)
}

/// Reads, checks and joins `files`.
pub(crate) fn load_files(
    name: String,
    dir: &Path,
    files: &[FileSpec],
    cure: &'static str,
) -> Result<Dataset, DataError> {
    let bytes: usize = files.iter().map(|file| file.bytes as usize).sum();
    let mut parts = Parts::with_capacity(bytes / RECORD_BYTES);
    for file in files {
        parts.push(&name, &file.read(dir, cure)?)?;
    }
    Ok(parts.finish(name))
}

impl Dataset {
    /// Decodes records of the official layout: 1 label byte, then 1,024 bytes
    /// each of red, green and blue, row by row.
    ///
    /// # Errors
    /// If `bytes` is empty or no whole number of records, or a label is above 9.
    pub fn from_records(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
        let mut parts = Parts::with_capacity(bytes.len() / RECORD_BYTES);
        parts.push(name, bytes)?;
        Ok(parts.finish(name.to_owned()))
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

    /// Which images these are.
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
        if n < self.len() {
            self.images.truncate(n * IMAGE_BYTES);
            self.labels.truncate(n);
            let whole = self.id.name.split("-first-").next().unwrap_or_default();
            let name = format!("{whole}-first-{n}");
            let mut hasher = Sha256::new();
            hash_records(&mut hasher, &self.labels, &self.images);
            self.id = DatasetId { name, sha256: hex(hasher) };
        }
        Ok(self)
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
        let (labels, images) = (&self.labels[kept..], &self.images[kept * IMAGE_BYTES..]);
        let mut hasher = Sha256::new();
        hash_records(&mut hasher, labels, images);
        let id = DatasetId { name: format!("{}-last-{n}", self.id.name), sha256: hex(hasher) };
        let held_out = Dataset { images: images.to_vec(), labels: labels.to_vec(), id };
        Ok((self.take_first(kept)?, held_out))
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Test => "test",
        })
    }
}

/// A data set while its files are being read.
struct Parts {
    images: Vec<u8>,
    labels: Vec<u8>,
    hasher: Sha256,
}

impl Parts {
    fn with_capacity(images: usize) -> Parts {
        Parts {
            images: Vec::with_capacity(images * IMAGE_BYTES),
            labels: Vec::with_capacity(images),
            hasher: Sha256::new(),
        }
    }

    fn push(&mut self, dataset: &str, bytes: &[u8]) -> Result<(), DataError> {
        let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
        if records.is_empty() || !rest.is_empty() {
            let dataset = dataset.to_owned();
            return Err(DataError::NotRecords { dataset, bytes: bytes.len() });
        }
        for [label, planes @ ..] in records {
            if usize::from(*label) >= CLASSES.len() {
                let (dataset, index) = (dataset.to_owned(), self.labels.len());
                return Err(DataError::Label { dataset, index, label: *label });
            }
            self.labels.push(*label);
            self.images.extend_from_slice(planes);
        }
        self.hasher.update(bytes);
        Ok(())
    }

    fn finish(self, name: String) -> Dataset {
        let id = DatasetId { name, sha256: hex(self.hasher) };
        Dataset { images: self.images, labels: self.labels, id }
    }
}

/// Feeds images to `hasher` in the official layout.
fn hash_records(hasher: &mut Sha256, labels: &[u8], images: &[u8]) {
    for (label, planes) in labels.iter().zip(images.chunks_exact(IMAGE_BYTES)) {
        hasher.update([*label]);
        hasher.update(planes);
    }
}

/// The protocol: every class has `expected` images.
fn check_class_counts(dataset: &str, labels: &[u8], expected: usize) -> Result<(), DataError> {
    let mut counts = [0; CLASSES.len()];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    match counts.iter().position(|&found| found != expected) {
        None => Ok(()),
        Some(class) => {
            let (dataset, found) = (dataset.to_owned(), counts[class]);
            Err(DataError::ClassCount { dataset, class, expected, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::sha256_hex;

    /// `n` records: labels count up modulo 10, pixels are a pattern.
    fn records(n: usize) -> Vec<u8> {
        let record = |i: usize| {
            std::iter::once((i % 10) as u8).chain((0..IMAGE_BYTES).map(move |k| (7 * i + k) as u8))
        };
        (0..n).flat_map(record).collect()
    }

    #[test]
    fn records_decode_to_labels_and_planes() {
        let bytes = records(12);
        let dataset = Dataset::from_records("mine", &bytes).unwrap();
        assert_eq!(dataset.len(), 12);
        assert_eq!(dataset.labels(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        for i in 0..12 {
            assert_eq!(dataset.label(i), bytes[i * RECORD_BYTES]);
            assert_eq!(dataset.image(i), &bytes[i * RECORD_BYTES + 1..(i + 1) * RECORD_BYTES]);
        }
    }

    #[test]
    fn taking_the_first_images_equals_reading_only_those() {
        let all = Dataset::from_records("mine", &records(12)).unwrap();
        assert_eq!(all.id().sha256, sha256_hex(&records(12)));
        let five = Dataset::from_records("mine", &records(5)).unwrap();
        let taken = all.clone().take_first(5).unwrap();
        assert_eq!((taken.labels(), &taken.images), (five.labels(), &five.images));
        assert_eq!(taken.id().sha256, five.id().sha256);
        assert_eq!(taken.id().name, "mine-first-5");
        assert_eq!(taken.take_first(3).unwrap().id().name, "mine-first-3");
        assert_eq!(all.clone().take_first(12).unwrap().id(), all.id());
    }

    #[test]
    fn what_is_held_out_and_what_is_left_are_all_images_in_order() {
        let all = Dataset::from_records("mine", &records(12)).unwrap();
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
            let all = Dataset::from_records("mine", &records(12)).unwrap();
            let message = all.take_first(n).unwrap_err().to_string();
            assert!(message.contains("from 1 to 12"), "{message}");
        }
    }

    #[test]
    fn broken_records_are_refused() {
        let mut wrong_label = records(3);
        wrong_label[2 * RECORD_BYTES] = 10;
        let cases = [
            (Vec::new(), "0 bytes are not a positive multiple"),
            (records(3)[1..].to_vec(), "9218 bytes are not"),
            (wrong_label, "label 10 of image 2 is out of range"),
        ];
        for (bytes, expected) in cases {
            let message = Dataset::from_records("mine", &bytes).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn unequal_classes_are_refused() {
        let balanced: Vec<u8> = (0..10).cycle().take(30).collect();
        check_class_counts("mine", &balanced, 3).unwrap();
        let mut unbalanced = balanced;
        unbalanced[4] = 7;
        let message = check_class_counts("mine", &unbalanced, 3).unwrap_err().to_string();
        assert_eq!(message, "dataset mine: 2 images of class 4, expected 3");
    }
}
