//! Options and inputs that make a question, and those that do not.

use lesion::experiment::{BranchScales, DeleteOne};
use lesion::{AnyExperiment, Inputs, LesionError, Preset, Question};
use serde_json::{Value, json};

use crate::common::{question, sample, training, untrained};
use crate::folds::Folds;

fn ask(
    experiment: &'static dyn AnyExperiment,
    options: Value,
    inputs: Inputs,
) -> Result<Question, LesionError> {
    Question::new(experiment, options, inputs)
}

fn inputs(networks: usize) -> Inputs {
    let networks = vec![untrained("resnet8", 1); networks];
    Inputs { networks, test: Some(sample(4)), ..Inputs::default() }
}

#[test]
fn options_that_are_left_out_are_those_of_the_full_protocol() {
    let full = json!({ "draws": 3, "folds": 5, "seed": 0 });
    assert_eq!(Folds.preset(Preset::Full), full);
    for (stated, expected) in [
        (json!({}), full.clone()),
        (full.clone(), full),
        (json!({ "seed": 7 }), json!({ "draws": 3, "folds": 5, "seed": 7 })),
        (Folds.preset(Preset::Preview), json!({ "draws": 2, "folds": 5, "seed": 0 })),
    ] {
        assert_eq!(ask(&Folds, stated, inputs(1)).unwrap().key().options, expected);
    }
}

#[test]
fn what_is_wrong_with_options_is_named() {
    let cases = [
        (json!({ "depth": 3 }), "folds has no option \"depth\"; it has draws N (random deletions"),
        (json!({ "draws": "x" }), "folds: the option draws is \"x\": invalid type: string"),
        (json!({ "seed": 1, "folds": -1 }), "folds: the option folds is -1: invalid value"),
        (json!({ "draws": 0 }), "folds: the option draws is 0: expected at least 1"),
        (json!([]), "folds: the options are [], expected a JSON object"),
    ];
    for (options, expected) in cases {
        let message = ask(&Folds, options, inputs(1)).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
        let none = Inputs { training: Some(training(128)), ..inputs(1) };
        let message = ask(&BranchScales, json!({ "draws": 1 }), none).unwrap_err().to_string();
        assert_eq!(message, "branch-scales has no option \"draws\"; it has none");
    }
    let message = ask(&DeleteOne, json!({ "draws": 1 }), inputs(1)).unwrap_err().to_string();
    let expected = "delete-one has no option \"draws\"; it has term TERM (what each unit loses";
    assert!(message.starts_with(expected), "{message}");
    let none = Inputs { training: Some(training(128)), ..inputs(1) };
    let message = ask(&BranchScales, json!({ "draws": 1 }), none).unwrap_err().to_string();
    assert_eq!(message, "branch-scales has no option \"draws\"; it has none");
}

#[test]
fn networks_and_images_that_are_missing_are_named() {
    let (without, seed) = (Inputs { test: None, ..inputs(1) }, json!({ "seed": 13 }));
    let cases = [
        (inputs(0), json!({}), "folds studies one network, but 0 are given"),
        (inputs(2), json!({}), "folds studies one network, but 2 are given"),
        (without, json!({}), "folds needs test images, but none are given"),
        (inputs(1), seed, "folds needs training images, but none are given"),
    ];
    for (inputs, options, expected) in cases {
        assert_eq!(ask(&Folds, options, inputs).unwrap_err().to_string(), expected);
    }
}

#[test]
fn images_that_are_not_used_are_not_part_of_the_question() {
    let ask = |options| question(&Folds, options, untrained("resnet8", 1), sample(4));
    let (unused, used) = (ask(json!({})), ask(json!({ "seed": 13 })));
    assert_eq!(unused.key().images.len(), 1);
    let images = &used.key().images[1];
    assert_eq!((images.name.as_str(), images.images), ("cifar10-train", 256));
    assert_eq!(images.sha256, training(256).id().sha256);
}
