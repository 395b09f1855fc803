//! Dense tensors and the kernels of a convolutional network, on the CPU.
//!
//! A [`Tensor`] is contiguous and row-major; images are NHWC, so the channels
//! of a pixel lie side by side and kernels vectorise across them. Everything
//! is generic over [`Scalar`]: `f32` is for work, `f64` is the slow exact twin
//! that gradient checks and path laws use, through the same code.
//!
//! Kernels are free functions on slices plus one geometry struct, output
//! first (`kernel::conv2d::forward(out, x, w, &geom)`). Gradients are unknown
//! here: a backward kernel is a function like the others.
//!
//! **Determinism.** How work is cut into chunks is a function of the shape
//! alone, every chunk owns its partial sums, and partial sums are added in a
//! fixed order. The same input gives the same bits for any number of threads.
//!
//! **Must not know:** gradients, layers, networks, files.
//!
//! ```
//! use tensor::{Tensor, kernel::conv2d::{self, Conv2dGeom}};
//!
//! // A 3x3 box filter over a 4x4 image of ones, padding 1.
//! let geom = Conv2dGeom::same([1, 4, 4, 1], 1, 3);
//! let x = Tensor::<f32>::full([1, 4, 4, 1], 1.0);
//! let w = Tensor::<f32>::full([3, 3, 1, 1], 1.0);
//! let mut y = Tensor::<f32>::zeros(geom.out_shape());
//! conv2d::forward(y.as_mut_slice(), x.as_slice(), w.as_slice(), &geom);
//! assert_eq!(y.as_slice()[0], 4.0); // a corner sees four pixels
//! assert_eq!(y.as_slice()[5], 9.0); // the middle sees nine
//! ```

mod buffer;
mod convert;
pub mod gemm;
pub mod kernel;
mod memory;
mod normalisation;
pub mod random;
mod scalar;
mod scratch;
mod shape;
pub mod simd;
mod tensor;
pub mod threads;

pub use buffer::Buffer;
pub use convert::ConvertError;
pub use memory::Element;
/// The version that [`Tensor`] converts from and to.
pub use ndarray;
pub use normalisation::{Normalisation, NormalisationError, UnknownNormalisation};
pub use scalar::Scalar;
pub use shape::Shape;
pub use tensor::Tensor;
