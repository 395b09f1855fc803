//! State dicts as other programs write them: which there are in a file, and what each holds.
//!
//! Safetensors files and what `torch.save` writes are read; of a pickle no code is run.
//! [`fit`] says which tensor of a file is which of a network, under the names that others
//! use.

mod aliases;
mod error;
pub(crate) mod fit;
pub(crate) mod hint;
mod kind;
mod pickle;
mod raw;
#[cfg(test)]
mod tests;
mod torch;
mod wrapped;

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tensor::Tensor;

pub use error::ImportError;
use kind::Kind;
use pickle::Node;
use raw::{Element, RawTensor};
use torch::TorchFile;
use wrapped::Wrapped;

/// The metadata key of this project's own files.
const METADATA_KEY: &str = "unravel";
/// More dicts of tensors than a checkpoint has.
const MOST_CANDIDATES: usize = 16;
/// Dimensions of a tensor here, at most.
const MOST_DIMS: usize = 4;

/// A file with weights.
pub(crate) struct WeightsFile<'a>(Format<'a>);

enum Format<'a> {
    Safetensors(&'a [u8]),
    /// A file of PyTorch, and the dicts in it that may be the state dict.
    Torch(Box<TorchFile<'a>>, Vec<Wrapped>),
}

/// A state dict of another program.
#[derive(Debug)]
pub(crate) struct Foreign {
    tensors: BTreeMap<String, RawTensor>,
    /// What this project's own files say about themselves.
    pub(crate) metadata: Option<String>,
    /// What was chosen or left out on the way.
    pub(crate) notes: Vec<String>,
}

impl<'a> WeightsFile<'a> {
    /// Recognises a file.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<WeightsFile<'a>, ImportError> {
        let torch = match kind::recognise(bytes)? {
            Kind::Safetensors => return Ok(WeightsFile(Format::Safetensors(bytes))),
            Kind::TorchZip(archive, prefix) => TorchFile::from_zip(archive, &prefix, bytes.len())?,
            Kind::TorchLegacy => TorchFile::from_legacy(bytes)?,
        };
        let mut candidates = wrapped::candidates(&torch.tree)?;
        candidates.truncate(MOST_CANDIDATES);
        Ok(WeightsFile(Format::Torch(Box::new(torch), candidates)))
    }

    /// How many dicts may be the state dict; the likeliest is the first.
    pub(crate) fn candidates(&self) -> usize {
        match &self.0 {
            Format::Safetensors(_) => 1,
            Format::Torch(_, candidates) => candidates.len(),
        }
    }

    /// A state dict of the file.
    pub(crate) fn state(&mut self, place: usize) -> Result<Foreign, ImportError> {
        match &mut self.0 {
            Format::Safetensors(bytes) => read_safetensors(bytes),
            Format::Torch(file, candidates) => read_torch(file, candidates, place),
        }
    }
}

impl Foreign {
    /// Names and extents.
    pub(crate) fn dims(&self) -> BTreeMap<String, Vec<usize>> {
        self.tensors.iter().map(|(name, t)| (name.clone(), t.dims.clone())).collect()
    }

    /// Keeps the tensors whose names pass.
    pub(crate) fn retain(&mut self, passes: impl Fn(&str) -> bool) {
        self.tensors.retain(|name, _| passes(name));
    }

    /// The type of a tensor's numbers, for instance `float16`.
    pub(crate) fn type_name(&self, name: &str) -> &'static str {
        self.tensors.get(name).map_or("", |t| t.element.name())
    }

    /// Takes out a tensor with extents `dims`, which name as many elements as it has.
    pub(crate) fn take(&mut self, name: &str, dims: &[usize]) -> Result<Tensor<f32>, ImportError> {
        let tensor = self.tensors.remove(name).expect("the name is one of `dims`");
        let found = format!("{} {:?}", tensor.element.name(), tensor.dims);
        match tensor.values {
            Some(values) if dims.len() <= MOST_DIMS => Ok(Tensor::from_vec(dims, values)),
            _ => Err(ImportError::Unsupported { name: name.to_owned(), found }),
        }
    }
}

fn read_safetensors(bytes: &[u8]) -> Result<Foreign, ImportError> {
    let file = SafeTensors::deserialize(bytes)?;
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let metadata = header.metadata().as_ref().and_then(|m| m.get(METADATA_KEY)).cloned();
    let read = |(name, view): (&str, TensorView<'_>)| {
        let (element, dims) = (element_of(view.dtype()), view.shape().to_vec());
        let mut strides = vec![1; dims.len()];
        for i in (1..dims.len()).rev() {
            strides[i - 1] = strides[i] * dims[i];
        }
        let whole = raw::Strided { offset: 0, dims, strides };
        let tensor = match element {
            Element::Other(..) => RawTensor { dims: whole.dims, element, values: None },
            _ => whole.read(name, element, view.data())?,
        };
        Ok((name.to_owned(), tensor))
    };
    let tensors = file.iter().map(read).collect::<Result<_, ImportError>>()?;
    Ok(Foreign { tensors, metadata, notes: Vec::new() })
}

fn element_of(dtype: Dtype) -> Element {
    match dtype {
        Dtype::F64 => Element::F64,
        Dtype::F32 => Element::F32,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::I64 => Element::Other("int64", 8),
        Dtype::I32 => Element::Other("int32", 4),
        Dtype::I16 => Element::Other("int16", 2),
        Dtype::I8 => Element::Other("int8", 1),
        Dtype::U8 => Element::Other("uint8", 1),
        Dtype::BOOL => Element::Other("bool", 1),
        _ => Element::Other("of a type that is not supported", 1),
    }
}

fn read_torch(
    file: &mut TorchFile<'_>,
    candidates: &[Wrapped],
    place: usize,
) -> Result<Foreign, ImportError> {
    let chosen = &candidates[place];
    let Node::Dict(pairs) = file.tree.node(chosen.dict).clone() else {
        unreachable!("candidates are dicts")
    };
    let mut notes = Vec::new();
    if !chosen.path.is_empty() {
        notes.push(format!("took {}", chosen.path));
    }
    let is_alike =
        |(other, wrapped): &(usize, &Wrapped)| *other != place && wrapped.tensors == chosen.tensors;
    let alike = candidates.iter().enumerate().filter(is_alike);
    let alike: Vec<&str> = alike.map(|(_, wrapped)| wrapped.path.as_str()).collect();
    if !alike.is_empty() {
        notes.push(format!("did not take {}, which is as large", alike.join(", ")));
    }
    let mut left_out = wrapped::left_out(&file.tree, chosen);
    left_out.retain(|key| !alike.contains(&key.as_str()));
    file.begin();
    let mut tensors = BTreeMap::new();
    for (key, value) in pairs {
        let Some(name) = file.tree.text(key).map(str::to_owned) else {
            left_out.push(format!("an entry of {}", file.tree.describe(value)));
            continue;
        };
        let view = match file.tree.node(value) {
            Node::Tensor(storage, view) => Some((*storage, view.clone())),
            _ => None,
        };
        let Some((storage, view)) = view else {
            left_out.push(name);
            continue;
        };
        let tensor = file.tensor(&name, storage, &view)?;
        tensors.insert(name, tensor);
    }
    if !left_out.is_empty() {
        notes.push(format!("left out {}", left_out.join(", ")));
    }
    Ok(Foreign { tensors, metadata: None, notes })
}
