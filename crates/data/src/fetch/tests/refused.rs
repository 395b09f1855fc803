//! What looks like CIFAR-10 and is something else: named as what it is.

use std::fs::{self, File};

use super::forms::{cifar100, inside, zipped};
use super::{World, assert_says, fixture, tar_gz};
use crate::description::Split;
use crate::fetch::load::load_from;

const LFS: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 170052171\n";

type Files = Vec<(String, Vec<u8>)>;

impl World {
    /// Both `data --from` and `--data` refuse these files, given the folder or, where there
    /// is one only, the file; and leave nothing behind.
    #[track_caller]
    fn assert_refused(&self, files: &Files, expected: &[&str]) {
        for (name, bytes) in files {
            let path = self.root.path().join("in").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut from = self.root.path().join("in");
        if let [(name, _)] = &files[..] {
            from.push(name);
        }
        assert_says(self.import(&from), expected);
        assert_says(load_from(&self.specs, &from, Split::Test).map(|_| ()), expected);
        self.assert_clean();
    }
}

#[test]
fn cifar100_is_named_in_every_form() {
    let named = |name: &str, bytes: Vec<u8>| vec![(name.to_owned(), bytes)];
    let matlab = || {
        ["train.mat", "test.mat", "meta.mat"].map(|name| (name.to_owned(), fixture("cifar100.mat")))
    };
    let binary =
        || ["train.bin", "test.bin", "fine_label_names.txt"].map(|name| (name.to_owned(), vec![7]));
    let archive = || tar_gz(&inside("cifar-100-python/", cifar100()));
    for files in [
        cifar100(),
        inside("cifar-100-python/", cifar100()),
        inside("data/cifar-100-python/", cifar100()),
        matlab().into(),
        binary().into(),
        named("cifar-100-python.tar.gz", archive()),
        named("cifar-10-python.tar.gz", archive()),
        named("plain.tar.gz", tar_gz(&cifar100())),
        named("binary.zip", zipped(&binary().into())),
        named("matlab.zip", zipped(&matlab().into())),
        named("kaggle.zip", zipped(&named("a.tar.gz", archive()))),
        [named("cifar-100-python.tar.gz", vec![7]), named("readme", vec![])].concat(),
    ] {
        World::new().assert_refused(&files, &["CIFAR-100"]);
    }
    for (name, bytes) in [("", fixture("cifar100.pickle")), (".mat", fixture("cifar100.mat"))] {
        let files = (0..6).map(|at| match at {
            5 => (format!("test_batch{name}"), bytes.clone()),
            at => (format!("data_batch_{}{name}", at + 1), bytes.clone()),
        });
        World::new().assert_refused(&files.collect(), &["_batch", "CIFAR-100"]);
    }
    let world = World::new();
    let folder = world.put("in", &cifar100());
    assert_says(world.import(&folder.join("train")), &["CIFAR-100"]);
    let world = World::new();
    let folder = world.put("in", &world.bins());
    File::create(folder.join("test_batch.bin")).unwrap().set_len(30_740_000).unwrap();
    assert_says(world.import(&folder), &["test_batch.bin", "CIFAR-100"]);
}

#[test]
fn other_things_are_named() {
    let lone = |name: &str, bytes: &[u8]| vec![(name.to_owned(), bytes.to_vec())];
    let world = World::new();
    let replaced = |mut files: Files, bytes: &[u8]| {
        files.iter_mut().find(|(name, _)| name.starts_with("test_b")).unwrap().1 = bytes.to_vec();
        files
    };
    let html: &[u8] = b"\n<!DOCTYPE HTML>\n<html><title>Sign in</title>";
    let hdf5 = [&b"MATLAB 7.3 MAT-file, Platform: GLNXA64".map(|b| b)[..], &[b' '; 500]].concat();
    let mut matlab = Files::new();
    for name in [
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
        "test_batch",
    ] {
        matlab.push((format!("{name}.mat"), hdf5.clone()));
    }
    let pictures: Files = (0..3).map(|i| (format!("train/frog/{i}.png"), vec![7])).collect();
    let cases: Vec<(Files, &[&str])> = vec![
        (
            lone("cifar-10-python.tar.gz", LFS),
            &["cifar-10-python.tar.gz: ", "Git LFS", "git lfs pull"],
        ),
        (replaced(world.pickles(), LFS), &["test_batch: ", "Git LFS"]),
        (replaced(world.bins(), LFS), &["test_batch.bin: ", "Git LFS"]),
        (lone("cifar.zip", html), &["HTML page"]),
        (replaced(world.pickles(), html), &["test_batch: ", "HTML page"]),
        (replaced(world.bins(), html), &["test_batch.bin: ", "HTML page"]),
        (lone("a.mat", &hdf5), &["7.3", "HDF5", "-v7"]),
        (matlab, &["_batch", "7.3", "-v7"]),
        (lone("train.7z", b"7z\xbc\xaf\x27\x1c..."), &["7z archive", "unpack"]),
        (lone("train.parquet", b"PAR1..."), &["Parquet"]),
        (lone("cifar10.zip", &zipped(&pictures)), &["single pictures", "not supported"]),
        (lone("cifar10.tgz", &tar_gz(&pictures)), &["single pictures", "not supported"]),
        (pictures, &["in: ", "single pictures", "not supported", "cargo xtask data"]),
        (
            lone("a.zip", &zipped(&lone("x/thesis.tex", b"x"))),
            &["a.zip: no CIFAR-10", "thesis.tex"],
        ),
        (lone("test_batch.bin", &world.files[5].1), &["test_batch.bin: ", "the folder"]),
        (lone("data_batch_1", &world.pickles()[0].1), &["data_batch_1: ", "the folder"]),
        (lone("test_batch.bin", LFS), &["test_batch.bin: ", "Git LFS"]),
        (lone("test_batch.png", b"\x89PNG..."), &["test_batch.png: ", "the folder"]),
        (lone("empty.zip", b""), &["not a sound", "the file is empty"]),
        (lone("labels.gz", &tar_gz(&[])[..9]), &["not a sound"]),
        (lone("cut.zip", &zipped(&world.bins())[..30_000]), &["cut.zip: not a sound"]),
        (lone("cut.tgz", &world.python_archive()[..9_000]), &["cut.tgz: not a sound"]),
    ];
    for (files, expected) in cases {
        World::new().assert_refused(&files, expected);
    }
}

/// The sums decide, and what differs is said where sums can tell.
#[test]
fn altered_sources_are_refused_with_what_differs() {
    type Change = fn(&mut Files);
    let cases: [(Change, &str); 4] = [
        (|files| files[5].1[0] ^= 1, "test_batch.bin: altered: the images are the published ones"),
        (
            |files| files[5].1[9000] ^= 1,
            "test_batch.bin: altered: the labels are the published ones",
        ),
        (
            |files| files[5].1 = files[1].1.clone(),
            "altered: it holds the images of data_batch_2.bin",
        ),
        (
            |files| {
                let first = files[0].1.clone();
                files[0].1 = std::mem::replace(&mut files[5].1, first);
            },
            "altered: it holds the images of ",
        ),
    ];
    for (change, expected) in cases {
        let mut files = World::new().bins();
        change(&mut files);
        World::new().assert_refused(&vec![("a.zip".into(), zipped(&files))], &[expected]);
        let pickles = files.iter().map(|(name, bytes)| {
            (name.trim_end_matches(".bin").to_owned(), crate::fetch::python::pickle(bytes))
        });
        World::new().assert_refused(&pickles.collect(), &[&expected.replace(".bin: ", ": ")]);
    }
}

/// No damage to an archive may end in a panic, or in images that are not the published ones.
#[test]
fn damaged_archives_are_survived() {
    let zip = zipped(&World::new().bins());
    let matlab = fixture("matlab.zip");
    for whole in [zip, matlab, fixture("nested.zip")] {
        let list = whole.len() - 400..whole.len();
        for at in (0..60).chain(list).chain((60..whole.len()).step_by(4_999)) {
            let mut altered = whole.clone();
            altered[at] ^= 1 << (at % 8);
            for bytes in [altered, whole[..at].to_vec()] {
                let world = World::new();
                let from = world.put("in", &[("a.zip".into(), bytes)]).join("a.zip");
                if let Ok((dataset, _)) = load_from(&world.specs, &from, Split::Test) {
                    assert_eq!(dataset.id().sha256, world.specs[5].sha256, "{at}");
                }
            }
        }
    }
}
