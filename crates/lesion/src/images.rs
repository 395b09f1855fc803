//! What records say of images.

use data::Dataset;
use record::ImagesId;

/// The set without `sample` or `first-N` in its name, which are fields of their own.
pub(crate) fn images_id(images: &Dataset) -> ImagesId {
    let (whole, _) = whole_and_first(images);
    ImagesId {
        name: whole.replacen("-sample", "", 1),
        sample: is_sample(whole),
        images: images.len(),
        classes: data::CLASSES.len(),
        sha256: images.id().sha256.clone(),
    }
}

/// What the name of a record says of the images where they are not the whole set: for
/// instance `-sample-first-64`.
pub(crate) fn suffix(images: &Dataset) -> String {
    let (whole, first) = whole_and_first(images);
    let sample = if is_sample(whole) { "-sample" } else { "" };
    sample.to_owned() + &first.map(|first| format!("-first-{first}")).unwrap_or_default()
}

/// The name of the set, and how many of its images were taken if not all.
fn whole_and_first(images: &Dataset) -> (&str, Option<&str>) {
    match images.id().name.split_once("-first-") {
        Some((whole, first)) => (whole, Some(first)),
        None => (&images.id().name, None),
    }
}

fn is_sample(whole: &str) -> bool {
    whole.starts_with("cifar10-sample")
}
