//! Laws of the experiment `delete-one`.

use lesion::experiment::delete_one;
use lesion::{Experiment, LesionError};
use models::{Model, Plan, evaluate};
use proptest::prelude::*;
use record::{DeleteOne, Outcome, Record};
use tensor::{Scalar, Tensor, threads};

use crate::common::{lived_in, noise, sample, small_vgg, untrained};

/// One evaluation for each plan, nothing shared.
fn assert_equals_separate_evaluations<T: Scalar>(
    model: &Model<T>,
    batches: &[(Tensor<T>, Vec<u8>)],
    swept: &DeleteOne,
) {
    let separately = |plan: &Plan| evaluate(model, plan, batches.to_vec());
    let intact = separately(&Plan::intact(model));
    assert_eq!(swept.images, intact.images());
    assert_eq!(swept.intact.wrong as usize, intact.wrong());
    assert_eq!(swept.intact.cross_entropy.to_bits(), intact.cross_entropy().to_bits());
    assert_eq!(swept.units.len(), model.units.len());
    for (id, (unit, found)) in model.units.iter().zip(&swept.units).enumerate() {
        assert_eq!((found.index, &found.name, found.stage), (id, &unit.name, unit.stage));
        assert_eq!(found.boundary, unit.is_boundary());
        let Ok(plan) = Plan::intact(model).delete(model, id) else {
            assert_eq!(found.deleted, None, "{}", unit.name);
            continue;
        };
        let (expected, found) = (separately(&plan), found.deleted.as_ref().unwrap());
        assert_eq!(found.score.wrong as usize, expected.wrong(), "{}", unit.name);
        let bits = [found.score.cross_entropy, expected.cross_entropy()].map(f64::to_bits);
        assert_eq!(bits[0], bits[1], "{}", unit.name);
        let differ = |was: bool| {
            let pairs = intact.is_right.iter().zip(&expected.is_right);
            pairs.filter(|&(&a, &b)| a == was && b != was).count()
        };
        assert_eq!(found.newly_wrong as usize, differ(true), "{}", unit.name);
        assert_eq!(found.newly_right as usize, differ(false), "{}", unit.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_sweep_gives_the_bits_of_separate_evaluations(
        seed in 0..1000_u64, n in 1..6_usize, cut in 0..6_usize, batch_norm: bool,
    ) {
        for model in [
            untrained("resnet8", seed).model,
            untrained("resnet14-v1", seed).model,
            small_vgg(batch_norm, seed).model,
        ] {
            let model = lived_in(model, seed);
            let batches = noise(seed, n, cut.min(n));
            let swept = delete_one::measure(&model, batches.clone(), &mut |_| {}).unwrap();
            assert_equals_separate_evaluations(&model, &batches, &swept);
        }
    }

    #[test]
    fn the_law_holds_in_double_precision(seed in 0..1000_u64) {
        let model = lived_in(untrained("resnet8", seed).model, seed).cast::<f64>();
        let batches = noise(seed, 3, 1);
        let swept = delete_one::measure(&model, batches.clone(), &mut |_| {}).unwrap();
        assert_equals_separate_evaluations(&model, &batches, &swept);
    }
}

#[test]
fn a_run_measures_every_image_of_the_data_set() {
    let images = sample(131);
    for subject in [untrained("resnet8", 5), small_vgg(true, 5)] {
        let experiment = Experiment::named("delete-one").unwrap();
        let record = experiment.run(&subject, &images, None, &mut |_, _| {}).unwrap();
        let Outcome::DeleteOne(swept) = &record.result;
        // Not the batches of the run: no bit depends on them.
        let batches: Vec<_> = subject.batches(&images, 50).collect();
        assert_eq!(
            batches.iter().map(|(_, labels)| labels.len()).collect::<Vec<_>>(),
            [50, 50, 31]
        );
        assert_equals_separate_evaluations(&subject.model, &batches, swept);
    }
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    let (images, experiment) = (sample(64), Experiment::named("delete-one").unwrap());
    for subject in [untrained("resnet8", 7), small_vgg(true, 7)] {
        let written = |n: usize| {
            let run = || experiment.run(&subject, &images, None, &mut |_, _| {}).unwrap();
            let record: Record = threads::with_threads(n, run).unwrap();
            let dir = tempfile::tempdir().unwrap();
            std::fs::read(record.save(dir.path()).unwrap()).unwrap()
        };
        assert!(written(1) == written(2), "{}", subject.model.name);
    }
}

#[test]
fn what_cannot_be_deleted_is_none_and_what_can_is_in_the_key() {
    let (subject, images) = (small_vgg(true, 1), sample(2));
    let experiment = Experiment::named("delete-one").unwrap();
    let record = experiment.run(&subject, &images, None, &mut |_, _| {}).unwrap();
    let Outcome::DeleteOne(swept) = &record.result;
    let deleted: Vec<bool> = swept.units.iter().map(|unit| unit.deleted.is_some()).collect();
    assert_eq!(deleted, [vec![false], vec![true; 13]].concat());
    let asked: Vec<usize> = (1..14).collect();
    assert_eq!(record.key.plans, serde_json::json!({ "deleted": asked }));
}

#[test]
fn progress_climbs_to_the_total() {
    let (subject, images) = (untrained("resnet8", 1), sample(130));
    // Three units: 3 passes intact, 3 + 2 + 1 lesioned.
    assert_eq!(delete_one::sweep(&subject.model).cost(&subject.model).passes, 9);
    let mut told = vec![(0, 9 * 130)];
    let experiment = Experiment::named("delete-one").unwrap();
    experiment.run(&subject, &images, None, &mut |done, total| told.push((done, total))).unwrap();
    assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 == pair[1].1));
    assert_eq!(*told.last().unwrap(), (9 * 130, 9 * 130));
}

#[test]
fn no_images_and_infinite_losses_are_errors() {
    let mut model = untrained("resnet8", 1).model;
    let error = delete_one::measure(&model, [], &mut |_| {}).unwrap_err();
    assert!(matches!(error, LesionError::NoImages { .. }), "{error}");
    // Finite weights whose sums are not.
    let weight = model.params.find("linear.weight").unwrap();
    model.params.value_mut(weight).as_mut_slice().fill(f32::MAX);
    let message = delete_one::measure(&model, noise(1, 2, 0), &mut |_| {}).unwrap_err().to_string();
    assert!(message.starts_with("resnet8, intact: the mean cross-entropy is"), "{message}");
}
