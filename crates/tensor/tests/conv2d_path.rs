//! The general path as an oracle: it can be forced on every geometry, and agrees with the
//! plain sum to the last decimals. A fused backward pass still runs after the switch.

use proptest::prelude::*;
use tensor::kernel::conv2d::fused::{self, Cotangent, TransformedWeights};
use tensor::kernel::conv2d::{self, Conv2dGeom, Path, reference};
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};
use testkit::noise;

type Kernel<T> = fn(&mut [T], &[T], &[T], &Conv2dGeom);

/// Output, input gradient and weight gradient by three kernels.
fn all_three<T: Scalar>(g: &Conv2dGeom, kernels: [Kernel<T>; 3]) -> [Tensor<T>; 3] {
    let shapes = [g.in_shape(), g.weight_shape(), g.out_shape()];
    let [x, w, dy] = [0, 1, 2].map(|i| noise::at::<f32>(shapes[i], i as u64).cast::<T>());
    let operands = [(&x, &w, g.out_shape()), (&dy, &w, g.in_shape()), (&x, &dy, g.weight_shape())];
    [0, 1, 2].map(|i| {
        let (a, b, shape) = operands[i];
        let mut out = Tensor::for_overwrite(shape);
        kernels[i](out.as_mut_slice(), a.as_slice(), b.as_slice(), g);
        out
    })
}

fn fast_geometry() -> impl Strategy<Value = Conv2dGeom> {
    let channels = || prop_oneof![Just(16usize), Just(32), Just(64)];
    (1usize..4, 4usize..10, 4usize..10, channels(), channels(), 1usize..4, 1usize..3).prop_map(
        |(batch, h, w, c_in, c_out, kernel, stride)| {
            Conv2dGeom::same([batch, h, w, c_in], c_out, kernel).with_stride(stride)
        },
    )
}

/// One test, since the path belongs to the process.
#[test]
fn the_general_path_takes_every_geometry() {
    assert_eq!(conv2d::path(), Path::Fastest);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    proptest!(config, |(g in fast_geometry())| {
        let kernels = [conv2d::forward, conv2d::input_grad, conv2d::weight_grad];
        conv2d::set_path(Path::Fastest);
        let is_winograd = fused::fits::<f32>(&g);
        prop_assert_eq!(is_winograd, g.kernel == 3 && g.stride == 1);
        let fast = all_three::<f32>(&g, kernels);
        conv2d::set_path(Path::Patches);
        prop_assert_eq!(conv2d::path(), Path::Patches);
        prop_assert!(!fused::fits::<f32>(&g));
        let general = all_three::<f32>(&g, kernels);
        let exact = [reference::forward, reference::input_grad, reference::weight_grad];
        let exact = all_three::<f64>(&g, exact);
        for (name, (general, exact)) in ["y", "dx", "dw"].iter().zip(general.iter().zip(&exact)) {
            let what = format!("{name} {g:?}");
            check_close(&what, &general.cast(), exact, Tolerance::scaled(2e-6));
        }
        if is_winograd {
            let is_other = |i: usize| fast[i] != general[i];
            prop_assert!([0, 1, 2].into_iter().all(is_other), "other kernels round otherwise");
            // A tape that was recorded before is still swept.
            let weights = TransformedWeights::transposed(noise::at(g.weight_shape(), 1).as_slice(), &g);
            let [x, dy] = [(g.in_shape(), 0), (g.out_shape(), 2)].map(|(s, place)| noise::at(s, place));
            let mut dz = Tensor::for_overwrite(g.in_shape());
            let dz_out = Some((dz.as_mut_slice(), &weights));
            let out = fused::Gradients { dz: dz_out, dw: None, sums: None };
            let dy = Cotangent::Whole(dy.as_slice());
            let inputs = fused::Backward { x: x.as_slice(), norm_relu: None, dy };
            fused::backward(out, &inputs, &g);
            check_close("dz", &dz.cast(), &exact[1], Tolerance::scaled(3e-5));
        }
    });
    conv2d::set_path(Path::Fastest);
}
