//! Reads CIFAR-10 where it lies, in whatever form.

use std::path::Path;

use crate::cifar10::{Parts, SET, balanced, load_files, of_split};
use crate::dataset::Dataset;
use crate::description::{Source, Split};
use crate::error::DataError;
use crate::fetch::find::find;
use crate::fetch::form::{Form, Found};
use crate::fetch::incoming::Kept;
use crate::fetch::{Place, Target, import};
use crate::manifest::{FETCH_AGAIN, FileSpec, OFFICIAL};

/// Loads a split from anything that [`FetchOptions::from`](crate::FetchOptions::from) may
/// name, and says what it was found in.
///
/// The six official files are read as [`load`](crate::load) reads them. Another form is
/// converted in memory each time (some seconds), and nothing is written: [`fetch`](crate::fetch())
/// converts it once for all. Of a folder only the files of the split are read.
///
/// # Errors
/// If there is no CIFAR-10 at the path, or it is incomplete, damaged, or holds other images
/// or labels than the published ones.
pub fn load_any(from: &Path, split: Split) -> Result<(Dataset, Found), DataError> {
    let (dataset, found) = load_from(&OFFICIAL, from, split)?;
    Ok((balanced(dataset)?, found))
}

/// [`load_any`] of a set with these six files.
pub(crate) fn load_from(
    files: &[FileSpec],
    from: &Path,
    split: Split,
) -> Result<(Dataset, Found), DataError> {
    let wanted = of_split(files, split);
    let found = find(from, files, wanted)?;
    if found.form == Form::Binary {
        let dataset = load_files((split, Source::Split), &found.path, wanted, FETCH_AGAIN)?;
        return Ok((dataset, found));
    }
    let kept = Kept::default();
    let target = Target { files, wanted, place: Place::Memory(&kept) };
    import::import(&found, &target, &mut |_| {})?;
    let mut kept = kept.into_inner();
    let mut parts = Parts::new(SET, wanted.iter().map(|spec| spec.bytes as usize).sum());
    for spec in wanted {
        let at = kept.iter().position(|(name, _)| *name == spec.name);
        let (_, bytes) = kept.swap_remove(at.expect("an import is complete or fails"));
        parts.push(&bytes)?;
    }
    Ok((parts.finish(Some(split), Source::Split), found))
}
