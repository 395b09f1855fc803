//! The official version for MATLAB, `cifar-10-batches-mat`: files of MATLAB 5 with `data`,
//! bytes `[n, 3072]`, and `labels`, `[n, 1]`.
//!
//! Such a file is a list of elements: a number for its type, its length, and its content,
//! which for an array is again a list (flags, shape, name, numbers, column by column), and
//! for a compressed element a zlib stream with one element. Source: MathWorks, "MAT-File
//! Format", chapter 1.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use crate::cifar10::{IMAGE_BYTES, RECORD_BYTES};

/// A batch has 10,000 images of 3,072 bytes, and labels; what unpacks to more is not one.
const LARGEST: u64 = 32 << 20;
/// The text, the version and the order of bytes that a file begins with.
const HEADER: usize = 128;

const BYTES: u32 = 2;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// The class of arrays of unsigned bytes.
const UINT8: u32 = 9;

/// The images of a file in the official binary layout.
pub(crate) fn records(file: &[u8]) -> Result<Vec<u8>, String> {
    let (header, rest) = file.split_at_checked(HEADER).ok_or(SHORT)?;
    match &header[124..] {
        [0, 1, b'I', b'M'] => {}
        [.., b'M', b'I'] => return Err("it is big-endian".to_owned()),
        [.., b'I', b'M'] => return Err("it is of another version than MATLAB 5".to_owned()),
        _ => return Err("it does not begin as a MATLAB file of version 5".to_owned()),
    }
    let (mut data, mut labels) = (None, None);
    let mut elements = Elements { rest };
    let mut left = LARGEST;
    while let Some((kind, content)) = elements.next()? {
        let unpacked;
        let array = if kind == COMPRESSED {
            unpacked = inflated(content, &mut left)?;
            let (kind, array) = Elements { rest: &unpacked }.required()?;
            (kind == MATRIX).then_some(array)
        } else {
            (kind == MATRIX).then_some(content)
        };
        let Some(array) = array else { continue };
        let array = Array::read(Elements { rest: array })?;
        match array.name {
            b"data" => data = Some(images(&array)?),
            b"labels" => labels = Some(numbers(&array)?),
            b"fine_labels" => {
                return Err("it has fine_labels: it is CIFAR-100, whose images and classes are \
                    others"
                    .to_owned());
            }
            _ => {}
        }
    }
    let data = data.ok_or("it has no data")?;
    let labels = labels.ok_or("it has no labels")?;
    if data.len() != labels.len() * IMAGE_BYTES {
        let images = data.len() / IMAGE_BYTES;
        return Err(format!("{images} images have {} labels", labels.len()));
    }
    Ok(by_record(&data, &labels))
}

/// From column by column to record by record.
fn by_record(columns: &[u8], labels: &[u8]) -> Vec<u8> {
    let mut records = vec![0; labels.len() * RECORD_BYTES];
    // Some images at a time, so that what is written stays near.
    const SOME: usize = 64;
    for (part, records) in records.chunks_mut(SOME * RECORD_BYTES).enumerate() {
        for (column, bytes) in columns.chunks_exact(labels.len()).enumerate() {
            let bytes = &bytes[part * SOME..];
            for (record, byte) in records.chunks_exact_mut(RECORD_BYTES).zip(bytes) {
                record[1 + column] = *byte;
            }
        }
    }
    for (record, label) in records.chunks_exact_mut(RECORD_BYTES).zip(labels) {
        record[0] = *label;
    }
    records
}

/// A list of elements.
struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The type and the content of the next element, if there is one.
    fn next(&mut self) -> Result<Option<(u32, &'a [u8])>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (tag, rest) = self.rest.split_at_checked(8).ok_or(SHORT)?;
        let word = number(&tag[..4]);
        // Up to four bytes lie in the place of the length.
        if let (length @ 1..=4, kind) = (word >> 16, word & 0xffff) {
            self.rest = rest;
            return Ok(Some((kind, &tag[4..][..length as usize])));
        }
        let length = number(&tag[4..]) as usize;
        let (content, rest) = rest.split_at_checked(length).ok_or(SHORT)?;
        let padding = if word == COMPRESSED { 0 } else { length.wrapping_neg() % 8 };
        self.rest = rest.get(padding..).unwrap_or_default();
        Ok(Some((word, content)))
    }

    fn required(&mut self) -> Result<(u32, &'a [u8]), String> {
        Ok(self.next()?.ok_or(SHORT)?)
    }
}

/// A little-endian number of four bytes.
fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

/// An array whose numbers are not yet read.
struct Array<'a> {
    name: &'a [u8],
    class: u32,
    shape: Vec<u32>,
    /// What follows the name.
    content: Elements<'a>,
}

impl<'a> Array<'a> {
    fn read(mut content: Elements<'a>) -> Result<Array<'a>, String> {
        let (_, flags) = content.required()?;
        let flags = number(flags.get(..4).ok_or(SHORT)?);
        let (_, shape) = content.required()?;
        let shape = shape.chunks_exact(4).map(number).collect();
        let (_, name) = content.required()?;
        Ok(Array { name, class: flags & 0xff, shape, content })
    }

    fn numbers(&self) -> Result<(u32, &'a [u8]), String> {
        Elements { rest: self.content.rest }.required()
    }
}

/// The bytes of `data`, column by column.
fn images(array: &Array<'_>) -> Result<Vec<u8>, String> {
    let (kind, bytes) = array.numbers()?;
    if (array.class, kind) != (UINT8, BYTES) {
        return Err("its data are not bytes (uint8)".to_owned());
    }
    match array.shape[..] {
        [n, width] if width as usize == IMAGE_BYTES && bytes.len() == n as usize * IMAGE_BYTES => {
            Ok(bytes.to_vec())
        }
        _ => Err(format!("its data have {} bytes in the shape {:?}", bytes.len(), array.shape)),
    }
}

/// Small numbers of whatever type.
fn numbers(array: &Array<'_>) -> Result<Vec<u8>, String> {
    let (kind, bytes) = array.numbers()?;
    let width = match kind {
        1 | BYTES => 1,
        3 | 4 => 2,
        5 | 6 => 4,
        9 | 12 | 13 => 8,
        _ => return Err(format!("its labels are of the type {kind}")),
    };
    let small = |number: &[u8]| {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(number);
        let number = u64::from_le_bytes(wide);
        let found = (0..=u8::MAX).find(|&label| match kind {
            9 => f64::from_bits(number) == f64::from(label),
            _ => number == u64::from(label),
        });
        found.ok_or_else(|| "a label is not a small number".to_owned())
    };
    bytes.chunks_exact(width).map(small).collect()
}

/// The element in a compressed stream, which declares its length first. What declares more
/// than the file may hold is not unpacked.
fn inflated(stream: &[u8], left: &mut u64) -> Result<Vec<u8>, String> {
    let damaged = |error| format!("what is compressed is damaged: {error}");
    let mut stream = ZlibDecoder::new(stream);
    let mut tag = [0; 8];
    stream.read_exact(&mut tag).map_err(damaged)?;
    let length = u64::from(number(&tag[4..]));
    *left = left.checked_sub(8 + length).ok_or("it is too large")?;
    let mut bytes = Vec::with_capacity(8 + length as usize);
    bytes.extend(tag);
    stream.take(length).read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

const SHORT: &str = "the file ends too early";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::tests::fixture;

    #[test]
    fn labels_and_images_of_a_file_are_found_compressed_or_not() {
        let expected = crate::fetch::tests::records("test_batch.bin");
        for file in ["plain.mat", "compressed.mat"] {
            assert_eq!(records(&fixture(file)).unwrap(), expected, "{file}");
        }
    }

    #[test]
    fn images_lie_column_by_column() {
        let n = 150;
        let expected = crate::cifar10::records(n);
        let (records, _) = expected.as_chunks::<RECORD_BYTES>();
        let labels: Vec<u8> = records.iter().map(|record| record[0]).collect();
        let columns: Vec<u8> =
            (1..RECORD_BYTES).flat_map(|at| records.iter().map(move |record| record[at])).collect();
        assert!(by_record(&columns, &labels) == expected);
    }

    #[test]
    fn what_is_not_such_a_file_is_refused() {
        let whole = fixture("plain.mat");
        let replaced = |from: &[u8], to: &[u8]| {
            let at = whole.windows(from.len()).position(|window| window == from).unwrap();
            [&whole[..at], to, &whole[at + from.len()..]].concat()
        };
        let rows = |rows: u8, columns: u8| [rows, 0, 0, 0, 0, columns, 0, 0];
        for (bytes, expected) in [
            (fixture("cifar100.mat"), "it is CIFAR-100"),
            (replaced(b"data", b"dato"), "no data"),
            (replaced(b"labels", b"lapels"), "no labels"),
            (replaced(&rows(3, 12), &rows(4, 12)), "9216 bytes in the shape [4, 3072]"),
            (replaced(&rows(3, 12), &rows(3, 13)), "shape [3, 3328]"),
            (replaced(b"\x09\0\0\0", b"\x06\0\0\0"), "not bytes"),
            (replaced(b"\0\x01IM", b"\x01\0MI"), "big-endian"),
            (replaced(b"\0\x01IM", b"\0\x02IM"), "another version"),
            (vec![7; 500], "does not begin as"),
            (vec![7; 5], "ends too early"),
        ] {
            let message = records(&bytes).unwrap_err();
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }

    /// No damage may end in a panic; what is still read has the size that it must have.
    #[test]
    fn every_truncation_and_every_altered_byte_is_survived() {
        for file in ["plain.mat", "compressed.mat"] {
            let whole = fixture(file);
            for end in 0..whole.len() {
                // The last element ends in padding that nothing needs.
                assert!(records(&whole[..end]).is_err() || end + 8 > whole.len(), "{file}: {end}");
            }
            for at in 0..whole.len() {
                let mut altered = whole.clone();
                altered[at] ^= 1 << (at % 8);
                let read = records(&altered);
                assert!(read.is_err() || read.is_ok_and(|read| read.len() == 3 * RECORD_BYTES));
            }
        }
    }

    #[test]
    fn a_stream_that_declares_far_too_much_is_refused() {
        use flate2::{Compression, write::ZlibEncoder};
        use std::io::Write as _;
        let refusal = |length: u32| {
            let mut stream = ZlibEncoder::new(Vec::new(), Compression::fast());
            stream.write_all(&[MATRIX.to_le_bytes(), length.to_le_bytes()].concat()).unwrap();
            stream.write_all(&vec![0; length.min(1 << 20) as usize]).unwrap();
            let stream = stream.finish().unwrap();
            let header = &fixture("plain.mat")[..HEADER];
            let tag = [COMPRESSED.to_le_bytes(), (stream.len() as u32).to_le_bytes()].concat();
            records(&[header, &tag, &stream].concat()).unwrap_err()
        };
        for length in [LARGEST as u32 - 7, u32::MAX] {
            assert!(refusal(length).contains("too large"), "{length}");
        }
        assert!(!refusal(LARGEST as u32 - 8).contains("too large"));
    }
}
