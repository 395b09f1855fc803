//! Laws of deletions of single branches.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Plan, ResNext, Route, evaluate};
use record::DeleteBranches;
use serde_json::json;

use crate::common::{however_cut, lived_in, near, sample, untrained};

fn ask(network: Subject) -> Result<Question, LesionError> {
    let inputs = Inputs { networks: vec![network], test: Some(sample(37)), ..Inputs::default() };
    Question::new(experiment::named("delete-branches").unwrap(), json!({}), inputs)
}

fn answer(network: Subject) -> DeleteBranches {
    ask(network).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

#[test]
fn each_number_is_that_of_the_network_whose_function_puts_out_zeros() {
    let mut subject = untrained("multires-1x3", 5);
    subject.model = lived_in(subject.model, 5);
    let found = answer(subject.clone());
    assert_eq!(found.images, 37);
    let images = sample(37);
    let plan = models::Plan::intact(&subject.model);
    let score = |model: &models::Model<f32>| {
        let found = evaluate(model, &plan, subject.batches(&images, 20));
        (found.is_right.clone(), found.cross_entropy())
    };
    let same = |found: &record::Score, expected: (Vec<bool>, f64)| {
        assert_eq!(found.right.iter().collect::<Vec<_>>(), expected.0);
        near(&[found.cross_entropy], &[expected.1], 1e-9);
    };
    same(&found.intact, score(&subject.model));
    let places: Vec<_> = found.units.iter().map(|u| (u.index, u.boundary, u.stage)).collect();
    assert_eq!(places, [(0, false, 0), (1, true, 1), (2, true, 2)]);
    for unit in &found.units {
        assert_eq!(unit.deleted.len(), 3);
        for (branch, deleted) in unit.deleted.iter().enumerate() {
            let mut silent = subject.model.clone();
            let name = format!("{}.branch{branch}.conv2.weight", unit.name);
            let weight = silent.params.find(&name).unwrap();
            silent.params.value_mut(weight).as_mut_slice().fill(0.0);
            same(deleted, score(&silent));
            assert_ne!(deleted.cross_entropy, found.intact.cross_entropy, "{name}");
        }
    }
}

/// One branch of a unit is the unit, which `delete-one` deletes.
#[test]
fn units_with_one_branch_are_left_to_other_experiments() {
    let mut subject = untrained("multires-1x2", 5);
    let branches = &mut subject.model.units[1].branches;
    branches.truncate(1);
    let indices: Vec<_> = answer(subject).units.iter().map(|unit| unit.index).collect();
    assert_eq!(indices, [0, 2]);
    for network in ["resnet8", "highway"] {
        let message = ask(untrained(network, 1)).unwrap_err().to_string();
        assert!(message.contains("it needs a unit with several branches"), "{message}");
    }
    assert_eq!(untrained("resnet8", 1).model.units[0].intact_route(), Route::BOTH);
}

/// The groups of a ResNeXt are the branches of its form A. The network is a made-up one of few
/// groups with the name of its kind.
#[test]
fn groups_are_the_branches_of_the_split_network() {
    let mut subject = untrained("resnext29-3x2", 5);
    subject.model = lived_in(subject.model, 5);
    let found = answer(subject.clone());
    let places: Vec<_> = found.units.iter().map(|u| (u.index, u.boundary)).collect();
    assert_eq!(places, (0..9).map(|id| (id, id % 3 == 0)).collect::<Vec<_>>());
    let split = ResNext::named("resnext29-3x2").unwrap().split(&subject.model);
    let (images, intact) = (sample(37), Plan::intact(&split));
    let same = |found: &record::Score, plan: &Plan| {
        let expected = evaluate(&split, plan, subject.batches(&images, 20));
        assert_eq!(found.right.iter().collect::<Vec<_>>(), expected.is_right);
        near(&[found.cross_entropy], &[expected.cross_entropy()], 1e-4);
    };
    same(&found.intact, &intact);
    // As an ordinary evaluation has it, to the last bit.
    let plan = Plan::intact(&subject.model);
    let own = evaluate(&subject.model, &plan, subject.batches(&images, 20));
    assert_eq!(found.intact.cross_entropy, own.cross_entropy());
    for unit in &found.units {
        assert_eq!(unit.deleted.len(), 3);
        for (group, deleted) in unit.deleted.iter().enumerate() {
            same(deleted, &intact.clone().delete_branch(&split, unit.index, group).unwrap());
        }
    }
    // Some group does something that rounding does not.
    let changes = found.units.iter().flat_map(|unit| &unit.deleted);
    let changes = changes.map(|score| (score.cross_entropy - own.cross_entropy()).abs());
    assert!(changes.fold(0.0, f64::max) > 1e-2);
    // One group is the block.
    let message = ask(untrained("resnext29-1x4", 1)).unwrap_err().to_string();
    assert!(message.contains("it needs a unit with several branches"), "{message}");
}

#[test]
fn groups_do_not_depend_on_the_cut_or_the_threads() {
    let mut subject = untrained("resnext29-2x1", 5);
    subject.model = lived_in(subject.model, 5);
    however_cut(&ask(subject).unwrap());
}
