//! Records of experiments that have no study: the question and the raw answer.

use record::Record;

use crate::words;

pub(super) fn table(record: &Record) -> String {
    let key = &record.key;
    let networks: Vec<&str> = key.subjects().collect();
    let images = key
        .images
        .iter()
        .map(|images| format!("{} images of {}", words::count(images.images as u64), images.name));
    let answer = serde_json::to_string_pretty(record.raw_answer()).expect("JSON is plain data");
    format!(
        "{}: {} on {}; options {}\n{answer}\n",
        key.experiment,
        words::list(&networks),
        words::list(&images.collect::<Vec<_>>()),
        key.options,
    )
}
