//! Laws of the gallery: which images it shows, and what it says of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use record::{Bits, DeleteOne, Record, Score, UnitDeletion};
use report::page::{PageInput, render};
use report::{Pictures, study};
use serde_json::json;
use testkit::made_up;

const SIDE: usize = 4;

/// The sum that made-up records state for their images.
fn sum(record: &Record) -> String {
    record.key.images[0].sha256.clone()
}

fn pixels(n: usize) -> Vec<u8> {
    (0..n * SIDE * SIDE * 3).map(|at| (at * 37 % 251) as u8).collect()
}

fn pictures(n: usize, sha256: String) -> Pictures {
    Pictures::new(SIDE, pixels(n), (0..n).map(|i| format!("class{i}")).collect(), vec![(n, sha256)])
}

/// A preview asks about the first images of the sample, and the pictures are all of it.
#[test]
fn a_record_about_the_first_of_the_pictures_is_shown_with_them() {
    let record = deletions("resnet20", &[vec![true; 3], vec![false; 3]]);
    let labels = (0..5).map(|i| format!("class{i}")).collect();
    let sums = vec![(3, sum(&record)), (5, "d4".repeat(32))];
    let shown = page(&[record], Some(&Pictures::new(SIDE, pixels(5), labels, sums)));
    assert_eq!(shown.matches("<img").count(), 3);
}

/// A record with these right answers: of the intact network, then without each unit.
fn deletions(network: &str, right: &[Vec<bool>]) -> Record {
    let score = |row: &Vec<bool>| Score::new(row.iter().copied().collect::<Bits>(), 1.0);
    let unit = |(index, row): (usize, &Vec<bool>)| UnitDeletion {
        index,
        name: format!("unit{index}"),
        stage: 0,
        boundary: false,
        deleted: Some(score(row)),
    };
    let answer = DeleteOne {
        batches: None,
        images: right[0].len(),
        intact: score(&right[0]),
        units: right[1..].iter().enumerate().map(unit).collect(),
    };
    made_up::record(
        network,
        right[0].len(),
        json!({ "term": "branch", "statistics": "running" }),
        &answer,
    )
}

fn page(records: &[Record], pictures: Option<&Pictures>) -> String {
    let (studies, figures, claims) = (study::ALL, [].as_slice(), [].as_slice());
    render(&PageInput { studies, records, figures, claims, pictures, preview: false }).unwrap()
}

/// Number and text of every thumbnail, in order.
fn thumbnails(text: &str) -> Vec<(usize, String)> {
    let items = text.split("<li><img ").skip(1).map(|item| item.split("</li>").next().unwrap());
    let number = |item: &str| {
        let alt = item.split("alt=\"Test image ").nth(1).unwrap();
        let (number, label) = alt.split_once(": ").unwrap();
        let number: usize = number.parse().unwrap();
        assert!(label.starts_with(&format!("class{number}\"")), "{label}");
        number
    };
    let told = |item: &str| item.rsplit("<small>").next().unwrap().replace("</small>", "");
    items.map(|item| (number(item), told(item))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a plain count over images and units.
    #[test]
    fn both_ends_are_shown_with_the_units_that_turn_them(
        right in (1_usize..5, 12_usize..30).prop_flat_map(|(units, n)| {
            prop::collection::vec(prop::collection::vec(any::<bool>(), n), units + 1)
        }),
    ) {
        let record = deletions("resnet20", &right);
        let shown = thumbnails(&page(
            std::slice::from_ref(&record),
            Some(&pictures(right[0].len(), sum(&record))),
        ));
        let units = right.len() - 1;
        let turned = |i: usize| (1..=units).filter(|&u| !right[u][i]).collect::<Vec<_>>();
        let mut left: Vec<usize> = (0..right[0].len()).filter(|&i| right[0][i]).collect();
        let mut expected = Vec::new();
        for (count, most) in [(5, true), (3, false)] {
            for _ in 0..count.min(left.len()) {
                let counts = left.iter().map(|&i| turned(i).len());
                let end = if most { counts.max() } else { counts.min() }.unwrap();
                let place = left.iter().position(|&i| turned(i).len() == end).unwrap();
                expected.push(left.remove(place));
            }
        }
        prop_assert_eq!(shown.iter().map(|(i, _)| *i).collect::<Vec<_>>(), expected);
        for (i, told) in shown {
            let turned = turned(i);
            if turned.is_empty() {
                prop_assert_eq!(told, "right without any one block");
            } else {
                let (count, first) = (turned.len(), turned[0]);
                let unit = if count == 1 { "block" } else { "blocks" };
                let start = format!("wrong without {count} of {units}: {unit} {first}");
                prop_assert!(told.starts_with(&start), "{}", told);
            }
        }
    }
}

#[test]
fn the_summary_counts_all_images_both_ways() {
    // Right when intact: images 0, 1, 2, turned by 0, 1 and 2 units. Wrong: 3, 4; 4 is regained.
    let rows = ["11100", "11000", "10001"];
    let rows = rows.map(|row| row.chars().map(|c| c == '1').collect()).to_vec();
    let record = deletions("vgg15", &rows);
    let pictures = pictures(5, sum(&record));
    let text = page(&[record], Some(&pictures));
    for expected in [
        "Right when intact: 3 images, of which 1 stay right under each of the 2 deletions; the \
         median image turns wrong under 1. Wrong when intact: 2 images, of which 1 turn right \
         under the deletion of some layer.",
        "wrong without 2 of 2: layers 1, 2",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn a_thumbnail_has_the_pixels_of_its_image() {
    let record = deletions("resnet20", &[vec![false, true], vec![true, false]]);
    let pictures = pictures(2, sum(&record));
    let text = page(&[record], Some(&pictures));
    let address = text.split("data:image/png;base64,").nth(1).unwrap().split('"').next().unwrap();
    let file = STANDARD.decode(address).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut found = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut found).unwrap();
    assert_eq!(found, pixels(2)[SIDE * SIDE * 3..]);
}

#[test]
fn images_that_a_record_is_not_about_are_not_shown_as_its_own() {
    let record = deletions("resnet20", &[vec![true; 3], vec![false; 3]]);
    let of_others = [pictures(3, "d4".repeat(32)), pictures(2, sum(&record))];
    let records = [record];
    for pictures in [None, Some(&of_others[0]), Some(&of_others[1])] {
        assert!(!page(&records, pictures).contains("<img"));
    }
}

#[test]
fn many_networks_share_a_limited_number_of_pictures() {
    let names: Vec<String> = (0..30).map(|i| format!("net{i}")).collect();
    let row = |shift: usize| (0..40).map(|i| (i + shift) % 3 != 1).collect::<Vec<_>>();
    for (networks, expected) in [(1, 8), (6, 48), (7, 42), (10, 40), (30, 48)] {
        let records: Vec<Record> =
            names[..networks].iter().map(|name| deletions(name, &[row(0), row(1)])).collect();
        let pictures = pictures(40, sum(&records[0]));
        assert_eq!(page(&records, Some(&pictures)).matches("<img").count(), expected);
    }
}
