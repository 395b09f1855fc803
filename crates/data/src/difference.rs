//! In what a file of the right size differs from the published one.

use sha2::{Digest, Sha256};

use crate::cifar10::{CHANNELS, IMAGE_BYTES, RECORD_BYTES, SIDE};
use crate::manifest::{FileSpec, hex, sha256_hex};

/// Says in what `bytes`, whose sum is not the one of `spec`, differ from the published
/// records, as far as sums tell: nothing is known of single images. Empty where `bytes`
/// are not records. `files` are all files of the set.
pub(crate) fn difference(spec: &FileSpec, files: &[FileSpec], bytes: &[u8]) -> String {
    let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
    if records.is_empty() || !rest.is_empty() {
        return String::new();
    }
    let sum = sha256_hex(bytes);
    let (labels, images) = (labels(records), images(records, |at| at));
    if let Some(other) = files.iter().find(|other| other.sha256 == sum) {
        return format!("it holds the images of {}", other.name);
    }
    let same_labels = labels == spec.labels;
    if images == spec.images {
        return "the images are the published ones, but their labels are not".to_owned();
    }
    if let Some(other) = files.iter().find(|other| other.images == images) {
        return format!("it holds the images of {}, under other labels", other.name);
    }
    let order = ORDERS.into_iter().find(|(_, order)| self::images(records, order) == spec.images);
    match (order, same_labels) {
        (Some((order, _)), true) => {
            format!("the bytes of each image are in another order: {order}")
        }
        (Some((order, _)), false) => {
            format!("the labels are others, and the bytes of each image in another order: {order}")
        }
        (None, true) => "the labels are the published ones, but not all images are".to_owned(),
        (None, false) => "neither the labels nor the images are all the published ones, in the \
            published order"
            .to_owned(),
    }
}

type Order = fn(usize) -> usize;

/// Orders that images are found in, each as the place of a byte of the official order:
/// planes of red, green and blue, row by row.
const ORDERS: [(&str, Order); 4] = [
    ("blue, green, red instead of red, green, blue", |at| {
        (CHANNELS - 1 - at / PLANE) * PLANE + at % PLANE
    }),
    ("pixel by pixel instead of plane by plane", |at| at % PLANE * CHANNELS + at / PLANE),
    ("pixel by pixel, and blue, green, red", |at| {
        at % PLANE * CHANNELS + CHANNELS - 1 - at / PLANE
    }),
    ("column by column instead of row by row", |at| {
        at / PLANE * PLANE + at % SIDE * SIDE + at % PLANE / SIDE
    }),
];

const PLANE: usize = SIDE * SIDE;

fn labels(records: &[[u8; RECORD_BYTES]]) -> String {
    sha256_hex(&records.iter().map(|record| record[0]).collect::<Vec<u8>>())
}

/// The sum of the images, each put into the official order.
fn images(records: &[[u8; RECORD_BYTES]], order: impl Fn(usize) -> usize) -> String {
    let mut hasher = Sha256::new();
    let mut image = [0; IMAGE_BYTES];
    for record in records {
        for (at, byte) in image.iter_mut().enumerate() {
            *byte = record[1 + order(at)];
        }
        hasher.update(image);
    }
    hex(hasher)
}

impl FileSpec {
    /// The specification that `bytes` fulfil.
    #[cfg(any(test, feature = "fuzz"))]
    pub(crate) fn of(name: &'static str, bytes: &[u8]) -> FileSpec {
        let (records, _) = bytes.as_chunks();
        FileSpec {
            name,
            bytes: bytes.len() as u64,
            sha256: sha256_hex(bytes).leak(),
            labels: labels(records).leak(),
            images: images(records, |at| at).leak(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cifar10;

    type Change = fn(&mut Vec<[u8; RECORD_BYTES]>);

    /// Puts byte `to(c, y, x)` of each image where `c, y, x` was.
    fn reorder(records: &mut [[u8; RECORD_BYTES]], to: fn(usize, usize, usize) -> usize) {
        for record in records {
            let old = *record;
            for (c, y, x) in
                (0..3).flat_map(|c| (0..32).flat_map(move |y| (0..32).map(move |x| (c, y, x))))
            {
                record[1 + to(c, y, x)] = old[1 + 1024 * c + 32 * y + x];
            }
        }
    }

    #[test]
    fn the_difference_is_named() {
        let cases: [(Change, &str); 12] = [
            (|r| r[1][0] = 9, "the images are the published ones, but their labels"),
            (|r| r.iter_mut().for_each(|r| r[0] += 1), "but their labels are not"),
            (|r| r[2][77] ^= 1, "the labels are the published ones, but not all images"),
            (|r| (r[2][77], r[0][0]) = (r[2][77] ^ 1, 5), "neither the labels nor the images"),
            (|r| r.swap(0, 2), "neither the labels nor the images are all the published ones, in"),
            (
                |r| reorder(r, |c, y, x| 1024 * (2 - c) + 32 * y + x),
                "order: blue, green, red instead",
            ),
            (|r| reorder(r, |c, y, x| 3 * (32 * y + x) + c), "order: pixel by pixel instead"),
            (|r| reorder(r, |c, y, x| 3 * (32 * y + x) + 2 - c), "pixel by pixel, and blue"),
            (|r| reorder(r, |c, y, x| 1024 * c + 32 * x + y), "order: column by column"),
            (
                |r| {
                    reorder(r, |c, y, x| 1024 * c + 32 * x + y);
                    r[0][0] = 7
                },
                "labels are others, and the bytes",
            ),
            (|r| r.iter_mut().for_each(|r| *r = other(*r)), "it holds the images of other.bin"),
            (
                |r| {
                    r.iter_mut().for_each(|r| {
                        *r = other(*r);
                        r[0] = 3
                    })
                },
                "of other.bin, under other labels",
            ),
        ];
        // Without the regularity of the pattern, under which some orders are the same.
        let mut published = cifar10::records(4);
        for (at, byte) in published.iter_mut().enumerate().filter(|(at, _)| at % RECORD_BYTES > 0) {
            *byte = (at * at / 7) as u8;
        }
        let (right, _) = published.as_chunks::<RECORD_BYTES>();
        let others: Vec<_> = right.iter().map(|record| other(*record)).collect();
        let spec = FileSpec::of("right.bin", &published);
        let files = [spec, FileSpec::of("other.bin", others.as_flattened())];
        for (change, expected) in cases {
            let mut records = right.to_vec();
            change(&mut records);
            let found = difference(&spec, &files, records.as_flattened());
            assert!(found.contains(expected), "{expected}: {found}");
        }
        assert_eq!(difference(&spec, &files, &published[1..]), "");
        assert_eq!(difference(&spec, &files, &[]), "");
    }

    fn other(mut record: [u8; RECORD_BYTES]) -> [u8; RECORD_BYTES] {
        record[1..].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(3).wrapping_add(11));
        record[0] = 9 - record[0];
        record
    }
}
