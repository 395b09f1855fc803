//! Weights files: what they decide, and which are refused.

use lesion::{Inputs, LesionError, Question, Subject, experiment};
use models::Normalisation;
use serde_json::json;
use tensor::Tensor;

use crate::common::{arch, metadata, sample, weights};

fn load(name: &str, bytes: &[u8]) -> Result<Subject, LesionError> {
    Subject::from_bytes(arch(name), "some/weights.safetensors".as_ref(), bytes)
}

#[test]
fn metadata_decide_normalisation_and_scales_and_foreign_files_get_the_defaults() {
    let stated = Normalisation::new([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]).unwrap();
    for (name, default) in
        [("resnet8", Normalisation::CIFAR10), ("resnet8-v1", Normalisation::IMAGENET)]
    {
        let foreign = load(name, &weights(name, 1, None)).unwrap();
        assert_eq!(foreign.normalisation, default);
        assert_eq!(foreign.model.branch_scale, [1.0; 3]);

        let mut own_metadata = metadata(name, 3);
        (own_metadata.normalisation, own_metadata.branch_scale) = (stated, vec![1.0, 0.75, 0.5]);
        let own = load(name, &weights(name, 1, Some(&own_metadata))).unwrap();
        assert_eq!(own.normalisation, stated);
        assert_eq!(own.model.branch_scale, [1.0, 0.75, 0.5]);

        // The first red value of the first image, through the stated numbers.
        let images = sample(1);
        let (batch, labels) = own.batches(&images, 3).next().unwrap();
        let byte = f32::from(images.image(0)[0]);
        assert_eq!(batch.as_slice()[0], (byte / 255.0 - 0.1) / 0.4);
        assert_eq!((batch.dims(), labels), (&[1, 32, 32, 3][..], vec![images.label(0)]));
    }
}

#[test]
fn what_is_no_weights_of_the_network_is_refused_by_name() {
    let whole = weights("resnet8", 1, None);
    let mut nan = arch("resnet8").build::<f32>(1);
    let id = nan.params.find("bn.bias").unwrap();
    nan.params.value_mut(id).as_mut_slice()[3] = f32::NAN;
    let mut flat = arch("resnet8").build::<f32>(1).params.to_state();
    let stated = serde_json::to_string(&metadata("resnet8", 3)).unwrap();
    flat.metadata = Some(stated.replacen("0.2435", "0.0", 1));
    let cases = [
        (whole[..whole.len() - 1].to_vec(), "not a whole safetensors file"),
        (Vec::new(), "an empty file"),
        (weights("resnet14", 1, None), "it looks like resnet14: name that model instead"),
        (weights("resnet14", 1, None), "unexpected: layer1.1.bn1.bias"),
        (weights("resnet8", 1, Some(&metadata("resnet14", 6))), "of model resnet14"),
        (weights("resnet8", 1, Some(&metadata("resnet8", 6))), "6 branches"),
        (nan.params.to_state().to_bytes(), "bn.bias is NaN in channel 3"),
        (flat.to_bytes(), "expected finite numbers and positive deviations"),
    ];
    for (bytes, expected) in cases {
        let message = load("resnet8", &bytes).unwrap_err().to_string();
        assert!(message.contains("some/weights.safetensors"), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_file_is_read_as_its_bytes_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("resnet8.safetensors");
    let missing = Subject::load(arch("resnet8"), &path).unwrap_err();
    assert!(matches!(missing, LesionError::Read { .. }), "{missing}");
    let bytes = weights("resnet8", 1, None);
    std::fs::write(&path, &bytes).unwrap();
    let read = Subject::load(arch("resnet8"), &path).unwrap();
    let given = Subject::from_bytes(arch("resnet8"), &path, &bytes).unwrap();
    assert_eq!(read.model, given.model);
    assert_eq!(read.weights, given.weights);
}

#[test]
fn images_of_other_classes_are_refused_before_anything_runs() {
    let mut state = arch("resnet8").build::<f32>(1).params.to_state();
    state.tensors.insert("linear.weight".into(), Tensor::zeros([100, 64]));
    state.tensors.insert("linear.bias".into(), Tensor::zeros([100]));
    let subject = load("resnet8", &state.to_bytes()).unwrap();
    assert_eq!(
        (subject.model.classes(), &subject.loading.notes[..]),
        (100, &["100 classes".into()][..])
    );
    let message = subject.check_classes(&sample(3)).unwrap_err().to_string();
    let expected = "weights knows 100 classes, but cifar10-sample-test-first-3 has 10";
    assert!(message.contains(expected), "{message}");
    let inputs = Inputs { networks: vec![subject], test: Some(sample(3)), ..Inputs::default() };
    let experiment = experiment::named("delete-one").unwrap();
    let question = Question::new(experiment, json!({}), inputs);
    assert!(matches!(question, Err(LesionError::Classes { .. })));
}

#[test]
fn what_foreign_weights_do_not_say_is_kept_in_the_key_and_doubted() {
    let foreign = load("resnet8-v1", &weights("resnet8-v1", 1, None)).unwrap();
    let assumed = [
        "normalisation imagenet",
        "shortcut pad-around",
        "batch-norm eps 1e-5",
        "channels red, green, blue",
        "classes in the order of CIFAR-10",
    ];
    assert_eq!(foreign.loading.assumed, assumed);
    assert_eq!(foreign.id().conventions.assumed, assumed);
    let line = foreign.loading.conventions().unwrap();
    assert_eq!(line, format!("assumed {}", assumed.join(", ")));
    // 25 % of 2,000 images is not far above 25 %, nor is 60 % of five images.
    for (wrong, images, doubted) in [(500, 2000, false), (3, 5, false), (600, 2000, true)] {
        assert_eq!(foreign.doubt(wrong, images).is_some(), doubted, "{wrong} of {images}");
    }
    let own = load("resnet8-v1", &weights("resnet8-v1", 1, Some(&metadata("resnet8-v1", 3))));
    let own = own.unwrap();
    assert_eq!((own.loading.conventions(), own.doubt(2000, 2000)), (None, None));
    assert_eq!(own.id().conventions.assumed, [""; 0]);
}

#[test]
fn endings_of_files_are_not_part_of_a_networks_name() {
    let bytes = weights("resnet8", 1, None);
    for (file, name) in [
        ("a/resnet8-d.th", "resnet8-d"),
        ("best.pth.tar", "best"),
        ("model.pt", "model"),
        ("x.safetensors", "x"),
        ("plain", "plain"),
    ] {
        assert_eq!(Subject::from_bytes(arch("resnet8"), file.as_ref(), &bytes).unwrap().name, name);
    }
}
