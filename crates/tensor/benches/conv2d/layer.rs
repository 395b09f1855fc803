//! The convolutions of the networks, with numbers to work on.

use std::hint::black_box;

use tensor::Tensor;
use tensor::kernel::conv2d::fused::{
    self, Backward, Cotangent, Forward, Gradients, NormRelu, TransformedWeights,
};
use tensor::kernel::conv2d::{self, Conv2dGeom};

/// Images at once, as in training.
const BATCH: usize = 128;

/// The name and the geometry of each kind of convolution.
pub(crate) fn layers() -> Vec<(&'static str, Conv2dGeom)> {
    let g = |side, c_in, c_out, kernel, stride| {
        Conv2dGeom::same([BATCH, side, side, c_in], c_out, kernel).with_stride(stride)
    };
    vec![
        ("stage1 16 @32", g(32, 16, 16, 3, 1)),
        ("stage2 32 @16", g(16, 32, 32, 3, 1)),
        ("stage3 64 @8", g(8, 64, 64, 3, 1)),
        ("stem 3->16 @32", g(32, 3, 16, 3, 1)),
        ("boundary 16->32 @32 /2", g(32, 16, 32, 3, 2)),
        ("boundary 32->64 @16 /2", g(16, 32, 64, 3, 2)),
        ("projection 16->32 @32 /2", g(32, 16, 32, 1, 2)),
        ("projection 32->64 @16 /2", g(16, 32, 64, 1, 2)),
        ("vgg 128 @32", g(32, 128, 128, 3, 1)),
        ("vgg 128 @8", g(8, 128, 128, 3, 1)),
        // In groups, each behind the ungrouped one of as many channels.
        ("resnext 24 @32", g(32, 24, 24, 3, 1)),
        ("resnext 4x6 @32", g(32, 24, 24, 3, 1).with_groups(4)),
        ("resnext 24->48 @32 /2", g(32, 24, 48, 3, 2)),
        ("resnext 4x6->4x12 @32 /2", g(32, 24, 48, 3, 2).with_groups(4)),
        ("resnext 48 @16", g(16, 48, 48, 3, 1)),
        ("resnext 4x12 @16", g(16, 48, 48, 3, 1).with_groups(4)),
        ("resnext 30 @32", g(32, 30, 30, 3, 1)),
        ("resnext 15x2 @32", g(32, 30, 30, 3, 1).with_groups(15)),
        ("resnext 60 @16", g(16, 60, 60, 3, 1)),
        ("resnext 15x4 @16", g(16, 60, 60, 3, 1).with_groups(15)),
        ("resnext 120 @8", g(8, 120, 120, 3, 1)),
        ("resnext 15x8 @8", g(8, 120, 120, 3, 1).with_groups(15)),
    ]
}

/// A convolution, everything that it reads, and room for what it writes.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    g: Conv2dGeom,
    x: Tensor<f32>,
    w: Tensor<f32>,
    /// The other term of a residual sum, and the input of the batch norm behind it.
    skip: Tensor<f32>,
    dy: Tensor<f32>,
    /// A few numbers for each channel: what norms multiply with and add.
    vector: Tensor<f32>,
    /// Weights for the fused kernels, as a network keeps them for many passes.
    weights: Option<[TransformedWeights; 2]>,
    y: Tensor<f32>,
    dx: Tensor<f32>,
    dw: Tensor<f32>,
    sums: Vec<f64>,
}

impl Layer {
    pub(crate) fn new((name, g): (&'static str, Conv2dGeom)) -> Self {
        let wave = |shape, period: usize| {
            Tensor::from_fn(shape, |i| (i % period) as f32 / period as f32 - 0.4)
        };
        let w = wave(g.weight_shape(), 13);
        let weights = fused::fits::<f32>(&g).then(|| {
            [
                TransformedWeights::new(w.as_slice(), &g),
                TransformedWeights::transposed(w.as_slice(), &g),
            ]
        });
        Layer {
            name,
            x: wave(g.in_shape(), 17),
            skip: wave(g.out_shape(), 19),
            dy: wave(g.out_shape(), 11),
            vector: wave([g.c_in.max(g.c_out)].into(), 7),
            y: Tensor::zeros(g.out_shape()),
            dx: Tensor::zeros(g.in_shape()),
            dw: Tensor::zeros(g.weight_shape()),
            sums: vec![0.0; 2 * g.c_in],
            weights,
            w,
            g,
        }
    }

    /// Whether the fused kernels compute it.
    pub(crate) fn is_winograd(&self) -> bool {
        self.weights.is_some()
    }

    /// Multiplications and additions of the plain sum, once.
    pub(crate) fn flops(&self) -> u64 {
        2 * self.g.macs()
    }

    /// `y = x * w`, the transform of the weights included.
    pub(crate) fn forward(&mut self) {
        let x = black_box(self.x.as_slice());
        conv2d::forward(self.y.as_mut_slice(), x, self.w.as_slice(), &self.g);
    }

    pub(crate) fn input_grad(&mut self) {
        let dy = black_box(self.dy.as_slice());
        conv2d::input_grad(self.dx.as_mut_slice(), dy, self.w.as_slice(), &self.g);
    }

    pub(crate) fn weight_grad(&mut self) {
        let dy = black_box(self.dy.as_slice());
        conv2d::weight_grad(self.dw.as_mut_slice(), self.x.as_slice(), dy, &self.g);
    }

    /// `y = relu(norm(x)) * w + skip` and its moments: as in a block of a training.
    pub(crate) fn fused_forward(&mut self) {
        let [weights, _] = self.weights.as_ref().expect("there are fused kernels");
        let vector = &self.vector.as_slice()[..self.g.c_in];
        let inputs = Forward {
            x: black_box(self.x.as_slice()),
            norm_relu: Some(NormRelu { scale: vector, shift: vector }),
            weights,
            skip: Some(self.skip.as_slice()),
        };
        black_box(fused::forward(self.y.as_mut_slice(), &inputs, &self.g, true));
    }

    /// The gradients of that from one that is still to pass a batch norm: those of a
    /// training, or `dz` alone, as path gradients want it.
    pub(crate) fn fused_backward(&mut self, is_training: bool) {
        let [_, weights] = self.weights.as_ref().expect("there are fused kernels");
        let vector = |c: usize| &self.vector.as_slice()[..c];
        let [of_in, of_out] = [vector(self.g.c_in), vector(self.g.c_out)];
        let inputs = Backward {
            x: self.x.as_slice(),
            norm_relu: Some(NormRelu { scale: of_in, shift: of_in }),
            dy: Cotangent::Pending {
                dz: black_box(self.dy.as_slice()),
                x: self.skip.as_slice(),
                factors: [of_out; 3],
            },
        };
        let out = Gradients {
            dz: Some((self.dx.as_mut_slice(), weights)),
            dw: is_training.then(|| self.dw.as_mut_slice()),
            sums: is_training.then(|| (&mut self.sums[..], of_in)),
        };
        fused::backward(out, &inputs, &self.g);
    }
}
