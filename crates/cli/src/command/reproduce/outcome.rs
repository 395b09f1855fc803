//! From records to figures, claims and page, and what is printed of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use data::Dataset;
use record::Record;
use report::claims::{self, ClaimResult, Claims, FullRun};
use report::page::{self, Drawn, PageInput};
use report::study::{self, StudyFigure};
use report::{Answers, Pictures};

use crate::output::{note, print_line};
use crate::source::project_root;

/// Where the claims of the committed full run lie, in the project.
const FULL_RUN: &str = "docs/report/claims.json";

/// Writes figures, claims, the page and its digest, and prints the claims; the page's path.
pub(super) fn report_on(
    figures: &[&StudyFigure],
    records: &[Record],
    test: &Dataset,
    out: &Path,
) -> Result<PathBuf> {
    let answers = Answers::new(records);
    let mut drawn = Vec::new();
    for figure in figures {
        let one = Drawn::of(figure, &answers)?;
        one.figure.save(&out.join("figures"))?;
        drawn.push(one);
    }
    let criteria = Claims::parse(claims::TEXT)?;
    let claims = claims::results(&criteria, study::ALL, &answers)?;
    record::atomic_write(&out.join("claims.json"), claims::to_json(&claims).as_bytes())?;
    let input = PageInput {
        studies: study::ALL,
        records,
        figures: &drawn,
        claims: &claims,
        pictures: Some(&pictures(test, records)?),
        preview: records.iter().any(|record| record.key.is_preview()),
    };
    let path = out.join("index.html");
    record::atomic_write(&path, page::render(&input)?.as_bytes())?;
    record::atomic_write(&out.join("README.md"), page::readme(&input).as_bytes())?;
    print_line(claims::table(&claims))?;
    match deviations(&criteria, &claims, &project_root().join(FULL_RUN)) {
        Ok(lines) if lines.is_empty() => {}
        Ok(lines) => {
            print_line(format_args!("deviation from the full run ({FULL_RUN}):\n{lines}"))?
        }
        Err(error) => note(format_args!("{FULL_RUN}: {error}; no deviation is shown")),
    }
    Ok(path)
}

/// A line for each number that the full run has too; nothing without one.
fn deviations(criteria: &Claims, claims: &[ClaimResult], full_run: &Path) -> Result<String> {
    if !full_run.exists() {
        return Ok(String::new());
    }
    let full = FullRun::parse(&std::fs::read_to_string(full_run)?)?;
    Ok(claims::deviations(criteria, claims, &full)?)
}

/// The test images with red, green and blue of each pixel together, and classes in words; as
/// many of them as records are about.
fn pictures(test: &Dataset, records: &[Record]) -> Result<Pictures> {
    let counts = records.iter().filter_map(|record| record.key.images.first());
    let counts: BTreeSet<usize> =
        counts.map(|images| images.images).filter(|&count| count <= test.len()).collect();
    let sum = |count: usize| Ok((count, test.clone().take_first(count)?.id().sha256.clone()));
    let sums: Vec<_> = counts.into_iter().map(sum).collect::<Result<_>>()?;
    let side = test.description().side;
    let mut pixels = Vec::with_capacity(test.len() * side * side * 3);
    for i in 0..test.len() {
        let planes = test.image(i);
        let pixel = |at| planes[at..].iter().step_by(side * side).copied();
        pixels.extend((0..side * side).flat_map(pixel));
    }
    let labels = test.labels().iter().map(|&label| data::CLASSES[usize::from(label)].to_owned());
    Ok(Pictures::new(side, pixels, labels.collect(), sums))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::Split;
    use testkit::made_up;

    use crate::source::load_images;

    /// By the official layout, and that the sums are those that records state.
    #[test]
    fn pictures_are_the_test_images() {
        let test =
            load_images(Some("sample".as_ref()), Split::Test).unwrap().take_first(3).unwrap();
        let bytes = |n: usize| -> Vec<u8> {
            (0..n).flat_map(|i| [vec![test.label(i)], test.image(i).to_vec()].concat()).collect()
        };
        let of = |n: usize| made_up::delete_one("resnet8", &[], n, 0);
        let shown = format!("{:?}", pictures(&test, &[of(3), of(2), of(3), of(4)]).unwrap());
        let interleaved: Vec<u8> = (0..3)
            .flat_map(|i| (0..1024).flat_map(move |at| (0..3).map(move |c| (i, c * 1024 + at))))
            .map(|(i, at)| test.image(i)[at])
            .collect();
        let labels = ["cat", "ship", "ship"].map(String::from).to_vec();
        let sums = [2, 3].map(|n| (n, record::sha256_hex(&bytes(n)))).to_vec();
        assert_eq!(shown, format!("{:?}", Pictures::new(32, interleaved, labels, sums)));
    }

    #[test]
    fn a_full_run_that_is_not_there_says_nothing_and_one_that_is_not_a_list_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (path, criteria) = (dir.path().join("claims.json"), Claims { claims: Vec::new() });
        assert_eq!(deviations(&criteria, &[], &path).unwrap(), "");
        std::fs::write(&path, r#"{"version": 9}"#).unwrap();
        let error = deviations(&criteria, &[], &path).unwrap_err().to_string();
        assert!(error.contains("not a list of claims"), "{error}");
        std::fs::write(&path, "[]").unwrap();
        assert_eq!(deviations(&criteria, &[], &path).unwrap(), "");
    }
}
