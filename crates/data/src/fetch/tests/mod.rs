//! Tests of fetching on a miniature CIFAR-10: six files of three records each.

#[cfg(feature = "download")]
mod download;
mod forms;
mod import;
#[cfg(not(feature = "download"))]
mod no_download;
mod refused;
#[cfg(feature = "download")]
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use crate::cifar10::{IMAGE_BYTES, RECORD_BYTES};
use crate::error::DataError;
use crate::fetch::{FetchOptions, Sources, fetch_files};
use crate::manifest::{FileSpec, OFFICIAL};

/// The miniature files, their specification, and a folder to fetch them into.
struct World {
    files: Vec<(&'static str, Vec<u8>)>,
    specs: Vec<FileSpec>,
    root: TempDir,
}

impl World {
    fn new() -> World {
        let files: Vec<_> = OFFICIAL.iter().map(|spec| (spec.name, records(spec.name))).collect();
        let specs = files.iter().map(|(name, bytes)| FileSpec::of(name, bytes)).collect();
        World { files, specs, root: tempfile::tempdir().unwrap() }
    }

    /// A path that the fetched files go to.
    fn dir(&self) -> PathBuf {
        self.root.path().join("target")
    }

    fn part(&self) -> PathBuf {
        self.dir().join("cifar-10-binary.tar.gz.part")
    }

    /// Fetches from `url` alone.
    fn fetch_url(&self, url: &str) -> Result<(), DataError> {
        self.fetch(FetchOptions { dir: self.dir(), from: None, url: Some(url.to_owned()) })
    }

    /// Fetches with no network to fall back on.
    fn fetch(&self, options: FetchOptions) -> Result<(), DataError> {
        self.fetch_with(options, "http://127.0.0.1:9/none", "no-such-npm")
    }

    fn fetch_with(&self, options: FetchOptions, url: &str, npm: &str) -> Result<(), DataError> {
        let sources = Sources { archive_url: url.to_owned(), npm: npm.into() };
        let found = fetch_files(&self.specs, &options, &sources, &mut |_| {})?;
        assert_eq!(found, options.dir);
        Ok(())
    }

    /// The folder holds the six right files and nothing else.
    #[track_caller]
    fn assert_complete(&self) {
        let mut names = names_in(&self.dir());
        names.sort();
        assert_eq!(names, OFFICIAL.map(|spec| spec.name.to_owned()));
        for (name, bytes) in &self.files {
            assert!(fs::read(self.dir().join(name)).unwrap() == *bytes, "{name} differs");
        }
    }

    /// Whatever has a final name is right, and no temporary file is left.
    #[track_caller]
    fn assert_clean(&self) {
        for name in names_in(&self.dir()) {
            let file = self.files.iter().find(|(known, _)| *known == name);
            let (_, bytes) = file.unwrap_or_else(|| panic!("{name} is left behind"));
            assert!(fs::read(self.dir().join(&name)).unwrap() == *bytes, "{name} differs");
        }
    }

    /// The authors' archive, its members changed by `change`.
    fn archive_with(&self, change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
        let mut members = vec![("cifar-10-batches-bin/readme.html".to_owned(), b"read".to_vec())];
        for (name, bytes) in &self.files {
            let mut bytes = bytes.clone();
            change(name, &mut bytes);
            members.push((format!("cifar-10-batches-bin/{name}"), bytes));
        }
        tar_gz(&members)
    }

    fn archive(&self) -> Vec<u8> {
        self.archive_with(|_, _| {})
    }

    /// The files of the npm package.
    fn package(&self) -> Vec<(String, Vec<u8>)> {
        let (mut members, mut labels) = (Vec::new(), [Vec::new(), Vec::new()]);
        for (name, bytes) in &self.files {
            let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
            members.push((name.replace(".bin", ".png"), picture(records)));
            labels[usize::from(name.starts_with("test"))].extend(records.iter().map(|r| r[0]));
        }
        let [train, test] = labels.map(|labels| serde_json::to_vec(&labels).unwrap());
        members.push(("test_lables.json".to_owned(), test));
        members.push(("train_lables.json".to_owned(), train));
        members
    }

    fn package_archive(&self) -> Vec<u8> {
        let inside = |(name, bytes)| (format!("package/{name}"), bytes);
        tar_gz(&self.package().into_iter().map(inside).collect::<Vec<_>>())
    }
}

/// Three records of noise that compresses as badly as photographs.
pub(super) fn records(name: &str) -> Vec<u8> {
    let mut state = name.bytes().fold(7_u32, |hash, byte| hash * 31 % 65_521 + u32::from(byte));
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = (0..3 * RECORD_BYTES).map(|_| byte()).collect();
    bytes.iter_mut().step_by(RECORD_BYTES).for_each(|label| *label %= 10);
    bytes
}

fn tar_gz(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// One image a row, 1,024 RGB pixels.
fn picture(records: &[[u8; RECORD_BYTES]]) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 1_024, records.len() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = records
        .iter()
        .flat_map(|record| (0..IMAGE_BYTES).map(|i| record[1 + i % 3 * 1_024 + i / 3]))
        .collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    png
}

/// A file that `fixtures/cifar10_forms.py` has made of these images.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cifar10");
    fs::read(folder.join(name)).unwrap()
}

fn names_in(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Checks that `result` is an error whose message contains every one of `parts`.
#[track_caller]
fn assert_says(result: Result<(), DataError>, parts: &[&str]) {
    let message = result.expect_err("an error is due").to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}
