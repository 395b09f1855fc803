//! Laws of the page: it repeats, stands alone, and trusts no name.

use crate::common::{record, resnet, vgg};
use record::Record;
use report::claims::{Claims, TEXT, results};
use report::figure::fig3;
use report::page::{PageInput, render};

fn page(records: &[Record], preview: bool) -> String {
    let figure = fig3(&records.iter().collect::<Vec<_>>()).unwrap();
    let claims = results(&Claims::parse(TEXT).unwrap(), records).unwrap();
    render(&PageInput { records, figures: &[figure], claims: &claims, preview })
}

#[test]
fn the_same_records_give_the_same_page() {
    let records = [resnet(), vgg()];
    assert_eq!(page(&records, true), page(&records, true));
}

#[test]
fn the_finding_and_the_tables_are_computed_from_the_records() {
    let text = page(&[resnet(), vgg()], false);
    for expected in [
        // Medians of the made-up numbers: 260 and 1,750 of 2,000, 200 intact.
        "Delete one block of resnet14: +3.0 points of error.",
        "Delete one layer of vgg15: +77.5 points of error.",
        "5 of 7 layers can be deleted; n = 2,000 test images",
        "cannot be deleted: its input and output shapes differ",
        "23 claims not run",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    let changed = record("resnet14", &[("only", false, Some(900))]);
    assert!(page(&[changed], false).contains("Delete one block of resnet14: +35.0 points"));
}

#[test]
fn the_page_says_exactly_what_was_run() {
    let record = resnet();
    let text = page(std::slice::from_ref(&record), false);
    for expected in [
        "cargo xtask lesion delete-one resnet14 --weights resnet14 --data sample --images 2000",
        "delete-one, version 1",
        "272,474 parameters, 40,813,184 multiply-adds",
        "resnet14.safetensors",
        "(recipe short, 15 epochs, seed 3, error 9.87 % on the full test set)",
        &record.key.weights.sha256,
        "cifar10-test, 2,000 images (the shipped sample)",
        &record.key.data.sha256,
        "{&quot;deleted&quot;:[0,1]}",
        "portable",
        &record.key_hash()[..12],
        "records/delete-one-resnet14-2000.json",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let text = page(&[resnet(), vgg()], true);
    for request in [" src=", "<link", "<script", "@import", "<iframe", "<object"] {
        assert!(!text.contains(request), "{request}");
    }
    // Both kinds of address that may appear name something inside the page or beside it.
    let addresses = text.split("href=\"").skip(1).chain(text.split("url(").skip(1));
    for address in addresses {
        let local = ["#", "figures/", "records/"].iter().any(|start| address.starts_with(start));
        assert!(local, "{}", &address[..address.len().min(60)]);
    }
    let outside = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assert!(!outside.contains("://"));
}

#[test]
fn hostile_names_stay_text() {
    let evil = "<script>alert(1)</script>\"'&";
    let mut record = record("x", &[("u", false, Some(300))]);
    record.key.model.name = evil.into();
    record.key.weights.source = evil.into();
    record.key.weights.recipe = Some(evil.into());
    record.key.data.name = evil.into();
    record.key.simd = evil.into();
    record.name = evil.into();
    record.key.plans = serde_json::json!({ "a": evil });
    let record::Outcome::DeleteOne(outcome) = &mut record.result;
    outcome.units[0].name = evil.into();
    let text = page(&[record], false);
    assert!(!text.contains("<script"));
    assert!(!text.contains(evil));
    assert!(text.matches("&lt;script&gt;").count() >= 8);
}

#[test]
fn the_sample_is_announced_only_when_asked() {
    assert!(page(&[vgg()], true).contains("Preview."));
    assert!(!page(&[vgg()], false).contains("Preview."));
}

#[test]
fn a_page_of_nothing_says_so() {
    let text = render(&PageInput { records: &[], figures: &[], claims: &[], preview: false });
    assert!(text.contains("No deletion has been run yet"));
    assert!(text.contains("No figure was asked for."));
}
