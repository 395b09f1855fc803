//! Laws of the experiment `branch-scales`.

use data::Dataset;
use lesion::experiment::BranchScales;
use lesion::{Inputs, LesionError, Question, RECALIBRATION_BATCH, Subject};
use models::{Model, Plan, evaluate, recalibrated};
use serde_json::json;

use crate::common::{however_cut, lived_in, run, sample, training, untrained};

fn question(subject: Subject, test: Dataset, training: Dataset) -> Result<Question, LesionError> {
    let inputs = Inputs {
        networks: vec![subject],
        test: Some(test),
        training: Some(training),
        ..Inputs::default()
    };
    Question::new(&BranchScales, json!({}), inputs)
}

fn scaled_resnet8() -> Subject {
    let mut subject = untrained("resnet8", 5);
    subject.model = lived_in(subject.model, 3);
    subject
}

/// One evaluation for each rule, of a network whose scales and statistics were changed
/// beforehand.
#[test]
fn each_arm_is_an_evaluation_of_a_changed_network() {
    let subject = scaled_resnet8();
    let question = question(subject.clone(), sample(70), training(300)).unwrap();
    let answer: record::BranchScales = run(&question).answer().unwrap();
    assert_eq!((answer.images, answer.batches), (70, 2));
    let intact = Plan::intact(&subject.model);
    for arm in &answer.arms {
        let mut model: Model<f32> = subject.model.clone();
        if !arm.scaled {
            model.branch_scale.fill(1.0);
        }
        if arm.reestimated {
            let images = training(2 * RECALIBRATION_BATCH);
            let batches = subject.batches(&images, RECALIBRATION_BATCH).map(|(x, _)| x);
            model = recalibrated(&model, &intact, batches);
        }
        let expected = evaluate(&model, &intact, subject.batches(&sample(70), 33));
        let what = format!("scaled {}, re-estimated {}", arm.scaled, arm.reestimated);
        assert_eq!(arm.score.right.iter().collect::<Vec<_>>(), expected.is_right, "{what}");
        let bits = [arm.score.cross_entropy, expected.cross_entropy()].map(f64::to_bits);
        assert_eq!(bits[0], bits[1], "{what}");
    }
    let losses: Vec<f64> = answer.arms.iter().map(|arm| arm.score.cross_entropy).collect();
    let differ = |i: usize| losses[i + 1..].iter().all(|other| *other != losses[i]);
    assert!((0..3).all(differ), "the rules should differ here: {losses:?}");
}

#[test]
fn without_scales_both_rules_are_one() {
    let question = question(untrained("resnet8", 5), sample(20), training(128)).unwrap();
    let answer: record::BranchScales = run(&question).answer().unwrap();
    assert_eq!(answer.arms[0].score, answer.arms[1].score);
    assert_eq!(answer.arms[2].score, answer.arms[3].score);
}

#[test]
fn too_few_training_images_are_refused() {
    let message = question(untrained("resnet8", 5), sample(20), training(127)).unwrap_err();
    assert_eq!(
        message.to_string(),
        "branch-scales needs at least 128 training images, but there are 127"
    );
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    however_cut(&question(scaled_resnet8(), sample(70), training(256)).unwrap());
}
