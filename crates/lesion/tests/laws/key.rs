//! Laws of keys and names of records.

use lesion::{Experiment, Subject};
use record::Key;

use crate::common::{arch, metadata, sample, small_vgg, untrained, weights};

fn key(subject: &Subject, images: usize) -> Key {
    Experiment::named("delete-one").unwrap().key(subject, &sample(images), None)
}

#[test]
fn a_record_answers_the_key_of_its_question_and_of_no_other() {
    let (subject, images) = (untrained("resnet8", 1), sample(3));
    let experiment = Experiment::named("delete-one").unwrap();
    let claims = "c".repeat(64);
    let record = experiment.run(&subject, &images, Some(&claims), &mut |_, _| {}).unwrap();
    assert!(record.is_up_to_date(&experiment.key(&subject, &images, Some(&claims))));
    for other in [
        key(&subject, 3),
        experiment.key(&subject, &sample(4), Some(&claims)),
        experiment.key(&untrained("resnet8", 2), &images, Some(&claims)),
        experiment.key(&untrained("resnet8-v1", 1), &images, Some(&claims)),
        experiment.key(&small_vgg(true, 1), &images, Some(&claims)),
    ] {
        assert!(!record.is_up_to_date(&other), "{other:?}");
    }
}

#[test]
fn a_key_says_what_was_asked_of_which_weights_and_images() {
    let bytes = weights("resnet8", 1, Some(&metadata("resnet8", 3)));
    let path = "somewhere/resnet8-s3.safetensors".as_ref();
    let subject = Subject::from_bytes(arch("resnet8"), path, &bytes).unwrap();
    let key = key(&subject, 5);
    assert_eq!((key.experiment.as_str(), key.version, key.seed), ("delete-one", 2, 0));
    assert_eq!(key.simd, tensor::simd::level().name());
    assert_eq!(key.plans, serde_json::json!({ "deleted": [0, 1, 2] }));
    assert_eq!(key.model.name, "resnet8");
    assert_eq!(key.model.parameters, subject.model.params.count_trained() as u64);
    assert_eq!(key.model.macs, subject.model.macs());
    assert_eq!(key.weights.source, "resnet8-s3.safetensors");
    assert_eq!(key.weights.sha256, record::sha256_hex(&bytes));
    assert_eq!(key.weights.recipe.as_deref(), Some("one-cycle"));
    assert_eq!((key.weights.epochs, key.weights.seed), (Some(15), Some(3)));
    assert_eq!(key.weights.test_error, Some(0.125));
    assert_eq!((key.data.name.as_str(), key.data.sample), ("cifar10-test", true));
    assert_eq!((key.data.images, &key.data.sha256), (5, &sample(5).id().sha256));
}

#[test]
fn names_of_records_say_weights_and_images() {
    let cases = [
        ("resnet8.safetensors", 2_000, "delete-one-resnet8-sample"),
        ("resnet8-sd-s2.safetensors", 7, "delete-one-resnet8-sd-s2-sample-first-7"),
        ("theirs (1).safetensors", 2_000, "delete-one-resnet8-theirs__1_-sample"),
    ];
    let experiment = Experiment::named("delete-one").unwrap();
    for (source, images, expected) in cases {
        let mut subject = untrained("resnet8", 1);
        subject.weights.source = source.to_owned();
        assert_eq!(experiment.record_name(&subject, &sample(images)), expected);
    }
}
