//! What a file or folder is that is not CIFAR-10, and what to do.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use crate::manifest::FileSpec;

/// What to say of CIFAR-100 in any form.
pub(crate) const CIFAR_100: &str =
    "this is CIFAR-100, whose images and classes are others; give CIFAR-10";
/// What to say of single pictures.
pub(crate) const PICTURES: &str = "it holds single pictures (PNG or JPEG), which is not \
    supported: the order of the images is lost and they cannot be verified; give one of the \
    official archives, or run `cargo xtask data` to fetch CIFAR-10";

/// Enough of a file to recognise it by.
pub(crate) const HEAD: usize = 1024;

/// What a file that begins with `head` is, if it is something well known that is not CIFAR-10.
pub(crate) fn something_else(head: &[u8]) -> Option<&'static str> {
    let text = head.trim_ascii_start().to_ascii_lowercase();
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        return Some("this is an HTML page: the download went wrong; fetch the file itself");
    }
    let starts: [(&[u8], &str); 12] = [
        (b"version https://git-lfs", "this is a Git LFS pointer, not the file; run `git lfs pull`"),
        (
            b"\x89HDF\r\n\x1a\n",
            "this is an HDF5 file, which is not supported; give one of the official archives",
        ),
        (
            b"MATLAB 7.3",
            "this is a MATLAB file of version 7.3 (HDF5), which is not supported; save it with -v7",
        ),
        (
            b"PAR1",
            "this is a Parquet file, which is not supported; give one of the official archives",
        ),
        (
            b"\x93NUMPY",
            "this is a numpy array, which is not supported; give one of the official archives",
        ),
        (b"BZh", "this is a bzip2 file; unpack it and give the folder"),
        (b"\xfd7zXZ\0", "this is an xz file; unpack it and give the folder"),
        (b"\x28\xb5\x2f\xfd", "this is a zstd file; unpack it and give the folder"),
        (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive; unpack it and give the folder"),
        (b"Rar!", "this is a rar archive; unpack it and give the folder"),
        (b"\x89PNG", PICTURES),
        (b"\xff\xd8\xff", PICTURES),
    ];
    starts.iter().find(|(start, _)| head.starts_with(start)).map(|(_, what)| *what)
}

/// [`something_else`] of a file that nothing has been read of.
pub(crate) fn of_file(file: &File) -> Option<&'static str> {
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head).ok()?;
    something_else(&head)
}

/// Whether a file of so many bytes holds records of CIFAR-100, which have two labels.
pub(crate) fn is_cifar100_records(bytes: u64) -> bool {
    const RECORD: u64 = 3074;
    bytes == 10_000 * RECORD || bytes == 50_000 * RECORD
}

/// Whether the name is one of those that [`is_cifar100`] asks for.
pub(crate) fn is_of_cifar100(name: &str) -> bool {
    let stem = name.strip_suffix(".mat").unwrap_or(name);
    name == "fine_label_names.txt" || ["train", "test", "meta"].contains(&stem)
}

/// Whether these names of files, all from one folder or archive, are those of CIFAR-100.
pub(crate) fn is_cifar100(has: impl Fn(&str) -> bool) -> bool {
    let all = |names: [&str; 3]| names.into_iter().all(&has);
    has("fine_label_names.txt")
        || all(["train", "test", "meta"])
        || all(["train.mat", "test.mat", "meta.mat"])
}

/// Whether a name is that of a picture.
pub(crate) fn is_picture(name: &Path) -> bool {
    let ending = name.extension().map(|ending| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["png", "jpg", "jpeg"].iter().any(|known| ending == *known))
}

/// What a folder without CIFAR-10 holds instead, if that is well known. Looks at some
/// entries only: this serves a message.
pub(crate) fn of_folder(folder: &Path, depth: usize) -> Option<&'static str> {
    if is_cifar100(|name| folder.join(name).is_file()) || is_binary100(folder) {
        return Some(CIFAR_100);
    }
    let entries: Vec<_> = fs::read_dir(folder).ok()?.flatten().take(64).collect();
    let (mut pictures, mut found) = (false, None);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy().to_lowercase();
        if name.starts_with("cifar-100-") || name.starts_with("cifar100") {
            found = Some(CIFAR_100);
        }
        pictures |= is_picture(&path);
        if depth > 0 && found.is_none() && path.is_dir() {
            found = of_folder(&path, depth - 1);
        }
    }
    found.or(pictures.then_some(PICTURES))
}

fn is_binary100(folder: &Path) -> bool {
    let is = |name| folder.join(name).metadata().is_ok_and(|file| is_cifar100_records(file.len()));
    is("train.bin") || is("test.bin")
}

/// What a file is that is not an archive, by its name and what lies beside it.
pub(crate) fn of_lone_file(path: &Path, official: &[FileSpec]) -> Option<&'static str> {
    let stem = Path::new(path.file_name()?).with_extension("");
    if official.iter().any(|spec| Path::new(spec.name).with_extension("") == stem) {
        return Some("this is one of several files; give the folder that holds them all");
    }
    let folder = path.parent()?;
    let has_name = ["train", "test", "meta"].iter().any(|name| Path::new(name) == stem);
    if has_name && of_folder(folder, 0) == Some(CIFAR_100) { Some(CIFAR_100) } else { None }
}
