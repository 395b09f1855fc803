//! Laws of the page: it repeats, stands alone, and trusts no name.

use crate::common::{record, resnet, vgg};
use record::Record;
use report::claims::{Claims, TEXT, results};
use report::page::{CHAPTERS, Drawn, PageInput, readme, render};
use report::{Answers, Pictures, study};
use serde_json::json;

fn page(records: &[Record], preview: bool) -> String {
    page_with(records, None, preview)
}

fn page_with(records: &[Record], pictures: Option<&Pictures>, preview: bool) -> String {
    let drawn = Drawn::from(study::figure("fig3").unwrap(), records.iter().collect()).unwrap();
    let claims = Claims::parse(TEXT).unwrap();
    let claims = results(&claims, study::ALL, &Answers::new(records)).unwrap();
    let (studies, figures) = (study::ALL, &[drawn]);
    render(&PageInput { studies, records, figures, claims: &claims, pictures, preview }).unwrap()
}

#[test]
fn the_same_records_give_the_same_page() {
    let records = [resnet(), vgg()];
    assert_eq!(page(&records, true), page(&records, true));
}

#[test]
fn the_finding_and_the_tables_are_computed_from_the_records() {
    let text = page(&[resnet(), vgg()], false);
    // All but two.
    let not_run = Claims::parse(TEXT).unwrap().claims.len() - 2;
    assert!(text.contains(&format!("{not_run} claims not run")), "{not_run}");
    for expected in [
        // Medians of the made-up numbers: 260 and 1,750 of 2,000, 200 intact.
        "Delete one block of resnet14: +3.0 points of error.",
        "Delete one layer of vgg15: +77.5 points of error.",
        "5 of 7 layers can be deleted; n = 2,000 test images",
        "cannot be deleted: its input and output shapes differ",
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
        pictures: None,
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
    for request in ["<link", "<script", "@import", "<iframe", "<object"] {
        assert!(!text.contains(request), "{request}");
    }
    // Pictures are inside; other addresses name something on the page or beside it.
    assert!(text.split(" src=\"").skip(1).all(|address| address.starts_with("data:image/png;")));
    let addresses = text.split("href=\"").skip(1).chain(text.split("url(").skip(1));
    for address in addresses {
        let local = ["#", "figures/", "records/"].iter().any(|start| address.starts_with(start));
        assert!(local, "{}", &address[..address.len().min(60)]);
    }
    let outside = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assert!(!outside.contains("://"));
}

/// Nothing of this version is left to the last chapter, and no name is a slip: where a
/// study is still to come, a claim speaks of it already.
#[test]
fn every_study_has_one_place_in_the_argument() {
    let placed: Vec<&str> = CHAPTERS.iter().flat_map(|chapter| chapter.studies).copied().collect();
    for study in study::ALL {
        let places = placed.iter().filter(|name| **name == study.name).count();
        assert_eq!(places, 1, "{} is in {places} of page::CHAPTERS", study.name);
    }
    let claims = Claims::parse(TEXT).unwrap();
    for name in placed {
        let is_known = study::ALL.iter().any(|study| study.name == name);
        let is_to_come = claims.claims.iter().any(|claim| claim.study == name);
        assert!(is_known || is_to_come, "page::CHAPTERS has {name}, which is not a study");
    }
}

#[test]
fn the_claims_come_first_and_the_chapters_in_the_order_of_the_paper() {
    let text = page(&[resnet(), vgg()], false);
    let sections = ["finding", "claims", "lesion"].map(String::from);
    let chapters = CHAPTERS.iter().map(|chapter| chapter.id.to_owned());
    let order = sections.into_iter().chain(chapters).chain(["evidence", "runs"].map(String::from));
    let places = order.map(|id| {
        let (mark, class) =
            (format!("<section id=\"{id}\""), format!("class=\"chapter\" id=\"{id}\""));
        text.find(&mark).or_else(|| text.find(&class)).unwrap_or_else(|| panic!("no section {id}"))
    });
    assert!(places.collect::<Vec<_>>().is_sorted());
    let titles =
        CHAPTERS.iter().enumerate().map(|(i, one)| format!("<h2>{}. {}", i + 1, one.title));
    for title in titles {
        assert!(text.contains(&title), "{title}");
    }
    // A figure stands in its study's chapter.
    let figure = text.find("<figure id=\"fig3\"").unwrap();
    let chapter = |id: &str| text.find(&format!("class=\"chapter\" id=\"{id}\"")).unwrap();
    assert!(chapter("single") < figure && figure < chapter("many"));
}

#[test]
fn a_figure_says_what_to_see_what_was_run_and_how_it_departs_from_the_paper() {
    for figure in study::figures() {
        for words in [figure.see, figure.deviations] {
            assert!(words.ends_with('.') && !words.contains("  "), "{}: {words:?}", figure.name);
        }
    }
    let record = resnet();
    let (name, fig3) = (record.name.clone(), study::figure("fig3").unwrap());
    let text = page(&[record, vgg()], false);
    let (start, end) = (text.find("<figure id=\"fig3\"").unwrap(), text.find("</figure>").unwrap());
    let block = &text[start..end];
    for expected in [
        fig3.see,
        fig3.deviations,
        &format!(
            "<a href=\"#run-{name}\">delete-one of resnet14</a>, term branch, statistics running; 2,000 images"
        ),
        "2,000 images of cifar10-test (the shipped sample)",
        "figures/fig3-delete-one.svg",
        "figures/fig3-delete-one.png",
        "figures/fig3-delete-one.csv",
        &format!("records/{name}.json"),
    ] {
        assert!(block.contains(expected), "{expected}");
    }
}

#[test]
fn places_on_the_page_are_named_once_and_every_link_has_one() {
    let text = page(&[resnet(), vgg()], true);
    let ids = text.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut ids: Vec<&str> = ids.collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for link in text.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(ids.contains(&id), "#{id}");
    }
}

#[test]
fn the_digest_has_the_claims_and_the_figures_and_leads_to_the_files() {
    let records = [vgg(), resnet()];
    let answers = Answers::new(&records);
    let claims = Claims::parse(TEXT).unwrap();
    let claims = results(&claims, study::ALL, &answers).unwrap();
    let figures = ["fig6a", "fig1"].map(|name| Drawn::of(study::figure(name).unwrap(), &answers));
    let figures = figures.map(Result::unwrap);
    let of = |studies: &[&study::Study], preview| {
        let (records, figures, claims) = (&records, &figures, &claims);
        readme(&PageInput { studies, records, figures, claims, pictures: None, preview })
    };
    let text = of(study::ALL, true);
    let mut rest = text.as_str();
    for expected in [
        "[index.html](index.html)",
        "Preview: ",
        "| c02 | Deleting any layer of the VGG network reduces it to chance. | about 90 % | min error \
         82.50 % (",
        "%)<br>median error 87.50 % (",
        "%) | reproduced, preview n=2000 |\n",
        "\nNot run: c01, c03, ",
        "\n## 1. The unravelled view\n\nA block adds",
        "2^n paths",
        "![fig1](figures/fig1-unravelled.png)",
        "([SVG](figures/fig1-unravelled.svg))\n",
        "\n## 5. Short paths",
        "![fig6a](figures/fig6a-path-lengths.png)",
        "([SVG](figures/fig6a-path-lengths.svg), [CSV](figures/fig6a-path-lengths.csv))\n",
    ] {
        let place = rest.find(expected).unwrap_or_else(|| panic!("{expected:?} is not in {rest}"));
        rest = &rest[place + expected.len()..];
    }
    assert!(!text.contains("Stochastic depth"), "a chapter without figures");
    // Whatever is in no chapter is there all the same.
    let own = study::Study { name: "own", ..*study::ALL[0] };
    let text = of(&[&own], false);
    let others = format!("## {}. Other questions", report::page::CHAPTERS.len() + 1);
    assert!(text.contains(&others) && text.matches("![fig").count() == 2);
    assert!(!text.contains("Preview"));
}

#[test]
fn a_study_of_ones_own_has_a_chapter_at_the_end() {
    let own = study::Study { name: "own", ..*study::ALL[1] };
    let (records, studies) = ([resnet()], [study::ALL[0], &own]);
    let input = PageInput {
        studies: &studies,
        records: &records,
        figures: &[],
        claims: &[],
        pictures: None,
        preview: false,
    };
    let text = render(&input).unwrap();
    let last = format!("<h2>{}. Other questions", CHAPTERS.len() + 1);
    let place = text.find(&last).unwrap();
    assert!(place < text.find("<h3>Every unit").unwrap());
    assert!(!page(&[resnet()], false).contains("Other questions"));
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
    let input = PageInput {
        studies: study::ALL,
        records: &[],
        figures: &[],
        claims: &[],
        pictures: None,
        preview: false,
    };
    let text = render(&input).unwrap();
    assert!(text.contains("Nothing has been run yet"));
    assert!(text.contains("None of its records is here yet."));
    assert!(!text.contains("<h3>Every unit"));
}
