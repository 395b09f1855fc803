//! CIFAR-10: the official binary layout, checked and decoded.

use std::path::Path;

use sha2::{Digest, Sha256};
use tensor::Normalisation;

use crate::dataset::Dataset;
use crate::description::{Description, Part, Source, Split};
use crate::error::DataError;
use crate::manifest::{FETCH_AGAIN, FileSpec, OFFICIAL, hex};

/// The name of the set.
pub(crate) const SET: &str = "cifar10";
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

/// Loads a split from the six official files (the training split from five of them).
///
/// # Errors
/// If a file is missing, has another size than 30,730,000 bytes or another
/// sha-256 sum than the published one, holds a label above 9, or if the classes
/// are not equally large.
pub fn load(dir: &Path, split: Split) -> Result<Dataset, DataError> {
    let files = of_split(&OFFICIAL, split);
    balanced(load_files((split, Source::Split), dir, files, FETCH_AGAIN)?)
}

/// Those of the six files that hold a split.
pub(crate) fn of_split(files: &[FileSpec], split: Split) -> &[FileSpec] {
    match split {
        Split::Train => &files[..5],
        Split::Test => &files[5..],
    }
}

/// A split whose classes are equally large.
pub(crate) fn balanced(dataset: Dataset) -> Result<Dataset, DataError> {
    check_class_counts(&dataset.id().name, dataset.labels(), dataset.len() / CLASSES.len())?;
    Ok(dataset)
}

/// Reads, checks and joins `files`.
pub(crate) fn load_files(
    (split, source): (Split, Source),
    dir: &Path,
    files: &[FileSpec],
    cure: &'static str,
) -> Result<Dataset, DataError> {
    let bytes: usize = files.iter().map(|file| file.bytes as usize).sum();
    let mut parts = Parts::new(SET, bytes);
    for file in files {
        parts.push(&file.read(dir, cure)?)?;
    }
    Ok(parts.finish(Some(split), source))
}

/// A data set while its files are being read.
pub(crate) struct Parts<'a> {
    /// The set, for messages.
    name: &'a str,
    images: Vec<u8>,
    labels: Vec<u8>,
    hasher: Sha256,
}

impl<'a> Parts<'a> {
    /// Room for so many bytes of the set `name`.
    pub(crate) fn new(name: &'a str, bytes: usize) -> Parts<'a> {
        let images = bytes / RECORD_BYTES;
        Parts {
            name,
            images: Vec::with_capacity(images * IMAGE_BYTES),
            labels: Vec::with_capacity(images),
            hasher: Sha256::new(),
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
        if records.is_empty() || !rest.is_empty() {
            let dataset = self.name.to_owned();
            return Err(DataError::NotRecords { dataset, bytes: bytes.len() });
        }
        for [label, planes @ ..] in records {
            if usize::from(*label) >= CLASSES.len() {
                let (dataset, index) = (self.name.to_owned(), self.labels.len());
                return Err(DataError::Label { dataset, index, label: *label });
            }
            self.labels.push(*label);
            self.images.extend_from_slice(planes);
        }
        self.hasher.update(bytes);
        Ok(())
    }

    pub(crate) fn finish(self, split: Option<Split>, source: Source) -> Dataset {
        let description = Description {
            set: self.name.to_owned(),
            split,
            part: Part::all(source, self.labels.len()),
            classes: CLASSES.len(),
            side: SIDE,
            channels: CHANNELS,
            normalisation: Normalisation::CIFAR10,
            sha256: hex(self.hasher),
        };
        Dataset::new(self.images, self.labels, description)
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

/// `n` records: labels count up modulo 10, pixels are a pattern.
#[cfg(test)]
pub(crate) fn records(n: usize) -> Vec<u8> {
    let record = |i: usize| {
        std::iter::once((i % 10) as u8).chain((0..IMAGE_BYTES).map(move |k| (7 * i + k) as u8))
    };
    (0..n).flat_map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
