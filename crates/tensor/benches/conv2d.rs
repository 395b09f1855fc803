//! Convolution at the shapes of the residual networks: `cargo bench -p tensor`.
//!
//! Throughput is in multiplications of the plain sum, so the two ways to
//! compute it can be compared.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tensor::Tensor;
use tensor::kernel::conv2d::{self, Conv2dGeom};

/// Images at once, as in training.
const BATCH: usize = 128;

fn geometries() -> Vec<(&'static str, Conv2dGeom)> {
    let g = |side, c_in, c_out, kernel, stride| Conv2dGeom {
        batch: BATCH,
        h: side,
        w: side,
        c_in,
        c_out,
        kernel,
        stride,
        padding: kernel / 2,
    };
    vec![
        ("stem 3->16 @32", g(32, 3, 16, 3, 1)),
        ("stage1 16 @32", g(32, 16, 16, 3, 1)),
        ("stage2 32 @16", g(16, 32, 32, 3, 1)),
        ("stage3 64 @8", g(8, 64, 64, 3, 1)),
        ("boundary 16->32 /2", g(32, 16, 32, 3, 2)),
        ("projection 16->32 /2", g(32, 16, 32, 1, 2)),
        ("vgg 128 @32", g(32, 128, 128, 3, 1)),
    ]
}

fn conv2d(criterion: &mut Criterion) {
    for (name, geom) in geometries() {
        let x = Tensor::<f32>::from_fn(geom.in_shape(), |i| (i % 17) as f32 - 8.0);
        let w = Tensor::<f32>::from_fn(geom.weight_shape(), |i| (i % 13) as f32 - 6.0);
        let dy = Tensor::<f32>::from_fn(geom.out_shape(), |i| (i % 11) as f32 - 5.0);
        let [mut y, mut dx, mut dw] =
            [geom.out_shape(), geom.in_shape(), geom.weight_shape()].map(Tensor::<f32>::zeros);
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Elements(geom.macs()));
        group.bench_function(BenchmarkId::from_parameter("forward"), |b| {
            b.iter(|| {
                conv2d::forward(y.as_mut_slice(), black_box(x.as_slice()), w.as_slice(), &geom)
            });
        });
        group.bench_function(BenchmarkId::from_parameter("input_grad"), |b| {
            b.iter(|| {
                conv2d::input_grad(dx.as_mut_slice(), black_box(dy.as_slice()), w.as_slice(), &geom)
            });
        });
        group.bench_function(BenchmarkId::from_parameter("weight_grad"), |b| {
            b.iter(|| {
                conv2d::weight_grad(
                    dw.as_mut_slice(),
                    black_box(x.as_slice()),
                    dy.as_slice(),
                    &geom,
                )
            });
        });
        group.finish();
    }
}

criterion_group!(benches, conv2d);
criterion_main!(benches);
