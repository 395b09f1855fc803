//! CIFAR-10 as people have it: renamed, packed anew, within other folders.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{World, fixture, tar_gz};
use crate::description::Split;
use crate::fetch::load::load_from;
use crate::manifest::sha256_hex;

type Files = Vec<(String, Vec<u8>)>;

impl World {
    /// Reads both splits where they lie, and finds them right and the folder unchanged.
    #[track_caller]
    pub(super) fn assert_loads(&self, form: &str, from: &Path) {
        let before = tree(self.root.path());
        for (split, files) in [(Split::Train, &self.files[..5]), (Split::Test, &self.files[5..])] {
            let (dataset, found) = load_from(&self.specs, from, split)
                .unwrap_or_else(|error| panic!("{form}, {split}: {error}"));
            assert!(found.path.starts_with(from), "{form}: {found}");
            let bytes: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            assert_eq!(dataset.id().sha256, sha256_hex(&bytes), "{form}");
            assert_eq!(dataset.id().name, format!("cifar10-{split}"), "{form}");
        }
        assert_eq!(tree(self.root.path()), before, "{form}");
    }

    fn file(&self, name: &str, bytes: Vec<u8>) -> PathBuf {
        self.put("in", &[(name.to_owned(), bytes)]).join(name)
    }

    /// The version for MATLAB, in a folder.
    fn matlab(&self, folder: &str) -> PathBuf {
        let mut archive = ZipArchive::new(Cursor::new(fixture("matlab.zip"))).unwrap();
        for (name, _) in &self.files {
            let name = name.replace(".bin", ".mat");
            let path = format!("cifar-10-batches-mat/{name}");
            let mut bytes = Vec::new();
            std::io::copy(&mut archive.by_name(&path).unwrap(), &mut bytes).unwrap();
            self.put(folder, &[(name, bytes)]);
        }
        self.root.path().join(folder)
    }
}

/// All paths below a folder, with sizes.
fn tree(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(tree(&path));
        }
        paths.push((path.clone(), path.metadata().unwrap().len()));
    }
    paths.sort();
    paths
}

pub(super) fn inside(folder: &str, files: Files) -> Files {
    files.into_iter().map(|(name, bytes)| (format!("{folder}{name}"), bytes)).collect()
}

pub(super) fn zip(files: &Files, method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn zipped(files: &Files) -> Vec<u8> {
    zip(files, CompressionMethod::Deflated)
}

/// The same archive, not compressed.
fn tar(files: &Files) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&*tar_gz(files)), &mut plain).unwrap();
    plain
}

/// What torchvision leaves of CIFAR-100, as far as names go.
pub(super) fn cifar100() -> Files {
    ["train", "test", "meta"].map(|name| (name.to_owned(), fixture("cifar100.pickle"))).into()
}

#[test]
fn archives_are_told_apart_by_content() {
    type Make = fn(&World) -> (&'static str, Vec<u8>);
    let forms: [Make; 19] = [
        |w| ("cifar.zip", zipped(&w.bins())),
        |w| ("cifar-10-binary.tar.gz", zipped(&inside("cifar-10-batches-bin/", w.bins()))),
        |w| ("stored.zip", zip(&inside("a/b/c/", w.bins()), CompressionMethod::Stored)),
        |w| ("windows.zip", zipped(&inside("cifar\\", w.bins()))),
        |w| {
            let forks = inside("__MACOSX/cifar/", vec![("data_batch_1.bin".into(), vec![7])]);
            ("finder.zip", zipped(&[forks, inside("cifar/", w.bins())].concat()))
        },
        |w| ("pickles.zip", zipped(&inside("cifar-10-batches-py/", w.pickles()))),
        |w| ("package.zip", zipped(&inside("package/", w.package()))),
        |_| ("matlab.zip", fixture("matlab.zip")),
        |_| ("kaggle.zip", fixture("nested.zip")),
        |w| ("cifar-10-python.zip", w.python_archive()),
        |w| ("cifar-10-binary.tar", tar(&w.bins())),
        |w| ("cifar-10-binary.tar.gz", tar(&inside("x/", w.pickles()))),
        |w| ("tar.zip", zipped(&vec![("cifar.tar".into(), tar(&w.bins()))])),
        |w| ("outer.tar", tar(&vec![("data/cifar-10-python.tar.gz".into(), w.python_archive())])),
        |w| ("outer.tar.gz", tar_gz(&[("inner".into(), w.package_archive())])),
        |w| ("both.zip", zipped(&[inside("cifar-100-python/", cifar100()), w.pickles()].concat())),
        |w| ("twice.zip", zipped(&[inside("py/", w.pickles()), inside("bin/", w.bins())].concat())),
        |w| {
            let other = tar_gz(&inside("cifar-100-python/", cifar100()));
            let text = flate2_of(b"not a tar archive");
            let files = vec![("a.gz".into(), text), ("cifar-100-python.tar.gz".into(), other)];
            ("more.zip", zipped(&[files, w.bins()].concat()))
        },
        |w| {
            // Two gzip streams in a row, as parallel compressors write them.
            let tar = tar(&w.bins());
            let (front, back) = tar.split_at(tar.len() / 2);
            ("pieces.tar.gz", [flate2_of(front), flate2_of(back)].concat())
        },
    ];
    for make in forms {
        let world = World::new();
        let (name, bytes) = make(&world);
        let from = world.file(name, bytes);
        world.assert_loads(name, &from);
        world.import(&from).unwrap_or_else(|error| panic!("{name}: {error}"));
        world.assert_complete();
    }
}

fn flate2_of(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn folders_are_searched_below() {
    type Make = fn(&World);
    let forms: [(&str, Make); 12] = [
        ("the version for MATLAB", |w| drop(w.matlab("in"))),
        ("its parent", |w| drop(w.matlab("in/cifar-10-batches-mat"))),
        ("one deeper", |w| drop(w.matlab("in/cifar10/cifar-10-batches-mat"))),
        ("a folder of any name", |w| drop(w.put("in/CIFAR10", &w.pickles()))),
        ("an archive of Matlab's", |w| {
            drop(w.put("in", &[("cifar-10-matlab.tar.gz".into(), fixture("matlab.zip"))]));
        }),
        ("a zip of any name", |w| drop(w.put("in", &[("CIFAR10.zip".into(), zipped(&w.bins()))]))),
        ("an archive in a folder", |w| {
            drop(w.put("in/datasets", &[("cifar-10-python.tar.gz".into(), w.python_archive())]));
        }),
        ("the root of torchvision", |w| {
            w.put("in/MNIST/raw", &[("train".into(), vec![7])]);
            w.put("in/cifar-100-python", &cifar100());
            w.put("in", &[("cifar-100-python.tar.gz".into(), vec![7])]);
            w.put("in/cifar-10-batches-py", &w.pickles());
        }),
        ("the archive where its contents are incomplete", |w| {
            w.put("in/cifar-10-batches-py", &w.pickles()[..3]);
            w.put("in", &[("cifar-10-python.tar.gz".into(), w.python_archive())]);
        }),
        ("a complete form beside an incomplete one", |w| {
            w.put("in", &w.bins()[..4]);
            w.put("in/cifar-10-batches-py", &w.pickles());
        }),
        ("incomplete files in front", |w| {
            w.put("in/a", &w.pickles()[..4]);
            w.put("in/b", &w.bins());
        }),
        ("the six files one deeper", |w| {
            drop(w.put("in/cifar/cifar-10-batches-bin", &w.bins()));
        }),
    ];
    for (form, make) in forms {
        let world = World::new();
        make(&world);
        let from = world.root.path().join("in");
        world.assert_loads(form, &from);
        world.import(&from).unwrap_or_else(|error| panic!("{form}: {error}"));
        world.assert_complete();
    }
}

/// Only the files of a split are asked for when only that split is.
#[test]
fn a_split_needs_its_own_files_only() {
    let world = World::new();
    for (folder, files) in [
        ("bin", world.bins().split_off(5)),
        ("py", world.pickles().split_off(5)),
        (
            "package",
            world.package().into_iter().filter(|(name, _)| name.starts_with("test")).collect(),
        ),
    ] {
        let from = world.put(folder, &files);
        let zip = world.put("zips", &[(folder.to_owned(), zipped(&files))]).join(folder);
        for from in [from, zip] {
            let (dataset, _) = load_from(&world.specs, &from, Split::Test).unwrap();
            assert_eq!(dataset.id().sha256, sha256_hex(&world.files[5].1), "{folder}");
            let message = load_from(&world.specs, &from, Split::Train).unwrap_err().to_string();
            let is_named = message.contains(folder) && message.contains("data_batch_1");
            assert!(is_named || message.contains("train_lables"), "{message}");
        }
    }
}

#[test]
fn pickles_of_python_2_and_3_are_read() {
    for file in ["python2.pickle", "python3-bytes.pickle", "python3-latin1.pickle"] {
        let records = crate::fetch::python::records(&fixture(file));
        assert_eq!(records.as_deref(), Ok(&*super::records("test_batch.bin")), "{file}");
        let world = World::new();
        let from = world.put("in", &[("test_batch".into(), fixture(file))]);
        load_from(&world.specs, &from, Split::Test).unwrap();
    }
}
