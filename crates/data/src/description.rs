//! What a set of images is: which of them, of what form, in how many classes.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tensor::Normalisation;

/// Everything that is known of a [`Dataset`](crate::Dataset) except the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The set that the images come from: `cifar10`, or a name of one's own.
    pub set: String,
    /// The half of the set; a set of one's own has none.
    pub split: Option<Split>,
    /// Which images of the half.
    pub part: Part,
    /// Into how many classes the images fall.
    pub classes: usize,
    /// Pixels along one side of an image.
    pub side: usize,
    /// Colour channels.
    pub channels: usize,
    /// Means and deviations of the set's training images. Weights may state others, which
    /// win.
    pub normalisation: Normalisation,
    /// sha-256 of the images' records in the official layout, in order. Of a whole test
    /// split it is the sum of `test_batch.bin`; of the training split that of
    /// `cat data_batch_{1,2,3,4,5}.bin`; of the sample that of its file. Equal images have
    /// equal sums, whichever files they came from.
    pub sha256: String,
}

/// The two halves of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Of CIFAR-10 50,000 images, 5,000 of each class.
    Train,
    /// Of CIFAR-10 10,000 images, 1,000 of each class.
    Test,
}

/// Some images in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What the images were taken from.
    pub source: Source,
    /// How many images the source has.
    pub of: usize,
    /// Which of them these are.
    pub range: Range<usize>,
}

/// Where images were taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// All images of a split.
    Split,
    /// The first ones, as they are shipped with the repository.
    Sample,
}

impl Description {
    /// Set, split and part in one word, as files and settings state them:
    /// `cifar10-train`, `cifar10-sample-test`, `cifar10-train-first-45000`,
    /// `cifar10-train-last-5000`, `cifar10-test-2000-to-3999` (the last image included).
    pub fn name(&self) -> String {
        let mut name = self.set.clone();
        if self.part.source == Source::Sample {
            name += "-sample";
        }
        if let Some(split) = self.split {
            name += &format!("-{split}");
        }
        let (Range { start, end }, of) = (self.part.range.clone(), self.part.of);
        match (start, end) {
            (0, end) if end == of => {}
            (0, end) => name += &format!("-first-{end}"),
            (start, end) if end == of => name += &format!("-last-{}", end - start),
            (start, end) => name += &format!("-{start}-to-{}", end - 1),
        }
        name
    }

    /// How many images there are.
    pub fn images(&self) -> usize {
        self.part.range.len()
    }

    /// The error of guessing, `1 - 1 / classes`: 0.9 for CIFAR-10. That is so where the
    /// classes are equally large, as in the whole splits; a part of one, the sample
    /// included, has slightly unequal classes, and its own rate of guessing differs with
    /// the class guessed.
    pub fn chance(&self) -> f64 {
        1.0 - 1.0 / self.classes as f64
    }

    /// The shape of a batch of `images` of them: `[images, side, side, channels]`.
    pub fn batch_shape(&self, images: usize) -> [usize; 4] {
        [images, self.side, self.side, self.channels]
    }

    /// Whether these are all images of a split.
    pub fn is_whole(&self) -> bool {
        self.part == Part::all(Source::Split, self.part.of)
    }
}

impl Part {
    /// All `of` images of a source.
    pub(crate) fn all(source: Source, of: usize) -> Part {
        Part { source, of, range: 0..of }
    }

    /// The images `range`, counted within these.
    pub(crate) fn cut(&self, range: &Range<usize>) -> Part {
        let start = self.range.start;
        Part { range: start + range.start..start + range.end, ..self.clone() }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn description(set: &str, split: Option<Split>, part: Part) -> Description {
        Description {
            set: set.to_owned(),
            split,
            part,
            classes: 10,
            side: 32,
            channels: 3,
            normalisation: Normalisation::CIFAR10,
            sha256: "0".repeat(64),
        }
    }

    #[test]
    fn a_name_says_set_split_and_part() {
        let part = |source, range, of| Part { source, of, range };
        let (train, test) = (Some(Split::Train), Some(Split::Test));
        let (all, sample) = (Source::Split, Source::Sample);
        let cases = [
            ("cifar10", train, part(all, 0..50_000, 50_000), "cifar10-train"),
            ("cifar10", test, part(all, 0..10_000, 10_000), "cifar10-test"),
            ("cifar10", train, part(all, 0..45_000, 50_000), "cifar10-train-first-45000"),
            ("cifar10", train, part(all, 45_000..50_000, 50_000), "cifar10-train-last-5000"),
            ("cifar10", test, part(all, 2_000..4_000, 10_000), "cifar10-test-2000-to-3999"),
            ("cifar10", test, part(sample, 0..2_000, 2_000), "cifar10-sample-test"),
            ("cifar10", test, part(sample, 0..64, 2_000), "cifar10-sample-test-first-64"),
            ("mine", None, part(all, 0..12, 12), "mine"),
            ("mine", None, part(all, 0..5, 12), "mine-first-5"),
        ];
        for (set, split, part, expected) in cases {
            assert_eq!(description(set, split, part).name(), expected);
        }
    }

    #[test]
    fn a_description_survives_json() {
        let part = Part::all(Source::Sample, 2_000).cut(&(64..128));
        let description = description("cifar10", Some(Split::Test), part);
        let json = serde_json::to_string(&description).unwrap();
        let part = r#""split":"test","part":{"source":"sample","of":2000,"range":{"start":64,"#;
        assert!(json.contains(part), "{json}");
        assert_eq!(serde_json::from_str::<Description>(&json).unwrap(), description);
    }

    #[test]
    fn guessing_among_ten_classes_is_wrong_nine_times_in_ten() {
        let all = Part::all(Source::Split, 10_000);
        assert_eq!(description("cifar10", None, all).chance(), 0.9);
    }

    #[test]
    fn only_all_images_of_a_split_are_whole() {
        let whole = |part| description("cifar10", Some(Split::Test), part).is_whole();
        assert!(whole(Part::all(Source::Split, 10)));
        assert!(!whole(Part::all(Source::Split, 10).cut(&(0..9))));
        assert!(!whole(Part::all(Source::Split, 10).cut(&(1..10))));
        assert!(!whole(Part::all(Source::Sample, 10)));
    }
}
