//! Settings as files state them: checkpoints of before go on under the same words.

use data::Split;
use models::Arch;
use train::{Job, Measured, Recipe, Settings};

use crate::common::{images, job};

/// A training on 45,000 images, as its checkpoint says.
const HOLD_OUT: &str = r#"{"model":"resnet32","recipe":{"name":"one-cycle","epochs":30,"batch":128,"schedule":{"peak":0.2,"warm_up":0.25,"shape":"one-cycle"},"momentum":0.9,"nesterov":true,"weight_decay":0.0005},"seed":1,"train":{"name":"cifar10-train-first-45000","sha256":"b28a4f409dddc5b6c8a5097ed31ca9f595c92e6d651fed03c4a5b0e490d20953"},"validation":{"name":"cifar10-train-last-5000","sha256":"1059f45d9f82362b72e0bb52efc8581009201d48e894010175e76b86b352a240"},"normalisation":{"mean":[0.4914,0.4822,0.4465],"std":[0.247,0.2435,0.2616]},"simd":"avx512"}"#;

/// The test job of this crate; `SIMD` stands for the level.
const SAMPLE: &str = r#"{"model":"resnet8","recipe":{"name":"one-cycle","epochs":2,"batch":16,"schedule":{"peak":0.2,"warm_up":0.25,"shape":"one-cycle"},"momentum":0.9,"nesterov":true,"weight_decay":0.0005},"seed":3,"train":{"name":"cifar10-sample-train-first-40","sha256":"5601d81a77373326a66f06a5cb2f8e97fa16f06f6c2d850105161d95f4efafb2"},"test":{"name":"cifar10-sample-test-first-40","sha256":"64d120645d7ab46d482fd959afcec14a3e9fe78df6077c87ce7961e9a37abbea"},"normalisation":{"mean":[0.4914,0.4822,0.4465],"std":[0.247,0.2435,0.2616]},"simd":"SIMD"}"#;

/// As [`SAMPLE`], with the last 16 of 56 training images held out.
const SAMPLE_HELD_OUT: &str = r#""validation":{"name":"cifar10-sample-train-40-to-55","sha256":"01d232266637aa23fb228a7a079f7d96425be68cfccd1a8c0d712e16311e7a0b"}"#;

fn json(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap()
}

#[test]
fn settings_of_before_come_back_byte_for_byte() {
    let level = tensor::simd::level().to_string();
    for text in [HOLD_OUT.to_owned(), SAMPLE.replace("SIMD", &level)] {
        let settings: Settings = serde_json::from_str(&text).unwrap();
        assert_eq!(json(&settings), text);
    }
    let settings: Settings = serde_json::from_str(HOLD_OUT).unwrap();
    let arch = Arch::parse("resnet32").unwrap();
    assert_eq!(settings.recipe, Recipe { epochs: 30, ..Recipe::default_for(arch) });
}

#[test]
fn a_job_has_the_settings_that_it_had_before() {
    let level = tensor::simd::level().to_string();
    let job_now = job("unused".as_ref(), false);
    assert_eq!(json(&Settings::of(&job_now)), SAMPLE.replace("SIMD", &level));
    let (train, held_out) = images(Split::Train, 56).hold_out(16).unwrap();
    let job_now = Job { train, measured: Measured::Validation(held_out), ..job_now };
    let text = json(&Settings::of(&job_now));
    assert!(text.contains(SAMPLE_HELD_OUT), "{text}");
    let train = SAMPLE.split_once("\"train\":").unwrap().1.split_once("\"test\"").unwrap().0;
    assert!(text.contains(train), "{text}");
}
