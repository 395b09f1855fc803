//! What weight files are accepted, and how the others are refused.

use std::collections::HashMap;
use std::sync::LazyLock;

use models::{Arch, Choices, Loaded, Metadata, Model, Normalisation, Origin, WeightsError};
use nn::state::{Mismatch, StateDict, StateError};
use safetensors::tensor::{Dtype, TensorView};
use tensor::Tensor;

use crate::common::{arch, lived_in};

static ARCH: LazyLock<Arch> = LazyLock::new(|| arch("resnet8"));

fn load_weights(arch: Arch, bytes: &[u8]) -> Result<Loaded, WeightsError> {
    models::load_weights(arch, bytes, &Choices::default())
}

fn trained() -> Model<f32> {
    let mut model = lived_in(ARCH.build(5), 5);
    model.branch_scale = vec![1.0, 0.75, 0.5];
    model
}

/// The metadata of [`trained`], with a normalisation that is not the default.
fn metadata() -> Metadata {
    Metadata {
        model: "resnet8".into(),
        recipe: "short".into(),
        peak_rate: None,
        epochs: 3,
        of_epochs: None,
        seed: u64::MAX,
        test_error: Some(0.125),
        normalisation: Normalisation::new([0.1, 0.2, 0.3], [0.4, 0.5, 0.7]).unwrap(),
        branch_scale: trained().branch_scale,
        paths: None,
        backward: None,
        program: "0.1.0".into(),
    }
}

fn file(metadata: Option<String>) -> Vec<u8> {
    StateDict { metadata, ..trained().params.to_state() }.to_bytes()
}

fn own_file() -> Vec<u8> {
    file(Some(serde_json::to_string(&metadata()).unwrap()))
}

/// What another program writes: metadata of its own, and batch counts.
fn foreign_file() -> Vec<u8> {
    let state = trained().params.to_state();
    let bytes = |t: &Tensor<f32>| t.as_slice().iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = state
        .tensors
        .iter()
        .map(|(name, t)| (name.clone(), Dtype::F32, t.dims().to_vec(), bytes(t)))
        .collect();
    for block in ["layer1.0.bn1", "layer3.0.bn2", "bn"] {
        let count = 9i64.to_le_bytes().to_vec();
        tensors.push((format!("{block}.num_batches_tracked"), Dtype::I64, vec![], count));
    }
    let views = tensors.iter().map(|(name, dtype, dims, data)| {
        (name.clone(), TensorView::new(*dtype, dims.clone(), data).unwrap())
    });
    let about = [("arch", "resnet110-v1"), ("format", "pt")];
    let about = about.map(|(key, value)| (key.to_owned(), value.to_owned()));
    safetensors::serialize(views, Some(HashMap::from(about))).unwrap()
}

#[test]
fn our_own_file_brings_back_the_network_and_its_metadata() {
    let loaded = load_weights(*ARCH, &own_file()).unwrap();
    assert_eq!(loaded.model, trained(), "values and branch scales");
    assert_eq!(loaded.metadata, Some(metadata()));
    assert_eq!(loaded.normalisation, (metadata().normalisation, Origin::Stated));
    assert_eq!(loaded.notes, [""; 0]);
}

/// What metadata have gained since is left out where it is as it was then.
#[test]
fn metadata_of_shipped_weights_come_back_byte_for_byte() {
    for name in ["resnet20", "vgg15"] {
        let path = format!("{}/../../data/weights/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        let text = StateDict::from_bytes(&std::fs::read(path).unwrap()).unwrap().metadata.unwrap();
        let metadata: Metadata = serde_json::from_str(&text).unwrap();
        assert_eq!((&metadata.paths, &metadata.backward), (&None, &None));
        assert_eq!(serde_json::to_string(&metadata).unwrap(), text);
    }
}

#[test]
fn a_foreign_file_brings_the_values_alone() {
    for bytes in [foreign_file(), file(None)] {
        let loaded = load_weights(*ARCH, &bytes).unwrap();
        assert_eq!(loaded.model.params, trained().params);
        assert_eq!(loaded.model.branch_scale, [1.0; 3]);
        assert_eq!(loaded.metadata, None);
        assert_eq!(loaded.normalisation, (Normalisation::CIFAR10, Origin::Assumed));
        assert_eq!(loaded.notes, [""; 0]);
    }
}

#[test]
fn post_activation_networks_expect_the_values_of_imagenet() {
    let of = |name| Arch::parse(name).unwrap().default_normalisation();
    for (name, mean, std) in [
        ("resnet20-v1", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ("resnet20", [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
        ("vgg15", [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
    ] {
        assert_eq!(Normalisation::new(mean, std), Ok(of(name)), "{name}");
    }
}

#[test]
fn weights_of_another_model_are_refused_with_both_names() {
    let message = load_weights(arch("resnet14"), &own_file()).unwrap_err().to_string();
    assert_eq!(
        message,
        "the weights are of model resnet8, not of resnet14; name that model instead"
    );
    // Same tensors, other network: the name decides.
    let v1 = Metadata { model: "resnet8-v1".into(), ..metadata() };
    let v1 = file(Some(serde_json::to_string(&v1).unwrap()));
    assert!(matches!(load_weights(*ARCH, &v1), Err(WeightsError::OtherModel { .. })));
}

fn mismatch(arch: Arch, bytes: &[u8]) -> Mismatch {
    match load_weights(arch, bytes).unwrap_err() {
        WeightsError::State { source: StateError::Mismatch(mismatch), .. } => mismatch,
        other => panic!("{other}"),
    }
}

#[test]
fn foreign_weights_of_another_model_are_refused_with_every_difference() {
    let found = mismatch(arch("resnet14"), &foreign_file());
    assert_eq!(found.missing.len(), 3 * 10, "three blocks of two convolutions and two norms");
    assert!(found.missing.contains(&"layer2.1.bn2.running_var".into()), "{found}");
    assert!(found.unexpected.is_empty() && found.shapes.is_empty(), "{found}");

    let found = mismatch(arch("resnet8-v1"), &foreign_file());
    assert_eq!(found.missing, ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"]);
    let unexpected = [
        "bn.bias",
        "bn.running_mean",
        "bn.running_var",
        "bn.weight",
        "layer2.0.shortcut.weight",
        "layer3.0.shortcut.weight",
    ];
    assert_eq!(found.unexpected, unexpected);
    let wider = ["weight", "bias", "running_mean", "running_var"].into_iter().flat_map(|what| {
        [(2, 16, 32), (3, 32, 64)]
            .map(|(layer, from, to)| (format!("layer{layer}.0.bn1.{what}"), from, to))
    });
    let mut expected: Vec<String> =
        wider.map(|(name, from, to)| format!("{name}: found [{from}], expected [{to}]")).collect();
    let mut shapes = found.shapes;
    shapes.sort();
    expected.sort();
    assert_eq!(shapes, expected);
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    for value in [f32::NAN, f32::INFINITY] {
        let mut model = trained();
        let id = model.params.find("layer2.0.conv1.weight").unwrap();
        model.params.value_mut(id).as_mut_slice()[77] = value;
        let message = load_weights(*ARCH, &model.params.to_state().to_bytes()).unwrap_err();
        let message = message.to_string();
        // Output channel 0 of 32: the second of 16 input channels.
        assert!(message.contains("layer2.0.conv1.weight is"), "{message}");
        assert!(message.contains(&format!("{value}")), "{message}");
    }
}

#[test]
fn a_file_cut_short_is_refused() {
    let whole = own_file();
    for length in [7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let message = load_weights(*ARCH, &whole[..length]).unwrap_err().to_string();
        assert!(message.contains("not a whole safetensors file"), "{length} bytes: {message}");
    }
}

#[test]
fn damaged_metadata_is_refused() {
    let good = serde_json::to_value(metadata()).unwrap();
    let changed = |change: fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut value = good.clone();
        change(value.as_object_mut().unwrap());
        value.to_string()
    };
    for (bad, reason) in [
        ("{".to_owned(), "damaged"),
        (changed(|m| drop(m.remove("seed"))), "missing field `seed`"),
        (changed(|m| drop(m.insert("colour".into(), 1.into()))), "unknown field `colour`"),
        (changed(|m| drop(m.insert("epochs".into(), "3".into()))), "invalid type"),
        (
            changed(|m| drop(m.insert("branch_scale".into(), vec![1.0].into()))),
            "the weights scale 1 branches, but the network has 3",
        ),
    ] {
        let message = load_weights(*ARCH, &file(Some(bad))).unwrap_err().to_string();
        assert!(message.contains(reason), "{reason}: {message}");
    }
}

#[test]
fn an_exported_file_has_pytorchs_names_and_shapes() {
    let state = StateDict::from_bytes(&own_file()).unwrap();
    let shape = |name: &str| state.tensors[name].dims().to_vec();
    for (name, expected) in [
        ("conv1.weight", &[16, 3, 3, 3][..]),
        ("layer2.0.conv1.weight", &[32, 16, 3, 3]),
        ("layer2.0.shortcut.weight", &[32, 16, 1, 1]),
        ("layer3.0.bn2.running_var", &[64]),
        ("linear.weight", &[10, 64]),
        ("linear.bias", &[10]),
    ] {
        assert_eq!(shape(name), expected, "{name}");
    }
}
