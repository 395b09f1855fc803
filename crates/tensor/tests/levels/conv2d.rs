//! Laws of the convolution kernels: at every SIMD level, for any geometry,
//! they agree with the plain loops, and their bits do not depend on threads.

use proptest::prelude::*;
use tensor::kernel::conv2d::{self, Conv2dGeom, reference};
use tensor::simd::Level;
use tensor::{Scalar, Tensor, threads};
use testkit::close::{Tolerance, check_close};
use testkit::noise;

use crate::{at_every_level, winograd};

fn geometry() -> impl Strategy<Value = Conv2dGeom> {
    let channels = || prop_oneof![3 => 1usize..9, 1 => Just(16), 1 => Just(32)];
    around((1usize..4, 1usize..13, 1usize..13, channels()), channels())
}

/// Any kernel, stride and padding for images `[batch, h, w, c_in]` and output channels.
fn around(
    images: impl Strategy<Value = (usize, usize, usize, usize)>,
    c_out: impl Strategy<Value = usize>,
) -> impl Strategy<Value = Conv2dGeom> {
    (images, c_out, 1usize..6, 1usize..4, 0usize..4)
        .prop_map(|((batch, h, w, c_in), c_out, kernel, stride, padding)| {
            let g = Conv2dGeom::valid([batch, h, w, c_in], c_out, kernel);
            g.with_stride(stride).with_padding(padding)
        })
        .prop_filter("the kernel fits", |g| g.kernel <= g.h.min(g.w) + 2 * g.padding)
}

/// Geometries that go through the plain sum in registers in `f32`: as many registers
/// of output channels as a level takes at once and what is left of them, rows longer
/// than its pixels and shorter.
fn direct_geometry() -> impl Strategy<Value = Conv2dGeom> {
    let c_out = prop_oneof![Just(16usize), Just(32), Just(48), Just(64), Just(80), Just(112)];
    around((1usize..4, 1usize..9, 1usize..36, 1usize..8), c_out)
}

/// Convolutions in groups: any number of them with 1 to 40 channels each, mostly with the
/// kernels, strides and paddings of networks. Images of 1 to 35 pixels a row, so that lines
/// are longer and shorter than what registers hold.
fn grouped_geometry() -> impl Strategy<Value = Conv2dGeom> {
    let channels = || prop_oneof![6 => 1usize..17, 1 => 17usize..40];
    let sizes = (1usize..4, 1usize..9, 1usize..36);
    let usual = prop_oneof![Just((1usize, 0usize)), Just((3, 1)), Just((3, 1))];
    let any = (1usize..5, 0usize..3);
    let kernel = prop_oneof![5 => (usual, 1usize..3), 1 => (any, 1usize..4)];
    (sizes, channels(), channels(), 1usize..10, kernel)
        .prop_map(|((n, h, w), c_in, c_out, groups, ((kernel, padding), stride))| {
            Conv2dGeom::valid([n, h, w, groups * c_in], groups * c_out, kernel)
                .with_padding(padding)
                .with_stride(stride)
                .with_groups(groups)
        })
        .prop_filter("the kernel fits", |g| g.kernel <= g.h.min(g.w) + 2 * g.padding)
}

/// Output, input gradient and weight gradient.
fn all_three<T: Scalar>(g: &Conv2dGeom) -> [Tensor<T>; 3] {
    let (x, w, dy) =
        (noise::at(g.in_shape(), 0), noise::at(g.weight_shape(), 1), noise::at(g.out_shape(), 2));
    let mut out = [g.out_shape(), g.in_shape(), g.weight_shape()].map(Tensor::for_overwrite);
    let [y, dx, dw] = &mut out;
    conv2d::forward(y.as_mut_slice(), x.as_slice(), w.as_slice(), g);
    conv2d::input_grad(dx.as_mut_slice(), dy.as_slice(), w.as_slice(), g);
    conv2d::weight_grad(dw.as_mut_slice(), x.as_slice(), dy.as_slice(), g);
    out
}

fn all_three_plainly(g: &Conv2dGeom) -> [Tensor<f64>; 3] {
    let (x, w, dy) =
        (noise::at(g.in_shape(), 0), noise::at(g.weight_shape(), 1), noise::at(g.out_shape(), 2));
    let mut out = [g.out_shape(), g.in_shape(), g.weight_shape()].map(Tensor::for_overwrite);
    let [y, dx, dw] = &mut out;
    reference::forward(y.as_mut_slice(), x.as_slice(), w.as_slice(), g);
    reference::input_grad(dx.as_mut_slice(), dy.as_slice(), w.as_slice(), g);
    reference::weight_grad(dw.as_mut_slice(), x.as_slice(), dy.as_slice(), g);
    out
}

fn any_geometry() -> impl Strategy<Value = Conv2dGeom> {
    prop_oneof![2 => geometry(), 1 => winograd::geometry(6, 14), 1 => direct_geometry()]
}

/// Maps of one pixel less than Winograd's transform takes.
const TOO_SMALL: [Conv2dGeom; 2] =
    [Conv2dGeom::same([2, 1, 15, 16], 16, 3), Conv2dGeom::same([1, 3, 5, 32], 32, 3)];

/// Groups and channels of each, as in networks: a part of a register, exactly one, several.
const GROUPS: [(usize, usize); 10] =
    [(15, 2), (4, 6), (8, 2), (15, 4), (4, 12), (3, 8), (15, 8), (2, 16), (4, 24), (30, 1)];

fn same_in_groups(groups: usize, c_in: usize, c_out: usize) -> Conv2dGeom {
    Conv2dGeom::same([3, 9, 11, groups * c_in], groups * c_out, 3).with_groups(groups)
}

fn check_against_the_plain_loops(level: Level, g: &Conv2dGeom) {
    let expected = all_three_plainly(g);
    let [exact, got] = [all_three::<f64>(g), all_three::<f32>(g).map(|t| t.cast())];
    for (i, name) in ["y", "dx", "dw"].into_iter().enumerate() {
        let what = |precision| format!("{level} {precision} {name} {g:?}");
        check_close(&what("f64"), &exact[i], &expected[i], Tolerance::scaled(1e-12));
        check_close(&what("f32"), &got[i], &expected[i], Tolerance::scaled(3e-5));
    }
}

#[test]
fn every_level_agrees_with_the_plain_loops() {
    at_every_level(|level| {
        let config =
            ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
        proptest!(config, |(g in any_geometry())| {
            check_against_the_plain_loops(level, &g);
        });
        let config =
            ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
        proptest!(config, |(g in grouped_geometry())| {
            check_against_the_plain_loops(level, &g);
        });
        for g in winograd::EDGES.iter().chain(&TOO_SMALL) {
            check_against_the_plain_loops(level, g);
        }
        for (groups, c) in GROUPS {
            for g in [1, 2].map(|stride| same_in_groups(groups, c, c).with_stride(stride)) {
                check_against_the_plain_loops(level, &g);
                check_against_the_plain_loops(level, &Conv2dGeom { c_out: 2 * g.c_out, ..g });
            }
        }
        let g = Conv2dGeom::same([5, 16, 16, 16], 32, 3);
        let few = same_in_groups(5, 6, 4).with_batch(5);
        for g in [g, g.with_stride(2), few, few.with_stride(2)] {
            let alone = threads::with_threads(1, || all_three::<f32>(&g)).unwrap();
            for n in [2, 3, 8] {
                assert_eq!(
                    threads::with_threads(n, || all_three::<f32>(&g)).unwrap(),
                    alone,
                    "{level}, {n} threads"
                );
            }
        }
    });
}
