//! Layers: geometry and the places of their parameters, as plain data.

mod batch_norm;
mod builder;
mod conv2d;
mod linear;

pub use batch_norm::BatchNorm;
pub use builder::Builder;
pub use conv2d::{Conv2d, ConvOptions};
pub use linear::Linear;
