//! What records say of images.

use data::{Dataset, Source};
use record::ImagesId;

/// Set and split by name; which part of them is said by fields of its own.
pub(crate) fn images_id(images: &Dataset) -> ImagesId {
    let description = images.description();
    let split = description.split.map(|split| format!("-{split}")).unwrap_or_default();
    ImagesId {
        name: format!("{}{split}", description.set),
        sample: description.part.source == Source::Sample,
        images: images.len(),
        classes: description.classes,
        sha256: description.sha256.clone(),
    }
}

/// What the name of a record says of the images where they are not the whole split: for
/// instance `-sample-first-64`.
pub(crate) fn suffix(images: &Dataset) -> String {
    let part = &images.description().part;
    let sample = if part.source == Source::Sample { "-sample" } else { "" };
    sample.to_owned() + &range(images)
}

/// What the name of a record says of training images beside test images, where they are
/// not all that there are: for instance `-training-first-384`.
pub(crate) fn training_suffix(training: &Dataset) -> String {
    let range = range(training);
    if range.is_empty() { range } else { format!("-training{range}") }
}

/// Nothing for all images of the split or of the sample.
fn range(images: &Dataset) -> String {
    let part = &images.description().part;
    match (part.range.start, part.range.end) {
        (0, end) if end == part.of => String::new(),
        (0, end) => format!("-first-{end}"),
        (start, end) => format!("-{start}-to-{}", end - 1),
    }
}
