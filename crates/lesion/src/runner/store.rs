//! Finished pieces on disk: one file each, in a folder for each question.
//!
//! A file begins with a line of JSON that says what it answers (question, SIMD level,
//! program version, piece) and the sha-256 of what follows: for each lesion the images'
//! losses as `f32` and one bit each for right or wrong, or for each item the number of its
//! values and these as `f64`; all little-endian. Only a file with exactly the expected line
//! counts. Several processes may share a folder: equal names have equal content.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use record::{atomic_write, sha256_hex};
use serde::Serialize;

use super::piece::{Part, Piece};
use crate::work::Predictions;
use crate::{Done, LesionError, Question};

/// What files of this layout begin with.
const MAGIC: &str = "unravel-piece-1";

/// Largest file read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// How often a piece is written whose folder disappears.
const TRIES: usize = 8;

/// The finished pieces of one question.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    key: String,
    simd: String,
}

/// The first line of a file.
#[derive(Serialize)]
struct Header<'a> {
    magic: &'static str,
    key: &'a str,
    simd: &'a str,
    program: &'static str,
    work: usize,
    part: &'a Part,
    sha256: String,
}

impl Store {
    /// The question's folder, made if need be.
    pub(super) fn open(folder: &Path, question: &Question) -> Result<Store, LesionError> {
        let path = of_question(folder, question);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Store {
                folder: path,
                key: question.key().hash(),
                simd: question.key().simd.clone(),
            }),
            Err(source) => Err(LesionError::Folder { verb: "make", path, source }),
        }
    }

    /// The piece, if it was kept. A file that is damaged or of another question, level
    /// or version is as good as none.
    pub(super) fn load(&self, piece: &Piece) -> Option<Done> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(piece)).ok()?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
        let end = bytes.iter().position(|&byte| byte == b'\n')? + 1;
        let (header, payload) = bytes.split_at(end);
        (header == self.header(piece, payload)).then(|| decode(payload, &piece.part))?
    }

    /// Keeps the piece, in a new folder where another process that answers the same
    /// question has removed this one.
    pub(super) fn keep(&self, piece: &Piece, done: &Done) -> Result<(), LesionError> {
        let payload = encode(done);
        let mut bytes = self.header(piece, &payload);
        bytes.extend(payload);
        for _ in 1..TRIES {
            match atomic_write(&self.path(piece), &bytes) {
                Err(error) if error.source.kind() == ErrorKind::NotFound => {
                    let path = &self.folder;
                    fs::create_dir_all(path).map_err(|source| {
                        let path = path.clone();
                        LesionError::Folder { verb: "make", path, source }
                    })?;
                }
                written => return Ok(written?),
            }
        }
        Ok(atomic_write(&self.path(piece), &bytes)?)
    }

    fn path(&self, piece: &Piece) -> PathBuf {
        self.folder.join(format!("{piece}.piece"))
    }

    fn header(&self, piece: &Piece, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            magic: MAGIC,
            key: &self.key,
            simd: &self.simd,
            program: env!("CARGO_PKG_VERSION"),
            work: piece.work,
            part: &piece.part,
            sha256: sha256_hex(payload),
        };
        let mut line = serde_json::to_vec(&header).expect("a header is plain data");
        line.push(b'\n');
        line
    }
}

/// Removes the folder of a question, if there is one. Another process that answers the same
/// question may be adding pieces to it; then it stays, and that process removes it.
pub(super) fn forget(folder: &Path, question: &Question) -> Result<(), LesionError> {
    let path = of_question(folder, question);
    match fs::remove_dir_all(&path) {
        Err(source)
            if !matches!(source.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) =>
        {
            Err(LesionError::Folder { verb: "remove", path, source })
        }
        _ => Ok(()),
    }
}

fn of_question(folder: &Path, question: &Question) -> PathBuf {
    folder.join(question.key().hash())
}

fn encode(done: &Done) -> Vec<u8> {
    let mut bytes = Vec::new();
    match done {
        Done::Lesions(lesions) => {
            for Predictions { is_right, losses } in lesions {
                // The losses of a network in `f32` are such numbers: nothing is rounded.
                bytes.extend(losses.iter().flat_map(|&loss| (loss as f32).to_le_bytes()));
                bytes.extend(is_right.chunks(8).map(|bits| {
                    bits.iter().enumerate().fold(0, |byte, (i, &bit)| byte | u8::from(bit) << i)
                }));
            }
        }
        Done::Items(items) => {
            for values in items {
                bytes.extend((values.len() as u64).to_le_bytes());
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
    }
    bytes
}

fn decode(bytes: &[u8], part: &Part) -> Option<Done> {
    let mut rest = bytes;
    let done = match part {
        Part::Lesions { run, images } => {
            let lesion = |_| {
                let (losses, _) = take(&mut rest, 4 * images.len())?.as_chunks();
                let losses = losses.iter().map(|&loss| f64::from(f32::from_le_bytes(loss)));
                let bits = take(&mut rest, images.len().div_ceil(8))?;
                let is_right = (0..images.len()).map(|i| bits[i / 8] >> (i % 8) & 1 == 1);
                Some(Predictions { is_right: is_right.collect(), losses: losses.collect() })
            };
            Done::Lesions(run.clone().map(lesion).collect::<Option<_>>()?)
        }
        Part::Items(items) => {
            let item = |_| {
                let len = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
                let bytes = usize::try_from(len).ok()?.checked_mul(8)?;
                let (values, _) = take(&mut rest, bytes)?.as_chunks();
                Some(values.iter().map(|&value| f64::from_le_bytes(value)).collect())
            };
            Done::Items(items.clone().map(item).collect::<Option<_>>()?)
        }
    };
    rest.is_empty().then_some(done)
}

/// Takes `n` bytes from the front, if there are so many.
fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(front)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bits, since a NaN differs from itself.
    fn bits(done: &Done) -> Vec<(Vec<bool>, Vec<u64>)> {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect();
        match done {
            Done::Lesions(lesions) => {
                lesions.iter().map(|p| (p.is_right.clone(), bits(&p.losses))).collect()
            }
            Done::Items(items) => items.iter().map(|values| (Vec::new(), bits(values))).collect(),
        }
    }

    fn assert_reads_back(done: &Done, part: &Part) {
        let bytes = encode(done);
        assert_eq!(bits(&decode(&bytes, part).unwrap()), bits(done));
        for n in [bytes.len().saturating_sub(1), bytes.len() / 2] {
            assert!(n == bytes.len() || decode(&bytes[..n], part).is_none(), "{n} bytes");
        }
        assert_eq!(decode(&[bytes.as_slice(), &[0]].concat(), part), None);
    }

    proptest! {
        #[test]
        fn lesions_read_back(
            images in 1..20_usize,
            answers in prop::collection::vec(any::<(f32, bool)>(), 60),
        ) {
            let lesion = |answers: &[(f32, bool)]| Predictions {
                is_right: answers.iter().map(|&(_, right)| right).collect(),
                losses: answers.iter().map(|&(loss, _)| f64::from(loss)).collect(),
            };
            let lesions: Vec<_> = answers.chunks_exact(images).map(lesion).collect();
            let part = Part::Lesions { run: 5..5 + lesions.len(), images: 64..64 + images };
            assert_reads_back(&Done::Lesions(lesions), &part);
        }

        #[test]
        fn items_read_back(items in prop::collection::vec(any::<Vec<f64>>(), 1..9)) {
            let part = Part::Items(3..3 + items.len());
            assert_reads_back(&Done::Items(items), &part);
        }
    }

    #[test]
    fn numbers_that_are_not_finite_read_back() {
        let values = [f64::NAN, f64::INFINITY, -0.0, 0.1_f32.into()];
        assert_reads_back(&Done::Items(vec![values.to_vec(), vec![]]), &Part::Items(0..2));
        let lesion = Predictions { is_right: vec![true; 4], losses: values.to_vec() };
        let part = Part::Lesions { run: 0..1, images: 0..4 };
        assert_reads_back(&Done::Lesions(vec![lesion]), &part);
    }
}
