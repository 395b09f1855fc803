//! 3x3 convolution at stride 1 by Winograd's minimal filtering F(4x4, 3x3)
//! (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
//!
//! The output is cut into tiles of 4x4 pixels, each the result of a 6x6 patch.
//! In the transformed domain a patch has 36 coefficients, and the convolution
//! is 36 independent products over the channels: 36 multiplications where the
//! plain sum has 144.
//!
//! ```text
//! V = B^T d B      6x6 patch of the input        (transform)
//! U = G g G^T      3x3 kernel                    (weights)
//! M = V U          over channels, 36 times       (product)
//! Y = A^T M A      4x4 tile of the output        (transform)
//! ```
//!
//! A few tiles at a time go through all steps, so that what lies between the
//! steps stays in the first two cache levels. Vectors run across channels.

mod forward;
mod product;
mod transform;
mod weight_grad;
mod weights;

pub(super) use forward::{forward, input_grad};
pub(super) use weight_grad::weight_grad;

use super::Conv2dGeom;

/// Side of an output tile.
const TILE: usize = 4;
/// Side of the patch that an output tile depends on.
const PATCH: usize = 6;
/// Coefficients of a transformed patch.
const COEFFICIENTS: usize = PATCH * PATCH;
/// Tiles that go through the steps together: rows of the 36 products.
const BLOCK: usize = 16;
/// Channels come in multiples of this, a register of the widest level, so that
/// the choice of the path is the same at every level.
const CHANNEL_STEP: usize = 16;
/// Below this many pixels of the output a tile is mostly waste.
const MIN_PIXELS: usize = 16;

/// Whether this path computes the geometry.
pub(super) fn fits(g: &Conv2dGeom) -> bool {
    g.kernel == 3
        && g.stride == 1
        && g.padding == 1
        && g.c_in.is_multiple_of(CHANNEL_STEP)
        && g.c_out.is_multiple_of(CHANNEL_STEP)
        && g.h * g.w >= MIN_PIXELS
}

/// How the images of a convolution are cut into tiles.
#[derive(Debug, Clone, Copy)]
struct Tiling {
    /// Height of the images.
    h: usize,
    /// Width of the images.
    w: usize,
    /// Tiles across.
    across: usize,
    /// Tiles of an image.
    per_image: usize,
}

/// The top left pixel of a tile, and the image it belongs to.
#[derive(Debug, Clone, Copy)]
struct Place {
    image: usize,
    y: usize,
    x: usize,
}

impl Tiling {
    fn new(g: &Conv2dGeom) -> Self {
        let across = g.w.div_ceil(TILE);
        Tiling { h: g.h, w: g.w, across, per_image: across * g.h.div_ceil(TILE) }
    }

    /// Images whose tiles fill at least one block: the unit of work that is
    /// handed to a thread.
    fn images_per_group(&self) -> usize {
        BLOCK.div_ceil(self.per_image)
    }

    fn place(&self, tile: usize) -> Place {
        let (image, tile) = (tile / self.per_image, tile % self.per_image);
        Place { image, y: tile / self.across * TILE, x: tile % self.across * TILE }
    }
}
