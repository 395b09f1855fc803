//! Laws of pairs of deletions.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Plan, evaluate};
use record::DeletePairs;
use serde_json::{Value, json};

use crate::common::{however_cut, lived_in, near, sample, untrained};

fn ask(network: Subject, options: Value) -> Result<Question, LesionError> {
    let inputs = Inputs { networks: vec![network], test: Some(sample(40)), ..Inputs::default() };
    Question::new(experiment::named("delete-pairs").unwrap(), options, inputs)
}

fn answer(network: Subject, options: Value) -> DeletePairs {
    ask(network, options).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

#[test]
fn an_interaction_is_that_of_four_evaluations() {
    let mut subject = untrained("resnet14", 5);
    subject.model = lived_in(subject.model, 5);
    let found = answer(subject.clone(), json!({ "pair-images": 37 }));
    let ids: Vec<usize> = found.units.iter().map(|unit| unit.index).collect();
    // Two blocks a stage; the first of the second and the third stage are boundaries.
    assert_eq!((found.images, ids.as_slice()), (37, &[0, 1, 3, 5][..]));
    let model = &subject.model;
    let wrong = |ids: &[usize]| -> Vec<f64> {
        let plan =
            ids.iter().fold(Plan::intact(model), |plan, &id| plan.delete(model, id).unwrap());
        let right = evaluate(model, &plan, subject.batches_of(&sample(40), 0..37, 32)).is_right;
        right.iter().map(|right| f64::from(u8::from(!right))).collect()
    };
    let total = |wrong: &[f64]| wrong.iter().sum::<f64>() as u32;
    assert_eq!(found.intact.wrong, total(&wrong(&[])));
    for unit in &found.units {
        assert_eq!(unit.deleted.as_ref().unwrap().wrong, total(&wrong(&[unit.index])));
    }
    let mut tried = Vec::new();
    for pair in &found.pairs {
        let (i, j) = (pair.first, pair.second);
        let [both, first, second, none] = [&[i, j][..], &[i], &[j], &[]].map(wrong);
        let d: Vec<f64> = (0..37).map(|k| both[k] - first[k] - second[k] + none[k]).collect();
        let mean = d.iter().sum::<f64>() / 37.0;
        let variance = d.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 37.0;
        let (interaction, error) = found.interaction(pair);
        near(&[interaction, error], &[mean, (variance / 37.0).sqrt()], 1e-12);
        assert_eq!(
            (pair.wrong, pair.squares),
            (total(&both), d.iter().map(|d| d * d).sum::<f64>() as u32)
        );
        tried.push((i, j));
    }
    assert_eq!(tried, [(0, 1), (0, 3), (0, 5), (1, 3), (1, 5), (3, 5)]);
    assert!(found.pairs.iter().any(|pair| pair.squares > 0), "the answers never differ");
}

#[test]
fn units_are_spread_over_the_network_and_images_end_with_the_set() {
    let found = answer(untrained("resnet20", 1), json!({ "max-blocks": 3 }));
    // Of 0, 1, 2, 4, 5, 7 and 8.
    let ids: Vec<usize> = found.units.iter().map(|unit| unit.index).collect();
    assert_eq!((ids.as_slice(), found.pairs.len(), found.images), (&[0, 4, 8][..], 3, 40));
}

#[test]
fn impossible_questions_are_refused() {
    let cases = [
        ("resnet20", json!({ "pair-images": 0 }), "pair-images is 0: expected at least 1"),
        ("resnet20", json!({ "max-blocks": 1 }), "max-blocks is 1: expected at least 2"),
        ("resnet8", json!({}), "it needs two units that can be deleted and are not boundaries"),
    ];
    for (network, options, expected) in cases {
        let message = ask(untrained(network, 1), options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    however_cut(&ask(untrained("resnet14", 3), json!({})).unwrap());
}
