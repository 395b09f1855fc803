//! The studies of linear probes, on made-up records.

use record::stats::{Comparison, Variance, image_bootstrap, t_interval};
use record::{Bits, Probe, ProbedNetwork, Probes, Record, Score, UnitProbe};
use report::study::Estimate;
use report::{Answers, Need, ReportError, claims, study};
use serde_json::{Value, json};
use testkit::made_up;

const IMAGES: usize = 1_000;

fn probe(wrong: usize) -> Probe {
    Probe {
        features: 16,
        held_out_wrong: vec![3, 2, 2, 4, 5],
        penalty: 1e-2,
        steps: 12,
        excess: 1e-7,
        score: made_up::score(IMAGES, wrong),
    }
}

/// Probes with so many wrong answers, five units a stage, each of so many units.
fn network(
    own: Option<usize>,
    deleted: Option<usize>,
    wrong: &[usize],
    every: usize,
) -> ProbedNetwork {
    let unit = |(place, &wrong): (usize, &usize)| {
        let index = deleted.unwrap_or(0) + every * (place + 1) - 1;
        let (name, stage) = (format!("layer{}.{}", index / 5, index % 5), index / 5);
        UnitProbe {
            index,
            name,
            stage,
            boundary: index.is_multiple_of(5) && index > 0,
            probe: probe(wrong),
        }
    };
    ProbedNetwork {
        deleted,
        own: own.map(|wrong| made_up::score(IMAGES, wrong)),
        image: deleted.is_none().then(|| probe(800)),
        units: wrong.iter().enumerate().map(unit).collect(),
    }
}

fn record(name: &str, options: Value, networks: Vec<ProbedNetwork>) -> Record {
    let answer = Probes {
        images: IMAGES,
        training: 500,
        held_out: 50,
        penalties: vec![1e-1, 1e-2, 1e-3, 1e-4, 1e-5],
        networks,
    };
    let mut key = made_up::key("probes", &[name], IMAGES, options);
    key.images.push(record::ImagesId {
        name: "cifar10-train".into(),
        images: 500,
        ..made_up::test_images(500)
    });
    Record::new(format!("probes-{name}"), key, &answer).unwrap()
}

fn trained(name: &str, own: usize, wrong: &[usize]) -> Record {
    let options = json!({ "of": "trained", "pool": 1, "every": 1 });
    record(name, options, vec![network(Some(own), None, wrong, 1)])
}

/// Some record that meets a need of probes.
pub(crate) fn made_up_answer(need: &Need) -> Option<Record> {
    if need.experiment != "probes" {
        return None;
    }
    let mut options = json!({ "every": 1 });
    for (name, value) in need.options.as_object().unwrap() {
        options[name.as_str()] = value.clone();
    }
    let every = options["every"].as_u64().unwrap() as usize;
    let networks = match options["of"].as_str().unwrap() {
        "middle" => {
            [2, 7, 12].map(|id| network(Some(120), Some(id), &FALLING[..3], every)).to_vec()
        }
        of => {
            let own = (of == "trained").then_some(100);
            vec![network(own, None, if every == 1 { &FALLING } else { &FALLING[..2] }, every)]
        }
    };
    Some(record(&need.networks[0], options, networks))
}

/// Fifteen units; the largest fall inside a stage is 60, that into stage 3 is 100.
const FALLING: [usize; 15] =
    [700, 660, 620, 600, 590, 500, 470, 410, 400, 395, 295, 260, 200, 150, 110];

fn of(study: &str, quantity: &str, records: &[&Record]) -> Result<Estimate, ReportError> {
    let study = study::ALL.iter().find(|known| known.name == study).unwrap();
    (study.quantity(quantity).unwrap().measure)(records)
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

#[test]
fn the_rise_is_above_the_smallest_error_so_far_and_the_distance_either_way() {
    let wrong = [700, 500, 512, 505, 300, 320, 310, 121, 125];
    let record = trained("resnet110", 110, &wrong);
    let rise = of("probes", "largest rise", &[&record]).unwrap();
    near(rise.value, 2.0);
    let scores: Vec<Score> = wrong.iter().map(|&wrong| made_up::score(IMAGES, wrong)).collect();
    let right: Vec<&Bits> = scores.iter().map(|score| &score.right).collect();
    let statistic = |errors: &[f64]| {
        let rises = (1..errors.len())
            .map(|k| errors[k] - errors[..k].iter().copied().fold(f64::INFINITY, f64::min));
        Some(rises.fold(0.0, f64::max))
    };
    let interval = image_bootstrap(&right, statistic).unwrap();
    near(rise.low, 100.0 * interval.low);
    near(rise.high, 100.0 * interval.high);
    let distance = of("probes", "distance of the last probe", &[&record]).unwrap();
    let change = Comparison::of(&made_up::score(IMAGES, 110).right, &scores[8].right);
    near(distance.value, 1.5);
    near(distance.low, 100.0 * change.interval().low);
    // A probe that errs less is as far away as one that errs more.
    for (own, value, low) in [(140, 1.5, None), (125, 0.0, Some(0.0)), (126, 0.1, Some(0.0))] {
        let record = trained("resnet110", own, &wrong);
        let found = of("probes", "distance of the last probe", &[&record]).unwrap();
        near(found.value, value);
        assert!(low.is_none_or(|low| found.low == low) && found.high >= found.value, "{found:?}");
        assert!(found.low <= found.value, "{found:?}");
    }
    // Errors that only fall rise by nothing.
    let falls = trained("resnet110", 110, &FALLING);
    near(of("probes", "largest rise", &[&falls]).unwrap().value, 0.0);
    let one = trained("resnet110", 110, &[300]);
    assert!(matches!(of("probes", "largest rise", &[&one]), Err(ReportError::Lacking(_))));
}

/// Probes of another kind, or of some units alone, say nothing about these claims.
#[test]
fn other_probes_do_not_stand_in_for_those_of_the_claims() {
    let full = |options: Value| {
        let mut record =
            made_up_answer(&Need { options, ..Need::of("probes", "resnet110") }).unwrap();
        record.key.images.iter_mut().for_each(|images| images.sample = false);
        record
    };
    for (options, is_good) in [
        (json!({ "of": "trained", "pool": 1 }), true),
        (json!({ "of": "trained", "pool": 4 }), false),
        (json!({ "of": "trained", "pool": 1, "every": 6 }), false),
        (json!({ "of": "initial", "pool": 1 }), false),
        (json!({ "of": "middle", "pool": 1 }), false),
    ] {
        let record = full(options);
        for quantity in ["largest rise", "distance of the last probe"] {
            let found = of("probes", quantity, &[&record]);
            assert_eq!(found.is_ok(), is_good, "{} {found:?}", record.key.options);
        }
    }
    // Only a preview may leave units out.
    let mut preview = full(json!({ "of": "trained", "pool": 1, "every": 6 }));
    preview.key.images[0].sample = true;
    assert!(of("probes", "largest rise", &[&preview]).is_ok());
    // And the falls over single units, not even that.
    let mut four = vec![preview.clone(); 4];
    four.iter_mut().for_each(|record| record.key.networks[0].name = "resnet32".into());
    let found = of("probe-falls", "ratio of largest falls", &four.iter().collect::<Vec<_>>());
    assert!(matches!(found, Err(ReportError::Lacking(_))), "{found:?}");
}

/// Fifteen units that fall by this much inside the second stage, and more between stages.
fn falling(name: &str, fall: usize) -> Record {
    let mut wrong = FALLING;
    wrong[6] = wrong[5] - 5;
    wrong[7] = wrong[6] - fall;
    (8..15).for_each(|k| wrong[k] = wrong[k - 1] - if k == 10 { 150 } else { 5 });
    trained(name, 100, &wrong)
}

#[test]
fn falls_are_over_one_unit_inside_a_stage_and_joined_over_seeds() {
    let four = [
        falling("resnet32", 50),
        falling("resnet32-s2", 60),
        falling("resnet32-s3", 55),
        falling("plain32", 110),
    ];
    let all: Vec<&Record> = four.iter().collect();
    let found = of("probe-falls", "ratio of largest falls", &all).unwrap();
    near(found.value, 0.5);
    let scores: Vec<Score> = four
        .iter()
        .flat_map(|record| record.answer::<Probes>().unwrap().networks.remove(0).units)
        .map(|unit| unit.probe.score)
        .collect();
    let right: Vec<&Bits> = scores.iter().map(|score| &score.right).collect();
    let fall = |e: &[f64]| {
        (1..15).filter(|k| k % 5 != 0).map(|k| e[k - 1] - e[k]).fold(f64::MIN, f64::max)
    };
    let images = image_bootstrap(&right, |errors| {
        let falls: Vec<f64> = errors.chunks(15).map(fall).collect();
        Some((falls[0] + falls[1] + falls[2]) / 3.0 / falls[3])
    });
    let images = images.unwrap();
    let deviation = (images.high - images.low) / (2.0 * 1.959_963_985);
    let images = Variance { value: deviation * deviation, degrees: 999.0 };
    // Falls of 50, 60 and 55 answers: a variance of 25, borrowed by the plain network.
    let seeds = Variance { value: 25.0 * (1.0 / 3.0 + 0.25) / (110.0 * 110.0), degrees: 2.0 };
    let expected = t_interval(0.5, &[images, seeds]);
    near(found.low, expected.low);
    near(found.high, expected.high);
    // Other images, other units.
    let mut other = four.clone();
    other[2].key.images[0].sha256 = "d4".repeat(32);
    let other: Vec<&Record> = other.iter().collect();
    let message = of("probe-falls", "ratio of largest falls", &other).unwrap_err().to_string();
    assert!(message.contains("on the same images"), "{message}");
    let short = trained("plain32", 100, &FALLING[..9]);
    let found = of("probe-falls", "ratio of largest falls", &[all[0], all[1], all[2], &short]);
    assert!(matches!(found, Err(ReportError::Lacking(_))), "{found:?}");
}

#[test]
fn records_have_their_table_their_json_and_their_place_on_the_page() {
    let record = trained("resnet32", 100, &FALLING);
    let table = study::table(&record).unwrap();
    for line in [
        "probes: resnet32, 1000 images; outputs averaged to 1 x 1, fitted on 500 training images, the \
         penalty chosen on the last 50",
        "trained: the network itself errs on 10.00 %",
        "   -  image                16    800    80.00  77.41 to 82.36      0.01     12   1.0e-7",
        "  14  layer2.4             16    110    11.00",
    ] {
        assert!(table.contains(line), "{line:?} is not in\n{table}");
    }
    let json: Value = serde_json::from_str(&study::json(&record).unwrap()).unwrap();
    assert_eq!(json["probed"][0]["wrong"][1], json!(660));
    assert_eq!((&json["probed"][0]["own_wrong"], &json["training"]), (&json!(100), &json!(500)));
    let study = study::ALL.iter().find(|study| study.name == "probes").unwrap();
    let body = |records: &[Record]| {
        let part = (study.part)(&Answers::new(records)).unwrap();
        part.section.map(|section| section.body.into_string()).unwrap_or_default()
    };
    let page = body(&[record]);
    for text in [
        "the largest rise above the smallest error so far is 0.0 points",
        "the last probe is 1.0 points",
        "<code>image</code>",
    ] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    assert!(body(&[]).is_empty());
}

#[test]
fn figures_have_a_curve_for_each_network_and_a_mark_for_the_image() {
    for (name, texts) in [
        ("fig-probes", vec!["resnet110, trained", "initial weights", "resnet110 itself"]),
        ("fig-probes-lesions", vec!["resnet110, intact", "without block 3", "without block 13"]),
        ("fig-probes-cells", vec!["1 x 1 cells", "4 x 4 cells"]),
        ("fig-probe-falls", vec!["resnet32-s3", "plain32"]),
    ] {
        let figure = study::figure(name).unwrap();
        let records: Vec<Record> =
            (figure.needs)().iter().map(|need| made_up_answer(need).unwrap()).collect();
        let drawn = (figure.draw)(&records.iter().collect::<Vec<_>>()).unwrap();
        for text in texts {
            assert!(drawn.svg.contains(text), "{name}: {text:?} is not in the figure");
        }
        assert!(drawn.caption.contains("fitted to convergence on 500 training images"));
    }
}

/// The claims as they are written today.
#[test]
fn claims_about_probes_are_judged_from_the_records() {
    let criteria = claims::Claims::parse(claims::TEXT).unwrap();
    let verdict = |id: &str, records: &[Record]| {
        let rows = claims::results(&criteria, study::ALL, &Answers::new(records)).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().verdict.to_string()
    };
    let probed = |rise: usize, last: usize| {
        vec![trained("resnet110", 60, &[700, 300, 300 + rise, 200, last])]
    };
    for (rise, last, expected) in
        [(5, 62, "reproduced"), (15, 62, "partly"), (40, 62, "not"), (5, 100, "not")]
    {
        let found = verdict("c39", &probed(rise, last));
        assert_eq!(found.split(',').next(), Some(expected), "{rise} {last}: {found}");
    }
    let falls = |residual: [usize; 3], plain: usize| {
        let names = ["resnet32", "resnet32-s2", "resnet32-s3"];
        let residual = names.iter().zip(residual).map(|(name, fall)| falling(name, fall));
        residual.chain([falling("plain32", plain)]).collect::<Vec<_>>()
    };
    for (residual, plain, expected) in [
        ([50, 52, 51], 110, "reproduced"),
        ([80, 82, 81], 110, "partly"),
        ([120, 122, 121], 110, "not"),
    ] {
        let found = verdict("c40", &falls(residual, plain));
        assert_eq!(found.split(',').next(), Some(expected), "{residual:?}: {found}");
    }
    let three = &falls([50, 52, 51], 110)[..3];
    assert_eq!(
        verdict("c40", three),
        "not run: needs probes of plain32 (of trained, pool 1, every 1)"
    );
}
