//! Weights files: what they decide, and which are refused.

use lesion::{LesionError, Subject};
use models::Normalisation;

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
        (Vec::new(), "not a whole safetensors file"),
        (weights("resnet14", 1, None), "unexpected: layer1.1.bn1.bias"),
        (weights("resnet8", 1, Some(&metadata("resnet14", 6))), "of model resnet14"),
        (weights("resnet8", 1, Some(&metadata("resnet8", 6))), "6 branches"),
        (nan.params.to_state().to_bytes(), "holding NaN or infinity: bn.bias"),
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
