//! State dicts of other programs: names, types, classes, and what does not fit.

use std::collections::BTreeMap;

use models::{Arch, Choices, Loaded, Normalisation, Origin, Plan, Shortcut, WeightsError};
use nn::state::StateDict;
use safetensors::tensor::{Dtype, TensorView};
use tensor::Tensor;
use testkit::fixture::Fixture;

fn arch(name: &str) -> Arch {
    Arch::parse(name).unwrap()
}

fn load(name: &str, bytes: &[u8]) -> Result<Loaded, WeightsError> {
    models::load_weights(arch(name), bytes, &Choices::default())
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    load(name, bytes).unwrap_err().to_string()
}

/// The state dict of an architecture, each tensor of other values.
fn state(name: &str) -> StateDict {
    let mut state = arch(name).build::<f32>(7).params.to_state();
    for (i, t) in state.tensors.values_mut().enumerate() {
        let shift = 0.001 * (i + 1) as f32;
        t.as_mut_slice().iter_mut().for_each(|v| *v += shift);
    }
    state
}

fn renamed(state: &StateDict, rename: impl Fn(&str) -> String) -> Vec<u8> {
    let tensors = state.tensors.iter().map(|(name, t)| (rename(name), t.clone()));
    StateDict { tensors: tensors.collect(), metadata: None }.to_bytes()
}

/// The network of `fixtures/weights.py`: wrapped, `module.`, `downsample`, `fc`, float16 and
/// shared storages, held to what PyTorch computes with it.
#[test]
fn a_checkpoint_of_torchvisions_names_answers_as_in_pytorch() {
    let path =
        format!("{}/../../fixtures/weights/resnet8-projection.pth", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let loaded = load("resnet8-v1", &bytes).unwrap();
    assert_eq!(loaded.model.name, "resnet8-v1-projection");
    assert_eq!(loaded.normalisation, (Normalisation::IMAGENET, Origin::Assumed));
    let notes = loaded.notes.join("; ");
    assert_eq!(
        notes,
        "took state_dict; left out epoch, best_prec1; its shortcuts are projections: \
         resnet8-v1-projection; took off the prefix module.; renamed fc -> linear, downsample.0 -> \
         shortcut.0, downsample.1 -> shortcut.1; cast 47 tensors from float16"
    );
    let fixture = Fixture::load("weights/resnet8-projection");
    let intact = Plan::intact(&loaded.model);
    fixture.check("logits", &loaded.model.logits(fixture.tensor("input"), &intact));
    // The same tensors, with zeros in place of the projections.
    for padding in ["pad-around", "pad-after"] {
        let shortcut: Shortcut = padding.parse().unwrap();
        let padded = arch("resnet8-v1").with_shortcut(shortcut).unwrap();
        let mut model = padded.build::<f32>(0);
        for id in model.params.ids() {
            let name = model.params.iter().nth(id.index()).unwrap().1.name.clone();
            let theirs = loaded.model.params.find(&name).unwrap();
            *model.params.value_mut(id) = loaded.model.params.value(theirs).clone();
        }
        let logits = model.logits(fixture.tensor("input"), &intact);
        fixture.check(&format!("logits.{padding}"), &logits);
    }
    // Asked for by name it is the same network.
    let choices = Choices { shortcut: Some(Shortcut::Projection), ..Choices::default() };
    let chosen = models::load_weights(arch("resnet8-v1"), &bytes, &choices).unwrap();
    assert_eq!(chosen.model, loaded.model);
    assert_eq!(load("resnet8-v1-projection", &bytes).unwrap().model, loaded.model);
}

#[test]
fn names_of_others_lead_to_the_same_network() {
    let prefixes = ["module.", "_orig_mod.", "module._orig_mod.", "model.", "net.backbone."];
    for name in ["resnet8", "resnet8-v1", "resnet8-v1-projection", "vgg15-nobn"] {
        let state = state(name);
        let plain = load(name, &state.to_bytes()).unwrap();
        assert_eq!(plain.notes, [""; 0], "{name}");
        for prefix in prefixes {
            let loaded = load(name, &renamed(&state, |n| format!("{prefix}{n}"))).unwrap();
            assert_eq!(loaded.model, plain.model, "{prefix} of {name}");
            assert!(loaded.notes[0].starts_with("took off the prefix "), "{:?}", loaded.notes);
        }
        for head in ["fc", "classifier", "head"] {
            let rename = |n: &str| match n.strip_prefix("linear.") {
                Some(leaf) => format!("{head}.{leaf}"),
                None => n.to_owned(),
            };
            let loaded = load(name, &renamed(&state, rename)).unwrap();
            assert_eq!(loaded.model, plain.model, "{head} of {name}");
            assert_eq!(loaded.notes, [format!("renamed {head} -> linear")]);
        }
    }
    let preact = state("resnet8");
    let plain = load("resnet8", &preact.to_bytes()).unwrap();
    for (ours, theirs, note) in [
        ("shortcut.", "downsample.0.", "renamed downsample.0 -> shortcut"),
        ("shortcut.", "shortcut.0.", "renamed shortcut.0 -> shortcut"),
        ("layer", "stage_", "renamed stage_1 -> layer1, stage_2 -> layer2, stage_3 -> layer3"),
    ] {
        let loaded = load("resnet8", &renamed(&preact, |n| n.replace(ours, theirs))).unwrap();
        assert_eq!(loaded.model, plain.model, "{theirs}");
        assert_eq!(loaded.notes, [note]);
    }
}

/// One file, each tensor with a type, extents and bytes.
fn file(tensors: &BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, (dtype, dims, data))| {
        (name.clone(), TensorView::new(*dtype, dims.clone(), data).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn other_types_are_cast_and_whole_numbers_refused() {
    let state = state("resnet8");
    let plain = load("resnet8", &state.to_bytes()).unwrap();
    let cast = |dtype: Dtype, to: fn(f32) -> Vec<u8>| {
        let one = |t: &Tensor<f32>| {
            (dtype, t.dims().to_vec(), t.as_slice().iter().flat_map(|&v| to(v)).collect())
        };
        let tensors = state.tensors.iter().map(|(name, t)| (name.clone(), one(t)));
        load("resnet8", &file(&tensors.collect()))
    };
    let wide = cast(Dtype::F64, |v| f64::from(v).to_le_bytes().to_vec()).unwrap();
    assert_eq!(wide.model, plain.model);
    assert_eq!(wide.notes, [format!("cast {} tensors from float64", state.tensors.len())]);
    // The upper half of a float32 is a bfloat16.
    let narrow = cast(Dtype::BF16, |v| v.to_le_bytes()[2..].to_vec()).unwrap();
    let cut = |v: f32| f32::from_bits(v.to_bits() & 0xffff_0000);
    let value = |loaded: &Loaded| loaded.model.params.iter().next().unwrap().1.value.as_slice()[5];
    assert_eq!(value(&narrow), cut(value(&plain)));
    let whole = cast(Dtype::I8, |v| vec![(127.0 * v) as i8 as u8]).unwrap_err().to_string();
    assert!(whole.contains("bn.bias is int8 [64]; expected floating-point numbers"), "{whole}");
}

#[test]
fn the_last_layer_decides_the_classes_and_may_be_a_convolution() {
    let mut hundred = state("resnet8-v1");
    let weight = Tensor::from_fn([100, 64], |i| (i % 13) as f32 * 0.01);
    hundred.tensors.insert("linear.weight".into(), weight.clone());
    hundred.tensors.insert("linear.bias".into(), Tensor::from_fn([100], |i| i as f32));
    let loaded = load("resnet8-v1", &hundred.to_bytes()).unwrap();
    assert_eq!((loaded.model.classes(), &loaded.notes[..]), (100, &["100 classes".into()][..]));
    let logits = loaded.model.logits(Tensor::zeros([1, 32, 32, 3]), &Plan::intact(&loaded.model));
    assert_eq!(logits.dims(), [1, 100]);

    let convolution = weight.clone().reshape([100, 64, 1, 1]);
    hundred.tensors.insert("linear.weight".into(), convolution);
    let same = load("resnet8-v1", &hundred.to_bytes()).unwrap();
    assert_eq!(same.model, loaded.model);
    assert!(same.notes[0].contains("1x1 convolution linear.weight"), "{:?}", same.notes);

    hundred.tensors.remove("linear.bias");
    let without = load("resnet8-v1", &hundred.to_bytes()).unwrap();
    let bias = without.model.params.find("linear.bias").unwrap();
    assert_eq!(without.model.params.value(bias).as_slice(), [0.0; 100]);
    assert!(without.notes.contains(&"linear has no bias, took 0".into()), "{:?}", without.notes);

    // Features that the network does not have are not classes.
    hundred.tensors.insert("linear.weight".into(), Tensor::zeros([64, 10]));
    let message = refusal("resnet8-v1", &hundred.to_bytes());
    assert!(message.contains("linear.weight: found [64, 10], expected [10, 64]"), "{message}");
}

#[test]
fn what_does_not_fit_is_listed_after_what_explains_it() {
    let deeper = state("resnet44-v1").to_bytes();
    let message = refusal("resnet20-v1", &deeper);
    assert!(message.starts_with("it looks like resnet44-v1: name that model"), "{message}");
    assert!(message.contains("unexpected: layer1.3.bn1.bias, layer1.3.bn1.running_mean"));
    // Under other names and as another kind too.
    let theirs = renamed(&state("resnet14-v1-projection"), |n| {
        format!("module.{}", n.replace("shortcut", "downsample").replace("linear", "fc"))
    });
    let message = refusal("resnet20", &theirs);
    assert!(message.starts_with("it looks like resnet14-v1-projection:"), "{message}");
    let message = refusal("resnet8", &state("vgg15").to_bytes());
    assert!(message.starts_with("it looks like vgg15:"), "{message}");

    let mut keras = state("resnet8");
    for (_, t) in keras.tensors.iter_mut().filter(|(_, t)| t.dims().len() == 4) {
        let d = t.dims().to_vec();
        *t = t.clone().reshape([d[2], d[3], d[1], d[0]]);
    }
    let message = refusal("resnet8", &keras.to_bytes());
    assert!(message.contains("laid out as [k, k, c_in, c_out], as in TensorFlow"), "{message}");

    let strange = renamed(&state("resnet8"), |n| format!("x{}", n.replace(['.', '1'], "_")));
    let message = refusal("resnet8", &strange);
    assert!(message.starts_with("none of its names is one of the network's"), "{message}");

    let mut more = state("resnet8");
    more.tensors.insert("aux.weight".into(), Tensor::zeros([3]));
    assert!(refusal("resnet8", &more.to_bytes()).contains("unexpected: aux.weight"));
    let both = StateDict::from_bytes(&renamed(&state("resnet8"), |n| format!("module.{n}")));
    more.tensors.remove("aux.weight");
    more.tensors.extend(both.unwrap().tensors);
    assert!(refusal("resnet8", &more.to_bytes()).contains("both bn.bias and module.bn.bias"));
}

/// The order of a message depends on no hash map.
#[test]
fn the_same_file_has_the_same_message_each_time() {
    let bytes = state("resnet14").to_bytes();
    let first = refusal("resnet8-v1", &bytes);
    assert!((0..5).all(|_| refusal("resnet8-v1", &bytes) == first));
}

#[test]
fn a_padding_is_chosen_from_outside_and_changes_the_answers() {
    let bytes = state("resnet8-v1").to_bytes();
    let image = Tensor::from_fn([1, 32, 32, 3], |i| (i % 17) as f32 * 0.1);
    let logits = |shortcut| {
        let choices = Choices { shortcut, ..Choices::default() };
        let model = models::load_weights(arch("resnet8-v1"), &bytes, &choices).unwrap().model;
        (model.name.clone(), model.logits(image.clone(), &Plan::intact(&model)))
    };
    let (around, after) = (logits(None), logits(Some(Shortcut::PadAfter)));
    assert_eq!(logits(Some(Shortcut::PadAround)), around);
    assert_eq!(after.0, "resnet8-v1-pad-after");
    assert_ne!(around.1, after.1);
    let choices = Choices { shortcut: Some(Shortcut::PadAfter), ..Choices::default() };
    let preact = state("resnet8").to_bytes();
    let message = models::load_weights(arch("resnet8"), &preact, &choices).unwrap_err().to_string();
    assert!(message.contains("resnet8 does not come with the shortcut pad-after"), "{message}");
}
