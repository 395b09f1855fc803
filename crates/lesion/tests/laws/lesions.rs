//! Laws of lesions: what is more than a plan.

use lesion::experiment::Plans;
use lesion::{Lesion, RECALIBRATION_BATCH, Statistics, Subject};
use models::{Plan, evaluate, recalibrated};
use proptest::prelude::*;
use record::Score;
use serde_json::json;

use crate::common::{lived_in, question, run, sample, training, untrained};

/// A network in which no scale and no statistic can be forgotten unnoticed.
fn subject(name: &str, seed: u64) -> Subject {
    let mut subject = untrained(name, seed);
    subject.model = lived_in(subject.model, seed);
    subject
}

/// The scores under these lesions on 40 images.
fn scores(subject: &Subject, lesions: &[Lesion]) -> Vec<Score> {
    let options = json!({ "plans": lesions });
    let record = run(&question(&Plans, options, subject.clone(), sample(40)));
    record.answer::<record::Plans>().unwrap().scores
}

/// The score of the network as it is under a plan.
fn score(subject: &Subject, plan: &Plan) -> Score {
    let images = sample(40);
    let found = evaluate(&subject.model, plan, subject.batches(&images, 9));
    Score::new(found.is_right.iter().copied().collect(), found.cross_entropy())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]

    #[test]
    fn branch_scales_of_a_lesion_are_as_those_of_the_network(
        seed in 0..1000_u64, id in 0..3_usize, factors in prop::array::uniform3(-1.0..2.0_f64),
    ) {
        for name in ["resnet8", "resnet8-v1"] {
            let subject = subject(name, seed);
            let mut scaled = subject.clone();
            scaled.model.branch_scale = factors.to_vec();
            let intact = Plan::intact(&subject.model);
            let deleted = intact.clone().delete(&subject.model, id).unwrap();
            let with = |plan: &Plan, scale: Option<&[f64; 3]>| Lesion {
                branch_scale: scale.map(|scale| scale.to_vec()),
                ..Lesion::from(plan.clone())
            };
            let lesions = [
                with(&deleted, Some(&factors)),
                with(&intact, None),
                with(&intact, Some(&factors)),
                with(&deleted, None),
            ];
            let expected = [
                score(&scaled, &deleted),
                score(&subject, &intact),
                score(&scaled, &intact),
                score(&subject, &deleted),
            ];
            prop_assert_eq!(scores(&subject, &lesions), expected);
        }
    }

    #[test]
    fn re_estimated_statistics_are_those_of_the_first_training_images_under_the_lesion(
        seed in 0..1000_u64, id in 0..3_usize, batches in 1..3_usize, scale in 0.5..1.5_f64,
    ) {
        let subject = subject("resnet8", seed);
        let plan = Plan::intact(&subject.model).delete(&subject.model, id).unwrap();
        let mut expected = subject.clone();
        expected.model.branch_scale = vec![scale; 3];
        let images = training(batches * RECALIBRATION_BATCH);
        let images = subject.batches(&images, RECALIBRATION_BATCH).map(|(images, _)| images);
        expected.model = recalibrated(&expected.model, &plan, images);

        let lesion = Lesion {
            branch_scale: Some(vec![scale; 3]),
            statistics: Statistics::Reestimated { batches },
            ..Lesion::from(plan.clone())
        };
        let running = Lesion::from(plan.clone());
        let found = scores(&subject, &[lesion, running]);
        prop_assert_eq!(&found[0], &score(&expected, &plan));
        prop_assert_eq!(&found[1], &score(&subject, &plan));
        prop_assert_ne!(&found[0], &found[1]);
    }
}

#[test]
fn a_lesion_is_a_value_and_names_only_what_it_changes() {
    let model = untrained("resnet8", 1).model;
    let plain = Lesion::from(Plan::intact(&model));
    let full = Lesion {
        branch_scale: Some(vec![1.0, 0.5, 0.1]),
        statistics: Statistics::Reestimated { batches: 7 },
        ..plain.clone()
    };
    let plan = json!({ "order": [0, 1, 2], "routes": ["both", "both", "both"] });
    let cases = [
        (plain, json!({ "plan": plan })),
        (
            full,
            json!({
                "plan": plan,
                "branch_scale": [1.0, 0.5, 0.1],
                "statistics": { "reestimated": { "batches": 7 } },
            }),
        ),
    ];
    for (lesion, expected) in cases {
        assert_eq!(serde_json::to_value(&lesion).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Lesion>(expected).unwrap(), lesion);
    }
}
