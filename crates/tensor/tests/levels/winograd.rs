//! Geometries that go through Winograd's transform in `f32`.

use proptest::prelude::*;
use tensor::kernel::conv2d::Conv2dGeom;

/// Random ones of fewer than `batch` images with fewer than `side` rows and columns.
pub(crate) fn geometry(batch: usize, side: usize) -> impl Strategy<Value = Conv2dGeom> {
    let channels = || prop_oneof![Just(16usize), Just(32), Just(48), Just(64), Just(80)];
    (1..batch, 3..side, 6..side, channels(), channels())
        .prop_map(|(batch, h, w, c_in, c_out)| Conv2dGeom::same([batch, h, w, c_in], c_out, 3))
}

/// What random geometries hardly draw: maps of as few pixels as the transform takes, and
/// the largest number of channels that is a constant of the compiled code.
pub(crate) const EDGES: [Conv2dGeom; 6] = [
    Conv2dGeom::same([2, 1, 16, 16], 16, 3),
    Conv2dGeom::same([18, 16, 1, 16], 32, 3),
    Conv2dGeom::same([3, 2, 8, 32], 16, 3),
    Conv2dGeom::same([1, 4, 4, 128], 128, 3),
    Conv2dGeom::same([2, 5, 7, 128], 128, 3),
    Conv2dGeom::same([1, 4, 9, 64], 128, 3),
];
