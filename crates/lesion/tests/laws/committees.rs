//! Laws of ensembles and sub-networks: every number is that of plain evaluations.

use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{Plan, evaluate};
use record::{Bits, Committee, Ensemble, SubNetworks};
use serde_json::json;

use crate::common::{SMALLEST, lived_in, near, sample, untrained};

const IMAGES: usize = 41;

/// A network whose answers differ from image to image.
fn network(name: &str, seed: u64) -> Subject {
    let subject = untrained(name, seed);
    Subject { model: lived_in(subject.model, seed), name: format!("{name}-s{seed}"), ..subject }
}

fn ask(experiment: &str, networks: Vec<Subject>) -> Result<Question, LesionError> {
    let inputs = Inputs { networks, test: Some(sample(IMAGES)), ..Inputs::default() };
    Question::new(experiment::named(experiment).unwrap(), json!({}), inputs)
}

/// Softmax of every image under a plan, by the book.
fn softmax(subject: &Subject, plan: &Plan) -> Vec<Vec<f64>> {
    let (images, _) = subject.batches(&sample(IMAGES), IMAGES).next().unwrap();
    let logits = subject.model.logits(images, plan);
    let row = |row: &[f32]| {
        let powers: Vec<f64> = row.iter().map(|&logit| f64::from(logit).exp()).collect();
        powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect()
    };
    logits.as_slice().chunks_exact(10).map(row).collect()
}

fn best(numbers: &[f64]) -> usize {
    (0..numbers.len()).rev().max_by(|&a, &b| numbers[a].total_cmp(&numbers[b])).unwrap()
}

fn labels() -> Vec<usize> {
    sample(IMAGES).labels().iter().map(|&label| label.into()).collect()
}

/// The images on which the mean softmax of these members is right.
fn mean_right(members: &[Vec<Vec<f64>>]) -> Vec<bool> {
    let sum = |image: usize, class: usize| members.iter().map(|p| p[image][class]).sum();
    let sums = |image: usize| (0..10).map(|class| sum(image, class)).collect::<Vec<f64>>();
    labels().iter().enumerate().map(|(image, &label)| best(&sums(image)) == label).collect()
}

/// Holds every number of a committee to its definition.
fn require_committee(found: &Committee, members: &[Vec<Vec<f64>>]) {
    let (m, n, labels) = (members.len() as f64, IMAGES as f64, labels());
    let is_right = |p: &Vec<Vec<f64>>, image: usize| best(&p[image]) == labels[image];
    let wrong = |p| (0..IMAGES).filter(|&image| !is_right(p, image)).count() as u32;
    assert_eq!(found.member_wrong, members.iter().map(wrong).collect::<Vec<_>>());
    assert!(found.mean.iter().eq(mean_right(members)));
    let (mut brier, mut member_brier, mut ambiguity) = (0.0, 0.0, 0.0);
    for image in 0..IMAGES {
        let mut votes = [0; 10];
        members.iter().for_each(|p| votes[best(&p[image])] += 1);
        let q = |class: usize| members.iter().map(|p| p[image][class]).sum::<f64>() / m;
        let most = *votes.iter().max().unwrap();
        let tied = (0..10).filter(|&class| votes[class] == most);
        let elected = tied.max_by(|&a, &b| q(a).total_cmp(&q(b))).unwrap();
        assert_eq!(found.vote.get(image), elected == labels[image], "{votes:?}");
        for class in 0..10 {
            let t = f64::from(u8::from(class == labels[image]));
            brier += (q(class) - t).powi(2) / n;
            for p in members {
                member_brier += (p[image][class] - t).powi(2) / (n * m);
                ambiguity += (p[image][class] - q(class)).powi(2) / (n * m);
            }
        }
    }
    let ours = [found.brier, found.member_brier, found.ambiguity];
    near(&ours, &[brier, member_brier, ambiguity], 1e-12);
    near(&[found.brier], &[found.member_brier - found.ambiguity], 1e-12);
    let bits = |p| (0..IMAGES).map(|image| is_right(p, image)).collect::<Bits>();
    let bits: Vec<Bits> = members.iter().map(bits).collect();
    assert_eq!(found.correlation, record::stats::error_correlation(&bits));
}

#[test]
fn an_ensemble_is_the_mean_softmax_of_its_members() {
    let networks: Vec<Subject> = (1..=4).map(|seed| network("resnet8", seed)).collect();
    let question = ask("ensemble", networks.clone()).unwrap();
    let record = question.run(&mut Runner::default()).unwrap();
    let found: Ensemble = record.answer().unwrap();
    let intact = Plan::intact(&networks[0].model);
    let each: Vec<_> = networks.iter().map(|subject| softmax(subject, &intact)).collect();
    require_committee(&found.all, &each);
    for (subject, right) in networks.iter().zip(&found.members) {
        let alone = evaluate(&subject.model, &intact, subject.batches(&sample(IMAGES), 32));
        assert!(right.iter().eq(alone.is_right));
    }
    let mut of_size = [0; 4];
    let right = |subset: usize| {
        let chosen = (0..4).filter(|m| subset >> m & 1 == 1).map(|m| each[m].clone());
        mean_right(&chosen.collect::<Vec<_>>())
    };
    for (place, &wrong) in found.subset_wrong.iter().enumerate() {
        let expected = right(place + 1).iter().filter(|right| !**right).count();
        assert_eq!(wrong as usize, expected, "subset {}", place + 1);
        of_size[(place + 1).count_ones() as usize - 1] += wrong;
    }
    assert_eq!(found.subset_wrong.len(), 15);
    assert_eq!((1..=4).map(|size| found.subsets(size)).collect::<Vec<_>>(), [4, 6, 4, 1]);
    let error = f64::from(of_size[2]) / (4 * IMAGES) as f64;
    near(&[found.error(3)], &[error], 1e-15);
    // The answers differ, else this would say little.
    assert!(found.subset_wrong.iter().min() < found.subset_wrong.iter().max());
    let right: Vec<Vec<bool>> = (1..16).map(right).collect();
    let profile = |image: usize| -> Vec<u32> {
        let wrong = |size: u32| {
            let sets = (1..16_usize).filter(|set| set.count_ones() == size);
            sets.filter(|set| !right[set - 1][image]).count() as u32
        };
        (1..=4).map(wrong).collect()
    };
    let mut profiles: Vec<Vec<u32>> = (0..IMAGES).map(profile).collect();
    profiles.sort();
    let found_profiles = found
        .profiles
        .iter()
        .flat_map(|profile| std::iter::repeat_n(profile.wrong.clone(), profile.images as usize));
    assert!(found_profiles.eq(profiles));
    // However it is cut.
    let cut = question.run(&mut Runner { limits: SMALLEST, ..Runner::default() }).unwrap();
    assert_eq!(cut, record);
}

#[test]
fn a_sub_network_is_an_evaluation_of_its_plan() {
    let subject = network("resnet8", 7);
    let question = ask("sub-networks", vec![subject.clone()]).unwrap();
    let record = question.run(&mut Runner::default()).unwrap();
    let found: SubNetworks = record.answer().unwrap();
    assert_eq!(found.units, [0, 1, 2]);
    let plan = |network: usize| {
        let deleted = (0..3).filter(|id| network >> id & 1 == 0);
        deleted
            .fold(Plan::intact(&subject.model), |plan, id| plan.delete(&subject.model, id).unwrap())
    };
    for (network, &wrong) in found.all.member_wrong.iter().enumerate() {
        let alone = evaluate(&subject.model, &plan(network), subject.batches(&sample(IMAGES), 32));
        assert_eq!(wrong as usize, alone.wrong(), "sub-network {network}");
    }
    let each: Vec<_> = (0..8).map(|network| softmax(&subject, &plan(network))).collect();
    require_committee(&found.all, &each);
    for (kept, networks) in [&[0_usize][..], &[1, 2, 4], &[3, 5, 6], &[7]].into_iter().enumerate() {
        let members: Vec<_> = networks.iter().map(|&network| each[network].clone()).collect();
        require_committee(&found.by_kept[kept], &members);
    }
    let alone = evaluate(&subject.model, &plan(7), subject.batches(&sample(IMAGES), 32));
    assert!(found.intact.right.iter().eq(alone.is_right.iter().copied()));
    assert_eq!(found.intact.cross_entropy.to_bits(), alone.cross_entropy().to_bits());
    let cut = question.run(&mut Runner { limits: SMALLEST, ..Runner::default() }).unwrap();
    assert_eq!(cut, record);
}

/// 512 networks for the price of 57: prefixes are shared. What is not a block, stem and
/// head, weighs little.
#[test]
fn sub_networks_share_their_prefixes() {
    let question = ask("sub-networks", vec![untrained("resnet20", 1)]).unwrap();
    let networks = question.cost().macs / (2 * 32) / untrained("resnet20", 1).model.macs();
    assert!((50..60).contains(&networks), "{networks}");
}

#[test]
fn too_many_members_or_units_are_refused() {
    let many = vec![untrained("resnet8", 1); 13];
    let cases = [
        (ask("ensemble", many), "ensemble studies 1 to 12 networks, but 13 are given"),
        (ask("ensemble", Vec::new()), "ensemble studies 1 to 12 networks, but 0 are given"),
        (
            ask("sub-networks", vec![untrained("resnet32", 1)]),
            "sub-networks cannot be asked of resnet32: it needs 1 to 12 units that can be deleted",
        ),
    ];
    for (question, expected) in cases {
        assert_eq!(question.unwrap_err().to_string(), expected);
    }
}

#[test]
fn networks_without_numbers_are_refused() {
    let mut broken = untrained("resnet8", 1);
    let (id, _) = broken.model.params.iter().last().unwrap();
    broken.model.params.value_mut(id).as_mut_slice().fill(f32::NAN);
    let question = ask("ensemble", vec![untrained("resnet8", 2), broken]).unwrap();
    let message = question.run(&mut Runner::default()).unwrap_err().to_string();
    let expected =
        "ensemble of resnet8, resnet8: the probabilities of a member are not all numbers";
    assert!(message.starts_with(expected), "{message}");
}
