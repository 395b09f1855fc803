//! The names of Python that a pickle may use. None of them is run.

use crate::import::ImportError;
use crate::import::raw::Element;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// `OrderedDict` and `defaultdict`.
    Dict,
    /// A function that puts a tensor together from its storage and strides.
    Tensor,
    /// One that marks a tensor as a parameter.
    Parameter,
    /// A class of storages.
    Storage(Element),
    /// Data that is often beside a state dict, and of no use here.
    Inert(String),
}

/// Data of plain classes, which checkpoints hold beside the weights.
const INERT: [&str; 27] = [
    "argparse.Namespace",
    "_codecs.encode",
    "builtins.dict",
    "builtins.list",
    "builtins.int",
    "builtins.float",
    "builtins.set",
    "builtins.complex",
    "builtins.bytearray",
    "__builtin__.dict",
    "__builtin__.list",
    "__builtin__.int",
    "__builtin__.float",
    "__builtin__.set",
    "collections.Counter",
    "collections.deque",
    "datetime.datetime",
    "datetime.date",
    "datetime.timedelta",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "torch.Size",
    "torch.device",
];

/// Types of numbers, as values of a pickle.
const TYPES: [&str; 12] = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
    "complex128",
];

impl Known {
    /// The name `module.name`.
    pub(super) fn named(module: &str, name: &str) -> Result<Known, ImportError> {
        let full = format!("{module}.{name}");
        let storage = || match module {
            "torch" | "torch.cuda" | "torch.storage" => name.strip_suffix("Storage"),
            _ => None,
        };
        Ok(match full.as_str() {
            "collections.OrderedDict" | "collections.defaultdict" => Known::Dict,
            "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => Known::Tensor,
            "torch._utils._rebuild_parameter" => Known::Parameter,
            known if INERT.contains(&known) => Known::Inert(full),
            _ if module == "torch" && TYPES.contains(&name) => Known::Inert(full),
            _ => match storage().and_then(element) {
                Some(element) => Known::Storage(element),
                None => return Err(ImportError::Global { name: full }),
            },
        })
    }
}

/// The elements of `torch.{name}Storage`.
fn element(name: &str) -> Option<Element> {
    Some(match name {
        "Double" => Element::F64,
        "Float" => Element::F32,
        "Half" => Element::F16,
        "BFloat16" => Element::Bf16,
        "Long" => Element::Other("int64", 8),
        "Int" => Element::Other("int32", 4),
        "Short" => Element::Other("int16", 2),
        "Char" => Element::Other("int8", 1),
        "Byte" => Element::Other("uint8", 1),
        "Bool" => Element::Other("bool", 1),
        "ComplexFloat" => Element::Other("complex64", 8),
        "ComplexDouble" => Element::Other("complex128", 16),
        _ => return None,
    })
}
