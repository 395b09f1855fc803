//! What kernels refuse, and tensors in files.

mod fused_misuse;
mod misuse;
mod normalisation;
