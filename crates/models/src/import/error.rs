//! Why a file is not a state dict that can be read.

/// A file that is not a state dict, or a damaged one.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Something else than weights.
    #[error("this is {found}; {remedy}")]
    SomethingElse {
        /// What it is, for instance `an HTML page`.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// A safetensors file that is cut short, or whose header is damaged.
    #[error("not a whole safetensors file ({0}); copy or export it again")]
    Safetensors(#[from] safetensors::SafeTensorError),
    /// A file of PyTorch that contradicts itself.
    #[error("a damaged file of PyTorch: {0}; copy or save it again")]
    Damaged(String),
    /// A pickle that refers to code, none of which is run.
    #[error(
        "the pickle needs {name}, which is code or a class and not part of a state dict; nothing \
         of it was run. In PyTorch, save the state dict alone: \
         torch.save(net.state_dict(), 'weights.pt')"
    )]
    Global {
        /// The module and name of what it refers to.
        name: String,
    },
    /// No tensors where a state dict has them.
    #[error(
        "the file holds {found}, and no state dict; in PyTorch, save one: \
         torch.save(net.state_dict(), 'weights.pt')"
    )]
    NoStateDict {
        /// What there is instead.
        found: String,
    },
    /// A tensor of numbers that cannot be weights, or of more than four dimensions.
    #[error(
        "tensor {name} is {found}; expected floating-point numbers of rank at most 4; convert it \
         before exporting"
    )]
    Unsupported {
        /// The tensor.
        name: String,
        /// Its type and shape.
        found: String,
    },
    /// Two tensors that mean the same.
    #[error(
        "both {first} and {second} of the file would be {target} of the network; export one of \
         them alone"
    )]
    Ambiguous {
        /// A name in the file.
        first: String,
        /// Another one.
        second: String,
        /// The name in the network.
        target: String,
    },
}
