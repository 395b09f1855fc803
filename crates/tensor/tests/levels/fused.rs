//! Laws of the fused convolution: at every SIMD level, for any geometry it fits,
//! it agrees with the single kernels in `f64`, and its bits do not depend on
//! threads.

use proptest::prelude::*;
use tensor::kernel::batch_norm::Moments;
use tensor::kernel::conv2d::fused::{self, Cotangent, Forward, NormRelu, TransformedWeights};
use tensor::kernel::conv2d::{Conv2dGeom, reference};
use tensor::simd::Level;
use tensor::{Tensor, threads};
use testkit::close::{Tolerance, check_close};
use testkit::noise;

use crate::{at_every_level, winograd};

/// What surrounds the convolution.
#[derive(Debug, Clone, Copy)]
struct Around {
    norm_relu: bool,
    skip: bool,
    pending: bool,
}

/// Numbers for everything that a convolution may read.
struct Inputs {
    x: Tensor<f32>,
    w: Tensor<f32>,
    scale: Tensor<f32>,
    shift: Tensor<f32>,
    skip: Tensor<f32>,
    /// A gradient, and the factors of one that is still pending.
    dy: Tensor<f32>,
    factors: [Tensor<f32>; 3],
}

impl Inputs {
    fn new(g: &Conv2dGeom) -> Inputs {
        Inputs {
            x: noise::at(g.in_shape(), 0),
            w: noise::at(g.weight_shape(), 1),
            scale: noise::at([g.c_in], 2),
            shift: noise::at([g.c_in], 3),
            skip: noise::at(g.out_shape(), 4),
            dy: noise::at(g.out_shape(), 5),
            factors: [6, 7, 8].map(|place| noise::at([g.c_out], place)),
        }
    }
}

/// Everything that comes out, in `f64`.
#[derive(Debug, PartialEq)]
struct Outputs {
    y: Tensor<f64>,
    mean: Tensor<f64>,
    m2: Tensor<f64>,
    dz: Tensor<f64>,
    dw: Tensor<f64>,
    sums: Tensor<f64>,
}

fn vector(values: Vec<f64>) -> Tensor<f64> {
    Tensor::from_vec([values.len()], values)
}

fn fused(g: &Conv2dGeom, i: &Inputs, around: Around) -> Outputs {
    let norm_relu =
        around.norm_relu.then(|| NormRelu { scale: i.scale.as_slice(), shift: i.shift.as_slice() });
    let mut y = Tensor::for_overwrite(g.out_shape());
    let inputs = Forward {
        x: i.x.as_slice(),
        norm_relu,
        weights: &TransformedWeights::new(i.w.as_slice(), g),
        skip: around.skip.then(|| i.skip.as_slice()),
    };
    let moments = fused::forward(y.as_mut_slice(), &inputs, g, true).unwrap();
    assert_eq!(moments.count, g.batch * g.h * g.w);
    let dy = if around.pending {
        let factors = [0, 1, 2].map(|f| i.factors[f].as_slice());
        Cotangent::Pending { dz: i.dy.as_slice(), x: i.skip.as_slice(), factors }
    } else {
        Cotangent::Whole(i.dy.as_slice())
    };
    let mut dz = Tensor::for_overwrite(g.in_shape());
    let mut dw = Tensor::for_overwrite(g.weight_shape());
    let mut sums = vec![f64::NAN; 2 * g.c_in];
    let weights = TransformedWeights::transposed(i.w.as_slice(), g);
    let out = fused::Gradients {
        dz: Some((dz.as_mut_slice(), &weights)),
        dw: Some(dw.as_mut_slice()),
        sums: Some((&mut sums, i.scale.as_slice())),
    };
    let inputs = fused::Backward { x: i.x.as_slice(), norm_relu, dy };
    fused::backward(out, &inputs, g);
    let mut alone = Tensor::for_overwrite(g.in_shape());
    let out = fused::Gradients { dz: Some((alone.as_mut_slice(), &weights)), dw: None, sums: None };
    fused::backward(out, &inputs, g);
    assert_eq!(alone, dz, "dz does not depend on what else is wanted");
    let mut alone = Tensor::for_overwrite(g.weight_shape());
    let out = fused::Gradients { dz: None, dw: Some(alone.as_mut_slice()), sums: None };
    fused::backward(out, &inputs, g);
    assert_eq!(alone, dw, "dw does not depend on what else is wanted");
    Outputs {
        y: y.cast(),
        mean: moments.mean,
        m2: moments.m2,
        dz: dz.cast(),
        dw: dw.cast(),
        sums: vector(sums),
    }
}

/// The same, one plain step after the other.
fn plainly(g: &Conv2dGeom, i: &Inputs, around: Around) -> Outputs {
    let wide = |t: &Tensor<f32>| t.cast::<f64>();
    let (x, w) = (wide(&i.x), wide(&i.w));
    let (scale, shift) = (wide(&i.scale), wide(&i.shift));
    let mut z = x.clone();
    if around.norm_relu {
        for (at, z) in z.as_mut_slice().iter_mut().enumerate() {
            let c = at % g.c_in;
            // In `f32`, so that the ReLU closes at the same places.
            let y = i.x.as_slice()[at].mul_add(i.scale.as_slice()[c], i.shift.as_slice()[c]);
            *z = if y > 0.0 { *z * scale.as_slice()[c] + shift.as_slice()[c] } else { 0.0 };
        }
    }
    let mut y = Tensor::for_overwrite(g.out_shape());
    reference::forward(y.as_mut_slice(), z.as_slice(), w.as_slice(), g);
    if around.skip {
        y.as_mut_slice().iter_mut().zip(i.skip.as_slice()).for_each(|(y, &s)| *y += f64::from(s));
    }
    let moments = Moments::of(y.as_slice(), g.c_out);
    let mut dy = wide(&i.dy);
    if around.pending {
        let [a, b, d] = [0, 1, 2].map(|f| wide(&i.factors[f]));
        for (at, dy) in dy.as_mut_slice().iter_mut().enumerate() {
            let c = at % g.c_out;
            let x = f64::from(i.skip.as_slice()[at]);
            *dy = *dy * a.as_slice()[c] + x * b.as_slice()[c] + d.as_slice()[c];
        }
    }
    let mut dz = Tensor::for_overwrite(g.in_shape());
    let mut dw = Tensor::for_overwrite(g.weight_shape());
    reference::input_grad(dz.as_mut_slice(), dy.as_slice(), w.as_slice(), g);
    reference::weight_grad(dw.as_mut_slice(), z.as_slice(), dy.as_slice(), g);
    let mut sums = vec![0.0; 2 * g.c_in];
    for (at, dz) in dz.as_mut_slice().iter_mut().enumerate() {
        if around.norm_relu && z.as_slice()[at] <= 0.0 {
            *dz = 0.0;
        }
        let c = at % g.c_in;
        sums[c] += *dz;
        sums[g.c_in + c] += *dz * (x.as_slice()[at] - scale.as_slice()[c]);
    }
    Outputs { y, mean: moments.mean, m2: moments.m2, dz, dw, sums: vector(sums) }
}

fn check_against_the_plain_steps(level: Level, g: &Conv2dGeom, around: Around) {
    let inputs = Inputs::new(g);
    let (got, expected) = (fused(g, &inputs, around), plainly(g, &inputs, around));
    for (name, got, expected, tolerance) in [
        ("y", &got.y, &expected.y, 3e-5),
        ("mean", &got.mean, &expected.mean, 1e-5),
        ("m2", &got.m2, &expected.m2, 1e-4),
        ("dz", &got.dz, &expected.dz, 3e-5),
        ("dw", &got.dw, &expected.dw, 3e-5),
        ("sums", &got.sums, &expected.sums, 1e-4),
    ] {
        let what = format!("{level} {name} {around:?} {g:?}");
        check_close(&what, got, expected, Tolerance::scaled(tolerance));
    }
}

#[test]
fn every_level_agrees_with_the_plain_steps() {
    at_every_level(|level| {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) };
        proptest!(config, |(g in winograd::geometry(12, 22), norm_relu: bool, skip: bool, pending: bool)| {
            check_against_the_plain_steps(level, &g, Around { norm_relu, skip, pending });
        });
        for g in winograd::EDGES {
            assert!(fused::fits::<f32>(&g), "{g:?}");
            for all in [false, true] {
                let around = Around { norm_relu: all, skip: all, pending: all };
                check_against_the_plain_steps(level, &g, around);
            }
        }
        let g = Conv2dGeom::same([21, 8, 8, 32], 16, 3);
        let inputs = Inputs::new(&g);
        let around = Around { norm_relu: true, skip: true, pending: true };
        let alone = threads::with_threads(1, || fused(&g, &inputs, around)).unwrap();
        for n in [2, 3, 8] {
            let many = threads::with_threads(n, || fused(&g, &inputs, around)).unwrap();
            assert_eq!(many, alone, "{level}, {n} threads");
        }
    });
}
