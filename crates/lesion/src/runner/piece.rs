//! Pieces of a question's work.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// A piece of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The place of the work that it is a piece of.
    pub(super) work: usize,
    /// Which piece of it.
    pub(super) part: Part,
    /// Its multiplications.
    pub(super) macs: u64,
}

/// A part of one [`Work`](crate::Work).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// A run of the sorted list of distinct lesions, on some of the images.
    Lesions {
        /// Places in the sorted list.
        run: Range<usize>,
        /// Places among all test images.
        images: Range<usize>,
    },
    /// Some of the items.
    Items(Range<usize>),
}

/// A name for files: it says what the piece answers of its question.
impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "work-{}", self.work)?;
        match &self.part {
            Part::Lesions { run, images } => write!(
                f,
                "-lesions-{}-{}-images-{}-{}",
                run.start, run.end, images.start, images.end
            ),
            Part::Items(items) => write!(f, "-items-{}-{}", items.start, items.end),
        }
    }
}
