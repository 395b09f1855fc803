//! Readers of the forms in which CIFAR-10 is passed on, laid open to fuzzers. What they
//! make of the bytes does not matter here, only that they come back.

use std::cell::RefCell;
use std::io::Write as _;
use std::sync::LazyLock;

use tempfile::NamedTempFile;

use crate::cifar10::{RECORD_BYTES, of_split};
use crate::description::Split;
use crate::fetch::load::load_from;
use crate::fetch::{Place, Target, matlab, package, python};
use crate::manifest::{FileSpec, OFFICIAL};

/// Images in each of the six files of a set so small that a fuzzer gets somewhere.
const IMAGES: usize = 3;

/// Six files of black images.
static SMALL: LazyLock<[FileSpec; 6]> =
    LazyLock::new(|| OFFICIAL.map(|spec| FileSpec::of(spec.name, &[0; IMAGES * RECORD_BYTES])));

/// A file of the version for Python.
pub fn python(bytes: &[u8]) {
    let _ = python::records(bytes);
}

/// A file of the version for MATLAB.
pub fn matlab(bytes: &[u8]) {
    let _ = matlab::records(bytes);
}

/// An archive of any kind, with any version inside.
pub fn archive(bytes: &[u8]) {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file can be written");
    let _ = load_from(SMALL.as_slice(), file.path(), Split::Train);
}

/// A picture of the npm package.
pub fn package(bytes: &[u8]) {
    let kept = RefCell::default();
    let (files, wanted) = (SMALL.as_slice(), of_split(SMALL.as_slice(), Split::Test));
    let target = Target { files, wanted, place: Place::Memory(&kept) };
    let read = |name: &str, _| {
        let is_labels = name.ends_with(".json");
        Ok((name.into(), if is_labels { b"[0,0,0]".to_vec() } else { bytes.to_vec() }))
    };
    let _ = package::convert(&read, &target, &mut |_| {});
}
