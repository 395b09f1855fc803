//! 3x3 convolution at stride 1 by Winograd's minimal filtering F(4x4, 3x3)
//! (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
//!
//! The output is cut into tiles of 4x4 pixels, each the result of a 6x6 patch.
//! In the transformed domain a patch has 36 coefficients, and the convolution
//! is 36 independent products over the channels: 36 multiplications where the
//! plain sum has 144.
//!
//! ```text
//! V = B^T z B      6x6 patch of the input        (transform)
//! U = G g G^T      3x3 kernel                    (weights)
//! M = V U          over channels, 36 times       (product)
//! Y = A^T M A      4x4 tile of the output        (transform)
//! ```
//!
//! The backward pass is the adjoint, step by step. `dM = A dY A^T` serves both
//! gradients: `dU = V^T dM` and `dV = dM U^T`. Then `dz = B dV B^T` is added up patch by
//! patch.
//!
//! One thread takes a strip of an image, or several small images whole ([`tiling`]),
//! through all steps, a block of tiles at a time, so that intermediate results stay in
//! the first two cache levels. The operations around the convolution happen on the way:
//! batch norm and ReLU while a strip is copied into its margin of zeros ([`stage`]), the
//! residual sum when a tile is written, and the moments of the output while it is still
//! in the cache.

mod ahead;
mod backward;
mod forward;
mod matrices;
mod product;
mod stage;
mod strip_grad;
mod tiling;
mod transform;
mod weights;
mod write_dz;

pub(super) use backward::backward;
pub(super) use forward::forward;
pub(super) use weights::transform as transform_weights;

use super::{Conv2dGeom, Path, path};

/// Side of an output tile.
const TILE: usize = 4;
/// Side of the patch that an output tile depends on.
const PATCH: usize = 6;
/// Coefficients of a transformed patch.
pub(super) const COEFFICIENTS: usize = PATCH * PATCH;
/// Tiles that go through the steps together, as the rows of the 36 products: few enough
/// that a block's intermediate results stay in the second-level cache.
const BLOCK: usize = 16;
/// The same for weights so large that reading them takes most of the time.
const LARGE_BLOCK: usize = 32;
/// From this many pairs of channels on, weights are large: 36 of them take half of
/// the second-level cache.
const LARGE_PAIRS: usize = 64 * 64;
/// Numbers between the rows of one coefficient and those of the next. Without this cache
/// line all 36 would fall into the same few sets of the cache.
const SPACER: usize = 16;
/// Columns of transformed weights that lie together, `[c_in, PANEL]` in one piece: a
/// product reads them from top to bottom, and memory is fetched ahead in order.
const PANEL: usize = 64;
/// Channels come in multiples of this, a register of the widest level, so that
/// the choice of the path is the same at every level.
const CHANNEL_STEP: usize = 16;
/// Below this many pixels of the output a tile is mostly waste.
const MIN_PIXELS: usize = 16;

/// Whether this path can compute the geometry, and is allowed to.
pub(super) fn fits(g: &Conv2dGeom) -> bool {
    path() == Path::Fastest && covers(g)
}

/// Whether this path can compute the geometry.
pub(super) fn covers(g: &Conv2dGeom) -> bool {
    g.groups == 1
        && g.kernel == 3
        && g.stride == 1
        && g.padding == 1
        && g.c_in.is_multiple_of(CHANNEL_STEP)
        && g.c_out.is_multiple_of(CHANNEL_STEP)
        && g.h.saturating_mul(g.w) >= MIN_PIXELS
}

/// The sizes of a block's matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sizes {
    c_in: usize,
    c_out: usize,
    /// Tiles.
    block: usize,
}

/// The sizes that are compiled as constants. Addresses are then offsets from a few
/// registers; computing them would cost as much as the transforms themselves.
const CONSTANT_SIZES: [Sizes; 4] = [
    Sizes { c_in: 16, c_out: 16, block: BLOCK },
    Sizes { c_in: 32, c_out: 32, block: BLOCK },
    Sizes { c_in: 64, c_out: 64, block: LARGE_BLOCK },
    Sizes { c_in: 128, c_out: 128, block: LARGE_BLOCK },
];

impl Sizes {
    fn new(g: &Conv2dGeom) -> Self {
        let block = if g.c_in * g.c_out < LARGE_PAIRS { BLOCK } else { LARGE_BLOCK };
        Sizes { c_in: g.c_in, c_out: g.c_out, block }
    }

    /// Numbers from one coefficient to the next in a block of transformed patches.
    #[inline(always)]
    fn v_step(&self) -> usize {
        self.block * self.c_in + SPACER
    }

    /// The same for transformed tiles.
    #[inline(always)]
    fn m_step(&self) -> usize {
        self.block * self.c_out + SPACER
    }
}

/// An expression compiled for each of the [`CONSTANT_SIZES`], and once for all others.
macro_rules! with_constant_sizes {
    (|$sizes:ident| $call:expr) => {
        match $sizes {
            s if s == CONSTANT_SIZES[0] => with_constant_sizes!($sizes = 0, $call),
            s if s == CONSTANT_SIZES[1] => with_constant_sizes!($sizes = 1, $call),
            s if s == CONSTANT_SIZES[2] => with_constant_sizes!($sizes = 2, $call),
            s if s == CONSTANT_SIZES[3] => with_constant_sizes!($sizes = 3, $call),
            _ => $call,
        }
    };
    ($sizes:ident = $i:literal, $call:expr) => {{
        let $sizes = const { CONSTANT_SIZES[$i] };
        $call
    }};
}
use with_constant_sizes;
