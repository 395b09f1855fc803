//! Convolutions at the shapes of ResNet-110 and VGG-15: `cargo bench -p tensor`, or
//! some of them: `cargo bench -p tensor -- "stage1 fused"`.
//!
//! Throughput counts multiplications and additions of the plain sum, so criterion's
//! Gelem/s are GFLOP/s. Behind each group stands the same against the peak of the
//! processor, measured in the same run.

mod group;
mod layer;
mod peak;

use criterion::{Criterion, criterion_group, criterion_main};
use tensor::{simd, threads};

use group::Group;
use layer::{Layer, layers};

fn conv2d(criterion: &mut Criterion) {
    let peak = peak::flops_per_second();
    println!(
        "FMA peak: {:.0} GFLOP/s, {} on {} threads",
        peak / 1e9,
        simd::level(),
        threads::count()
    );
    for geometry in layers() {
        let mut layer = Layer::new(geometry);
        let mut group = Group::new(criterion, layer.name, peak);
        let (one, is_winograd) = (layer.flops(), layer.is_winograd());
        group.bench("forward", one, is_winograd, || layer.forward());
        if is_winograd {
            group.bench("fused forward", one, true, || layer.fused_forward());
            group.bench("backward", 2 * one, true, || layer.fused_backward(true));
            group.bench("backward, dz alone", one, true, || layer.fused_backward(false));
        } else {
            group.bench("input gradient", one, false, || layer.input_grad());
            group.bench("weight gradient", one, false, || layer.weight_grad());
        }
        group.finish();
    }
}

criterion_group!(benches, conv2d);
criterion_main!(benches);
