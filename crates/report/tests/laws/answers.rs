//! Laws of finding records by what they answer.

use crate::common::record;
use record::Record;
use report::{Answers, Need};
use serde_json::json;
use testkit::made_up::{self, Unit};

const UNIT: Unit = ("block", false, Some(1_000));

fn need(networks: &[&str]) -> Need {
    let networks = networks.iter().map(|name| name.to_string()).collect();
    Need { networks, ..Need::of("delete-one", "") }
}

#[test]
fn the_record_with_most_images_answers_then_the_first_by_name() {
    let mut twin = record("resnet20", &[UNIT]);
    twin.name = "a-twin".into();
    let large = made_up::delete_one("resnet20", &[UNIT], 10_000, 990);
    let small = record("resnet20", &[UNIT]);
    let mut records = vec![small, twin];
    let found = |records: &[Record]| {
        Answers::new(records).find(&Need::of("delete-one", "resnet20")).unwrap().name.clone()
    };
    assert_eq!(found(&records), "a-twin");
    records.push(large);
    assert_eq!(found(&records), "delete-one-resnet20-10000");
}

#[test]
fn experiment_networks_and_the_options_named_have_to_agree() {
    let mut with = record("resnet20", &[UNIT]);
    with.key.options = json!({ "draws": 10, "seed": 0 });
    let options = |options| Need { options, ..Need::of("delete-one", "resnet20") };
    let cases = [
        (options(json!({})), true),
        (options(json!({ "draws": 10 })), true),
        (options(json!({ "draws": 11 })), false),
        (options(json!({ "depth": 1 })), false),
        (Need::of("delete-two", "resnet20"), false),
        (Need::of("delete-one", "resnet2"), false),
        (need(&["resnet20", "resnet32"]), false),
        (need(&[]), false),
    ];
    for (need, expected) in cases {
        assert_eq!(need.is_met_by(&with.key), expected, "{need:?}");
    }
}

/// What a figure wants at most of an option lowers a preset, full or preview, and is not part
/// of what makes a record an answer.
#[test]
fn options_are_set_and_those_at_most_lowered() {
    let need = Need {
        options: json!({ "pool": "all" }),
        at_most: json!({ "draws": 50 }),
        ..Need::of("delete-many", "resnet20")
    };
    for (preset, expected) in [
        (json!({ "pool": "some", "draws": 100 }), json!({ "pool": "all", "draws": 50 })),
        (json!({ "pool": "some", "draws": 10 }), json!({ "pool": "all", "draws": 10 })),
        (json!({ "pool": "all", "draws": 50 }), json!({ "pool": "all", "draws": 50 })),
        // For the experiment to refuse.
        (json!({ "pool": "all" }), json!({ "pool": "all", "draws": 50 })),
    ] {
        assert_eq!(need.applied_to(preset), expected);
    }
    let mut record = record("resnet20", &[UNIT]);
    record.key.experiment = "delete-many".into();
    record.key.options = json!({ "pool": "all", "draws": 100 });
    assert!(need.is_met_by(&record.key));
}

#[test]
fn everything_that_is_not_there_is_named_at_once() {
    let records = [record("resnet20", &[UNIT])];
    let answers = Answers::new(&records);
    let of = |name| Need::of("delete-one", name);
    let found = answers.find_all(&[of("resnet20"), of("resnet20")]).unwrap();
    assert_eq!(found, [&records[0], &records[0]]);
    let ensemble = Need { experiment: "ensemble", ..need(&["resnet110", "resnet8"]) };
    let arithmetic = Need { experiment: "path-lengths", ..need(&[]) };
    let skip = Need { options: json!({ "term": "skip", "seed": 3 }), ..of("resnet20") };
    let needs = [of("vgg15"), of("resnet20"), of("resnet32"), skip, ensemble, arithmetic];
    assert_eq!(
        answers.find_all(&needs).unwrap_err().to_string(),
        "needs delete-one of vgg15 and resnet32; delete-one of resnet20 (term skip, seed 3); \
         ensemble of resnet110 with resnet8; path-lengths"
    );
}
