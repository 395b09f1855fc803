//! Laws of keys and names of records.

use lesion::{Question, Subject};
use models::Normalisation;
use record::{Key, NetworkId};
use serde_json::json;

use crate::common::{
    arch, delete_one, foreign, metadata, question, run, sample, small_vgg, untrained, weights,
};
use crate::folds::Folds;

fn key(subject: &Subject, images: usize) -> Key {
    delete_one(subject.clone(), sample(images)).key().clone()
}

#[test]
fn a_record_answers_the_key_of_its_question_and_of_no_other() {
    let subject = untrained("resnet8", 1);
    let question = delete_one(subject.clone(), sample(3));
    let record = run(&question);
    assert!(record.is_up_to_date(question.key()));
    let changed = |change: fn(&mut Subject)| {
        let mut changed = subject.clone();
        change(&mut changed);
        changed
    };
    for other in [
        key(&subject, 4),
        key(&untrained("resnet8", 2), 3),
        key(&untrained("resnet8-v1", 1), 3),
        key(&small_vgg(true, 1), 3),
        key(&changed(|subject| subject.normalisation = Normalisation::IMAGENET), 3),
        key(&changed(|subject| subject.model.branch_scale[1] = 0.5), 3),
        key(&changed(|subject| subject.name += "-sd"), 3),
        Key { simd: "another".to_owned(), ..question.key().clone() },
        Key { version: 3, ..question.key().clone() },
    ] {
        assert!(!record.is_up_to_date(&other), "{other:?}");
        assert_ne!(record.key_hash(), other.hash());
    }
}

#[test]
fn options_are_in_the_key_and_so_is_the_work_that_they_decide() {
    let ask = |options| question(&Folds, options, untrained("resnet8", 1), sample(10));
    let full = ask(json!({}));
    assert_eq!(ask(json!({ "draws": 3 })).key(), full.key());
    for other in [json!({ "draws": 4 }), json!({ "folds": 4 }), json!({ "seed": 1 })] {
        let (other, full) = (ask(other), full.key());
        assert_ne!(other.key().options, full.options);
        assert_ne!(other.key().work, full.work);
        assert_ne!(other.key().hash(), full.hash());
    }
}

#[test]
fn a_key_says_what_was_asked_of_which_weights_and_images() {
    let mut stated = metadata("resnet8", 3);
    stated.branch_scale = vec![1.0, 0.75, 0.5];
    let bytes = weights("resnet8", 1, Some(&stated));
    let path = "somewhere/resnet8-s3.safetensors".as_ref();
    let subject = Subject::from_bytes(arch("resnet8"), path, &bytes).unwrap();
    let key = key(&subject, 5);
    assert_eq!((key.experiment.as_str(), key.version), ("delete-one", 2));
    let options = json!({ "term": "branch", "statistics": "running" });
    assert_eq!((key.options, key.simd.as_str()), (options, tensor::simd::level().name()));
    let [NetworkId { name, model, weights, conventions, branch_scale }] = &key.networks[..] else {
        panic!("expected one network");
    };
    assert_eq!((name.as_str(), model.name.as_str()), ("resnet8-s3", "resnet8"));
    assert_eq!(model.unit, "block");
    assert_eq!(model.parameters, subject.model.params.count_trained() as u64);
    assert_eq!(model.macs, subject.model.macs());
    assert_eq!(weights.source, "resnet8-s3.safetensors");
    assert_eq!(weights.sha256, record::sha256_hex(&bytes));
    assert_eq!(weights.recipe.as_deref(), Some("one-cycle"));
    assert_eq!((weights.epochs, weights.seed), (Some(15), Some(3)));
    assert_eq!(weights.test_error, Some(0.125));
    assert_eq!((conventions.mean[0], conventions.std[0]), (0.4914, 0.2470));
    assert_eq!(branch_scale, &[1.0, 0.75, 0.5]);
    let [images] = &key.images[..] else { panic!("expected the test images") };
    assert_eq!((images.name.as_str(), images.sample), ("cifar10-test", true));
    assert_eq!((images.images, images.classes), (5, 10));
    assert_eq!(images.sha256, sample(5).id().sha256);
    assert_eq!(small_vgg(true, 1).id().model.unit, "layer");
}

#[test]
fn names_of_records_say_weights_and_images() {
    let cases = [
        ("resnet8", 2_000, "delete-one-resnet8-sample"),
        ("resnet8-sd-s2", 7, "delete-one-resnet8-sd-s2-sample-first-7"),
        ("theirs (1)", 2_000, "delete-one-resnet8-theirs__1_-sample"),
    ];
    for (name, images, expected) in cases {
        let mut subject = untrained("resnet8", 1);
        (subject.name, subject.listed) = (name.to_owned(), true);
        assert_eq!(delete_one(subject, sample(images)).record_name(), expected);
    }
}

#[test]
fn networks_that_no_catalogue_lists_are_told_apart_by_their_weights() {
    let ask = |name: &str, seed| {
        let subject = Subject { name: name.to_owned(), ..untrained("resnet8", seed) };
        delete_one(subject, sample(7))
    };
    let (one, other) = (ask("final", 1), ask("final", 2));
    for question in [&one, &other] {
        let expected = format!("delete-one-resnet8-{}-sample-first-7", foreign(question, "final"));
        assert_eq!(question.record_name(), expected);
    }
    assert_ne!(one.record_name(), other.record_name());
    // Files of one stem are still told apart where a name has to be cut.
    let long = "x".repeat(250);
    let (one, other) = (ask(&long, 1), ask(&long, 2));
    assert_eq!((one.record_name().len(), other.record_name().len()), (200, 200));
    assert_ne!(one.record_name(), other.record_name());
}

#[test]
fn names_of_records_say_what_is_not_as_in_the_full_protocol() {
    let cases = [
        (json!({ "draws": 3 }), "folds-NETWORK-sample-first-7"),
        (json!({ "draws": 10, "seed": 2 }), "folds-NETWORK-sample-first-7-draws10-seed2"),
    ];
    for (options, expected) in cases {
        let question: Question = question(&Folds, options, untrained("resnet8", 1), sample(7));
        let expected = expected.replace("NETWORK", &foreign(&question, "resnet8"));
        assert_eq!(question.record_name(), expected);
    }
}
