//! Laws of the page: it repeats, stands alone, and trusts no name.

use crate::common::{record, resnet, vgg};
use record::Record;
use report::claims::{Claims, TEXT, results};
use report::page::{PageInput, render};
use report::{Answers, study};
use serde_json::json;

fn page(records: &[Record], preview: bool) -> String {
    let shown: Vec<&Record> = records.iter().collect();
    let figure = (study::figure("fig3").unwrap().draw)(&shown).unwrap();
    let claims = Claims::parse(TEXT).unwrap();
    let claims = results(&claims, study::ALL, &Answers::new(records)).unwrap();
    let figures = &[figure];
    render(&PageInput { studies: study::ALL, records, figures, claims: &claims, preview }).unwrap()
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
        "22 claims not run",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    let changed = record("resnet14", &[("only", false, Some(900))]);
    assert!(page(&[changed], false).contains("Delete one block of resnet14: +35.0 points"));
}

#[test]
fn the_page_says_exactly_what_was_run() {
    let record = resnet();
    let network = record.key.networks[0].clone();
    let text = page(std::slice::from_ref(&record), false);
    for expected in [
        "cargo xtask lesion delete-one resnet14 --weights resnet14 --data sample --images 2000 \
         --term branch --statistics running",
        "delete-one, version 1",
        "{&quot;term&quot;:&quot;branch&quot;,&quot;statistics&quot;:&quot;running&quot;}",
        "272,474 parameters, 40,813,184 multiply-adds",
        "resnet14.safetensors",
        "(recipe short, 15 epochs, seed 3, error 9.87 % on the full test set)",
        &network.weights.sha256,
        "mean 0.4914 0.4822 0.4465, deviation 0.247 0.2435 0.2616",
        "<dt>branch scales</dt><dd>1 0.5 </dd>",
        "cifar10-test, 2,000 images (the shipped sample)",
        &record.key.images[0].sha256,
        &record.key.work,
        "portable",
        &record.key_hash()[..12],
        "records/delete-one-resnet14-2000.json",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn a_record_of_several_networks_or_none_is_listed_with_all_of_them() {
    let mut several = resnet();
    several.key = testkit::made_up::key("comparison", &["resnet110", "resnet8"], 100, json!({}));
    let mut none = resnet();
    none.key = testkit::made_up::key("path-lengths", &[], 100, json!({ "blocks": 54 }));
    none.key.images.clear();
    let mut training = resnet();
    let options = json!({ "batch-size": 16 });
    training.key = testkit::made_up::key("own-gradients", &["resnet20"], 50_000, options);
    training.key.images[0].name = "cifar10-train".into();
    let input = PageInput {
        studies: study::ALL,
        records: &[several, none, training],
        figures: &[],
        claims: &[],
        preview: false,
    };
    let text = render(&input).unwrap();
    for expected in [
        "comparison of resnet110 and resnet8",
        "cargo xtask lesion comparison resnet110 resnet8 --weights resnet110 --weights resnet8 --data DIR \
         --images 100<",
        "cargo xtask lesion path-lengths --blocks 54<",
        // Options speak of test images; of training images all are used.
        "--weights resnet20 --data DIR --batch-size 16<",
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
    const EVIL: &str = "<script>alert(1)</script>\"'&";
    let mut record = record("x", &[(EVIL, false, Some(300))]);
    let network = &mut record.key.networks[0];
    network.name = EVIL.into();
    network.model.name = EVIL.into();
    network.model.unit = EVIL.into();
    network.weights.source = EVIL.into();
    network.weights.recipe = Some(EVIL.into());
    record.key.images[0].name = EVIL.into();
    record.key.simd = EVIL.into();
    record.name = EVIL.into();
    let mut other = resnet();
    other.key = testkit::made_up::key("other", &["x"], 100, json!({ "a": EVIL, (EVIL): 1 }));
    let text = page(&[record, other], false);
    assert!(!text.contains("<script"));
    assert!(!text.contains(EVIL));
    assert!(text.matches("&lt;script&gt;").count() >= 12);
}

#[test]
fn the_sample_is_announced_only_when_asked() {
    assert!(page(&[vgg()], true).contains("Preview."));
    assert!(!page(&[vgg()], false).contains("Preview."));
}

#[test]
fn a_page_of_nothing_says_so() {
    let input =
        PageInput { studies: study::ALL, records: &[], figures: &[], claims: &[], preview: false };
    let text = render(&input).unwrap();
    assert!(text.contains("Nothing has been run yet"));
    assert!(text.contains("There are no figures."));
    assert!(!text.contains("Every unit"));
}
