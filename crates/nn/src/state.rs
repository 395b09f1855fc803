//! State dicts: named tensors in PyTorch's layout, as safetensors.
//!
//! Convolution weights are `[c_out, c_in, k, k]` in a state dict and
//! `[k, k, c_in, c_out]` in [`Params`]; all else is laid out alike.

mod values;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tensor::{Scalar, Tensor};

use crate::Params;

/// The one metadata key that this project writes; its value is JSON.
const METADATA_KEY: &str = "unravel";

/// PyTorch counts batches in a buffer that nothing here needs.
const IGNORED_SUFFIX: &str = "num_batches_tracked";

/// Named `f32` tensors and what is said about them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateDict {
    /// The tensors, by name.
    pub tensors: BTreeMap<String, Tensor<f32>>,
    /// This project's metadata, a JSON text; `None` in foreign files.
    pub metadata: Option<String>,
}

/// A state dict that cannot be read or does not match.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Not a safetensors file, or a damaged one.
    #[error("not a whole safetensors file ({0}); copy or export it again")]
    Format(#[from] safetensors::SafeTensorError),
    /// A tensor of another type, or of more than four dimensions.
    #[error(
        "tensor {name} is {found}; expected f32 of rank at most 4; convert it before exporting"
    )]
    Unsupported {
        /// The tensor.
        name: String,
        /// Its type and shape.
        found: String,
    },
    /// Names or shapes that do not fit the network.
    #[error("the weights do not fit the network: {0}; are they of another model?")]
    Mismatch(Mismatch),
    /// Values that no trained network has.
    #[error(
        "the weights hold values that no trained network has: {}; export or copy them again",
        .0.join("; ")
    )]
    Values(Vec<String>),
}

/// Everything in which a state dict differs from what a network needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Needed, but not there.
    pub missing: Vec<String>,
    /// There, but not needed.
    pub unexpected: Vec<String>,
    /// `NAME: found …, expected …`.
    pub shapes: Vec<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("missing", &self.missing),
            ("unexpected", &self.unexpected),
            ("of another shape", &self.shapes),
        ];
        let found = lists.iter().filter(|(_, list)| !list.is_empty());
        let found: Vec<_> =
            found.map(|(what, list)| format!("{what}: {}", list.join(", "))).collect();
        f.write_str(&found.join("; "))
    }
}

impl StateDict {
    /// Reads a safetensors file's bytes.
    ///
    /// # Errors
    /// If they are not a safetensors file, are cut short, or hold tensors of other types.
    pub fn from_bytes(bytes: &[u8]) -> Result<StateDict, StateError> {
        let file = SafeTensors::deserialize(bytes)?;
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().as_ref().and_then(|m| m.get(METADATA_KEY)).cloned();
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            if name.ends_with(IGNORED_SUFFIX) {
                continue;
            }
            tensors.insert(name.to_owned(), read(name, &view)?);
        }
        Ok(StateDict { tensors, metadata })
    }

    /// The bytes of a safetensors file; the same bytes for the same contents.
    pub fn to_bytes(&self) -> Vec<u8> {
        let data: Vec<(&String, &Tensor<f32>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, t)| (name, t, t.as_slice().iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let views = data.iter().map(|(name, t, bytes)| {
            let view = TensorView::new(Dtype::F32, t.dims().to_vec(), bytes)
                .expect("the bytes are those of the shape");
            (*name, view)
        });
        let metadata =
            self.metadata.clone().map(|json| HashMap::from([(METADATA_KEY.to_owned(), json)]));
        safetensors::serialize(views, metadata).expect("names are unique and sizes agree")
    }

    /// Takes out the tensors whose names begin with `prefix`, without it.
    pub fn split_off_prefix(&mut self, prefix: &str) -> StateDict {
        let (inside, outside) = std::mem::take(&mut self.tensors)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(name, _)| name.starts_with(prefix));
        self.tensors = outside;
        let strip = |(name, t): (String, Tensor<f32>)| (name[prefix.len()..].to_owned(), t);
        StateDict { tensors: inside.into_iter().map(strip).collect(), metadata: None }
    }
}

fn read(name: &str, view: &TensorView<'_>) -> Result<Tensor<f32>, StateError> {
    if view.dtype() != Dtype::F32 || view.shape().len() > 4 {
        let found = format!("{:?} {:?}", view.dtype(), view.shape());
        return Err(StateError::Unsupported { name: name.to_owned(), found });
    }
    let (words, _) = view.data().as_chunks::<4>();
    let elements = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(Tensor::from_vec(view.shape(), elements))
}

impl<T: Scalar> Params<T> {
    /// All parameters and buffers as a state dict, without metadata.
    pub fn to_state(&self) -> StateDict {
        let tensors = self.iter().map(|(_, p)| (p.name.clone(), to_torch_layout(&p.value.cast())));
        StateDict { tensors: tensors.collect(), metadata: None }
    }

    /// Takes over every value of a state dict; names and shapes must be those
    /// of these parameters exactly, values finite, and variances not negative.
    ///
    /// # Errors
    /// If they are not, listing every difference, or else the first values of each tensor
    /// that cannot be; nothing is changed then.
    pub fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        let mut mismatch = Mismatch::default();
        let mut loaded = Vec::new();
        for (id, param) in self.iter() {
            let Some(found) = state.tensors.get(&param.name) else {
                mismatch.missing.push(param.name.clone());
                continue;
            };
            let expected = torch_dims(param.value.dims());
            if found.dims() != expected {
                let found = found.shape();
                mismatch
                    .shapes
                    .push(format!("{}: found {found}, expected {expected:?}", param.name));
            } else {
                loaded.push((id, from_torch_layout(found)));
            }
        }
        let unexpected = state.tensors.keys().filter(|name| self.find(name).is_none());
        mismatch.unexpected = unexpected.cloned().collect();
        if mismatch != Mismatch::default() {
            return Err(StateError::Mismatch(mismatch));
        }
        values::check(&state.tensors)?;
        for (id, value) in loaded {
            *self.value_mut(id) = value.cast();
        }
        Ok(())
    }
}

/// The extents in a state dict of a parameter of the given extents.
fn torch_dims(dims: &[usize]) -> Vec<usize> {
    match *dims {
        [kh, kw, c_in, c_out] => vec![c_out, c_in, kh, kw],
        _ => dims.to_vec(),
    }
}

/// `[k, k, c_in, c_out]` to `[c_out, c_in, k, k]`; other ranks stay.
pub fn to_torch_layout(t: &Tensor<f32>) -> Tensor<f32> {
    permuted(t, [3, 2, 0, 1])
}

/// `[c_out, c_in, k, k]` to `[k, k, c_in, c_out]`; other ranks stay.
pub fn from_torch_layout(t: &Tensor<f32>) -> Tensor<f32> {
    permuted(t, [2, 3, 1, 0])
}

fn permuted(t: &Tensor<f32>, order: [usize; 4]) -> Tensor<f32> {
    let Ok(d) = <[usize; 4]>::try_from(t.dims()) else { return t.clone() };
    let strides = [d[1] * d[2] * d[3], d[2] * d[3], d[3], 1];
    let [a, b, c, e] = order;
    let mut elements = Vec::with_capacity(t.len());
    for i in 0..d[a] {
        for j in 0..d[b] {
            for k in 0..d[c] {
                for l in 0..d[e] {
                    let at = i * strides[a] + j * strides[b] + k * strides[c] + l * strides[e];
                    elements.push(t.as_slice()[at]);
                }
            }
        }
    }
    Tensor::from_vec([d[a], d[b], d[c], d[e]], elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{BatchNorm, Builder, Conv2d, Linear};

    fn params(seed: u64) -> Params<f32> {
        let mut b = Builder::new(seed);
        let _ = Conv2d::new(&mut b, "conv", [2, 3], 3, 1);
        let _ = BatchNorm::new(&mut b, "bn", 3);
        let _ = Linear::new(&mut b, "fc", [3, 4], false).with_bias(&mut b, "fc", 0.0);
        b.finish()
    }

    #[test]
    fn a_state_dict_comes_back_from_its_bytes_and_restores_every_value() {
        let mut state = params(1).to_state();
        state.metadata = Some(r#"{"model":"x"}"#.into());
        let bytes = state.to_bytes();
        assert_eq!(bytes, state.clone().to_bytes(), "the same bytes each time");
        let back = StateDict::from_bytes(&bytes).unwrap();
        assert_eq!(back, state);
        let mut other = params(2);
        assert_ne!(other, params(1));
        other.load_state(&back).unwrap();
        assert_eq!(other, params(1));
    }

    #[test]
    fn convolution_weights_have_pytorchs_layout() {
        let state = params(1).to_state();
        assert_eq!(state.tensors["conv.weight"].dims(), [3, 2, 3, 3]);
        let params = params(1);
        let weight = params.value(params.find("conv.weight").unwrap());
        let torch = &state.tensors["conv.weight"];
        assert_eq!(torch.view()[[2, 1, 0, 2]], weight.view()[[0, 2, 1, 2]]);
    }

    #[test]
    fn every_difference_is_listed_and_nothing_changed() {
        let mut state = params(1).to_state();
        state.tensors.remove("fc.bias");
        state.tensors.insert("extra".into(), Tensor::zeros([1]));
        state.tensors.insert("bn.bias".into(), Tensor::zeros([4]));
        let mut target = params(2);
        let message = target.load_state(&state).unwrap_err().to_string();
        for part in ["missing: fc.bias", "unexpected: extra", "bn.bias: found [4], expected [3]"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(target, params(2));
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = params(1).to_state().to_bytes();
        for len in 0..bytes.len() {
            assert!(StateDict::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn other_types_are_refused_and_batch_counts_ignored() {
        let file = |name: &str| {
            let view = TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap();
            safetensors::serialize([(name, view)], None).unwrap()
        };
        assert!(StateDict::from_bytes(&file("bn.num_batches_tracked")).unwrap().tensors.is_empty());
        let message = StateDict::from_bytes(&file("count")).unwrap_err().to_string();
        assert!(message.contains("tensor count is I64 [1]; expected f32"), "{message}");
    }

    #[test]
    fn a_prefix_takes_its_tensors_out_and_leaves_the_rest() {
        let mut state = params(1).to_state();
        let velocity = params(2).to_state();
        let both = velocity.tensors.iter().map(|(name, t)| (format!("velocity.{name}"), t.clone()));
        state.tensors.extend(both);
        state.metadata = Some("{}".into());
        let taken = StateDict::from_bytes(&state.to_bytes()).unwrap().split_off_prefix("velocity.");
        assert_eq!(taken, velocity);
        let _ = state.split_off_prefix("velocity.");
        assert_eq!(state, StateDict { metadata: Some("{}".into()), ..params(1).to_state() });
    }

    #[test]
    fn the_two_layouts_are_each_others_inverse() {
        let weight = Tensor::<f32>::from_fn([3, 3, 2, 5], |i| i as f32);
        let torch = to_torch_layout(&weight);
        assert_eq!(
            (torch.dims(), torch.view()[[4, 1, 0, 2]]),
            (&[5, 2, 3, 3][..], weight.view()[[0, 2, 1, 4]])
        );
        assert_eq!(from_torch_layout(&torch), weight);
        let matrix = Tensor::<f32>::from_fn([3, 2], |i| i as f32);
        assert_eq!(to_torch_layout(&matrix), matrix);
    }

    #[test]
    fn double_precision_is_restored_to_single_precision() {
        let mut wide = params(2).cast::<f64>();
        wide.load_state(&params(1).to_state()).unwrap();
        assert_eq!(wide, params(1).cast::<f64>());
        assert_eq!(wide.to_state(), params(1).to_state());
    }

    #[test]
    fn what_others_say_in_their_metadata_is_not_read() {
        let foreign = HashMap::from([("arch".to_owned(), "resnet20".to_owned())]);
        let none: [(&str, TensorView<'_>); 0] = [];
        let bytes = safetensors::serialize(none, Some(foreign)).unwrap();
        assert_eq!(StateDict::from_bytes(&bytes).unwrap(), StateDict::default());
    }
}
