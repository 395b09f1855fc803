//! The kernels: free functions on slices, output first, geometry in a struct.
//!
//! Each fast kernel has a plain-loop reference beside it in its tests.

pub mod batch_norm;
pub mod channelwise;
pub mod conv2d;
pub mod elementwise;
pub mod momentum;
pub mod pool;
pub mod shortcut;
pub mod softmax;
