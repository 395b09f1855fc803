//! The PyTorch fixtures: `fixtures/NAME.safetensors` of this repository.
//!
//! `fixtures/README.md` says what is in them. Activations are NHWC there as
//! here; convolution weights are OIHW there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use nn::state::{StateDict, from_torch_layout};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use tensor::{Scalar, Tensor};

use crate::close::{Tolerance, check_close};

/// A fixture file in memory. It remembers which tensors were read, so that a test can
/// check that it left none out.
#[derive(Debug)]
pub struct Fixture {
    name: String,
    deviation: f64,
    entries: BTreeMap<String, Entry>,
    used: RefCell<BTreeSet<String>>,
}

#[derive(Debug)]
enum Entry {
    Floats(Tensor<f32>),
    Integers(Vec<i64>),
}

#[derive(Deserialize)]
struct About {
    f64_deviation: String,
}

impl Fixture {
    /// Reads `fixtures/NAME.safetensors`.
    ///
    /// # Panics
    /// If it does not exist or is not a fixture.
    #[track_caller]
    pub fn load(name: &str) -> Fixture {
        let bytes = read(&format!("{name}.safetensors"));
        let file = SafeTensors::deserialize(&bytes).expect("a fixture is a safetensors file");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("it was read before");
        let about = header.metadata().as_ref().and_then(|m| m.get("fixture"));
        let about: About = serde_json::from_str(about.expect("a fixture says what it is"))
            .expect("a fixture states its deviation from f64");
        Fixture {
            name: name.to_owned(),
            deviation: about.f64_deviation.parse().expect("the deviation is a number"),
            entries: file.iter().map(|(key, view)| (key.to_owned(), entry(key, &view))).collect(),
            used: RefCell::default(),
        }
    }

    /// How far from a fixture a sound program may be: ten times as far as
    /// PyTorch's `f32` is from its `f64`, and no less than 1e-5, relative to
    /// the tensor's largest entry.
    pub fn tolerance(&self) -> Tolerance {
        Tolerance { abs: 0.0, rel: (10.0 * self.deviation).max(1e-5) }
    }

    /// Whether there is a tensor `key`.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A tensor of numbers, laid out as it lies in the file.
    ///
    /// # Panics
    /// If no tensor has that name.
    #[track_caller]
    pub fn tensor<T: Scalar>(&self, key: &str) -> Tensor<T> {
        self.floats(key).cast()
    }

    /// A parameter or its gradient: convolution weights become
    /// `[k, k, c_in, c_out]`, all else is as it lies in the file.
    ///
    /// # Panics
    /// If no tensor has that name.
    #[track_caller]
    pub fn weight<T: Scalar>(&self, key: &str) -> Tensor<T> {
        from_torch_layout(self.floats(key)).cast()
    }

    /// Class labels.
    ///
    /// # Panics
    /// If there are no whole numbers of that name, or one is above 255.
    #[track_caller]
    pub fn labels(&self, key: &str) -> Vec<u8> {
        let narrow = |&label: &i64| u8::try_from(label).expect("a label is a class");
        self.integers(key).iter().map(narrow).collect()
    }

    /// The whole numbers of a tensor, row-major.
    ///
    /// # Panics
    /// If there are no whole numbers of that name.
    #[track_caller]
    pub fn integers(&self, key: &str) -> &[i64] {
        match self.entry(key) {
            Entry::Integers(values) => values,
            Entry::Floats(_) => panic!("{}: {key} does not hold whole numbers", self.name),
        }
    }

    /// The state dict under a prefix such as `init.`, for
    /// [`Params::load_state`](nn::Params::load_state).
    ///
    /// # Panics
    /// If no name begins with it.
    #[track_caller]
    pub fn state(&self, prefix: &str) -> StateDict {
        let keys = self.entries.keys().filter(|key| key.starts_with(prefix));
        let mut tensors = BTreeMap::new();
        for key in keys {
            if let Entry::Floats(t) = self.entry(key) {
                tensors.insert(key[prefix.len()..].to_owned(), t.clone());
            }
        }
        assert!(!tensors.is_empty(), "{}: nothing begins with {prefix}", self.name);
        StateDict { tensors, metadata: None }
    }

    /// Checks `got` against the tensor `key`, in this fixture's tolerance.
    ///
    /// # Panics
    /// If it is off.
    #[track_caller]
    pub fn check<T: Scalar>(&self, key: &str, got: &Tensor<T>) {
        self.check_one(key, got, &self.tensor(key));
    }

    /// Checks a parameter or its gradient likewise (see [`weight`](Self::weight)).
    ///
    /// # Panics
    /// If it is off.
    #[track_caller]
    pub fn check_weight<T: Scalar>(&self, key: &str, got: &Tensor<T>) {
        self.check_one(key, got, &self.weight(key));
    }

    #[track_caller]
    fn check_one<T: Scalar>(&self, key: &str, got: &Tensor<T>, expected: &Tensor<T>) {
        check_close(
            &format!("{} {key} in {}", self.name, T::NAME),
            got,
            expected,
            self.tolerance(),
        );
    }

    /// The names of the tensors that nobody has read.
    pub fn unused(&self) -> Vec<&str> {
        let used = self.used.borrow();
        self.entries.keys().map(String::as_str).filter(|&key| !used.contains(key)).collect()
    }

    #[track_caller]
    fn floats(&self, key: &str) -> &Tensor<f32> {
        match self.entry(key) {
            Entry::Floats(t) => t,
            Entry::Integers(_) => panic!("{}: {key} holds whole numbers", self.name),
        }
    }

    #[track_caller]
    fn entry(&self, key: &str) -> &Entry {
        let Some(entry) = self.entries.get(key) else { panic!("{}: no tensor {key}", self.name) };
        self.used.borrow_mut().insert(key.to_owned());
        entry
    }
}

/// The text of a file in `fixtures/`, such as `ops.json`.
///
/// # Panics
/// If it does not exist or is not a text.
#[track_caller]
pub fn text(file: &str) -> String {
    String::from_utf8(read(file)).expect("a fixture's index is a text")
}

#[track_caller]
fn read(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn entry(key: &str, view: &TensorView<'_>) -> Entry {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => {
            let elements = data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
            Entry::Floats(Tensor::from_vec(view.shape(), elements))
        }
        Dtype::I64 => {
            Entry::Integers(data.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect())
        }
        Dtype::U8 => Entry::Integers(data.iter().map(|&b| b.into()).collect()),
        other => panic!("{key}: fixtures do not hold {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_hands_out_floats_weights_and_whole_numbers() {
        let fixture = Fixture::load("resnet8-preact");
        assert_eq!(fixture.tensor::<f64>("input").dims(), [4, 32, 32, 3]);
        assert_eq!(fixture.labels("labels").len(), 4);
        let oihw = fixture.tensor::<f32>("init.conv1.weight");
        let hwio = fixture.weight::<f32>("init.conv1.weight");
        assert_eq!(hwio.dims(), [3, 3, 3, 16]);
        assert_eq!(hwio.view()[[0, 1, 2, 5]], oihw.view()[[5, 2, 0, 1]]);
        assert!(fixture.tolerance().rel >= 1e-5 && fixture.tolerance().rel < 1e-3);
        let state = fixture.state("init.");
        assert!(state.tensors.contains_key("conv1.weight"));
        assert!(!state.tensors.keys().any(|name| name.ends_with("num_batches_tracked")));
    }

    #[test]
    fn it_remembers_what_was_left_out() {
        let fixture = Fixture::load("resnet8-preact-paths");
        assert!(fixture.unused().contains(&"input"));
        let _ = fixture.tensor::<f32>("input");
        assert!(!fixture.unused().contains(&"input"));
        assert!(fixture.unused().contains(&"labels"));
    }

    #[test]
    #[should_panic(expected = "resnet8-preact-paths: no tensor mistake")]
    fn a_mistaken_name_is_refused() {
        let _ = Fixture::load("resnet8-preact-paths").tensor::<f32>("mistake");
    }
}
