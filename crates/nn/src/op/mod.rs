//! The differentiable ops, one file each: formula, what is saved, forward,
//! backward.

mod add;
mod batch_norm;
mod bias;
mod carry;
mod conv2d;
mod cross_entropy;
mod dropout;
mod flatten;
mod fused_conv;
mod join;
mod linear;
mod mul;
mod normaliser;
mod option_a;
mod pool;
mod relu;
mod scale;
mod sigmoid;

pub use add::add;
pub use batch_norm::{batch_norm, norm_relu};
pub use bias::bias;
pub use carry::carry;
pub use conv2d::{conv2d, grouped_conv2d};
pub use cross_entropy::cross_entropy;
pub use dropout::dropout;
pub use flatten::flatten;
pub use fused_conv::{ConvWeights, FusedConv, Norm, fused_conv, fuses};
pub use join::{join, join_at};
pub use linear::linear;
pub use mul::mul;
pub use normaliser::{EPSILON, Statistics};
pub use option_a::{option_a, shortcut};
pub use pool::{average_pool, global_average, max_pool};
pub use relu::relu;
pub use scale::scale;
pub use sigmoid::sigmoid;
