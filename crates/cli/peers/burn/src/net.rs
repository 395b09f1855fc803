//! The pre-activation ResNet-110 for 32x32 images, in burn.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::module::adaptive_avg_pool2d;
use burn::tensor::{Device, Tensor};

#[derive(Module, Debug)]
pub struct ResNet {
    stem: Conv2d,
    blocks: Vec<Block>,
    bn: BatchNorm,
    linear: Linear,
}

#[derive(Module, Debug)]
struct Block {
    bn1: BatchNorm,
    conv1: Conv2d,
    bn2: BatchNorm,
    conv2: Conv2d,
    skip: Option<Conv2d>,
}

impl ResNet {
    pub fn new(device: &Device) -> Self {
        let mut blocks = Vec::new();
        let mut cin = 16;
        for width in [16, 32, 64] {
            for _ in 0..18 {
                blocks.push(Block::new(cin, width, device));
                cin = width;
            }
        }
        ResNet {
            stem: conv3x3(3, 16, 1, device),
            blocks,
            bn: BatchNormConfig::new(64).init(device),
            linear: LinearConfig::new(64, 10).init(device),
        }
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = self.stem.forward(x);
        for block in &self.blocks {
            x = block.forward(x);
        }
        let x = relu(self.bn.forward(x));
        self.linear.forward(adaptive_avg_pool2d(x, [1, 1]).flatten(1, 3))
    }
}

impl Block {
    fn new(cin: usize, cout: usize, device: &Device) -> Self {
        let stride = if cin == cout { 1 } else { 2 };
        Block {
            bn1: BatchNormConfig::new(cin).init(device),
            conv1: conv3x3(cin, cout, stride, device),
            bn2: BatchNormConfig::new(cout).init(device),
            conv2: conv3x3(cout, cout, 1, device),
            skip: (stride == 2).then(|| {
                Conv2dConfig::new([cin, cout], [1, 1])
                    .with_stride([2, 2])
                    .with_bias(false)
                    .init(device)
            }),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let h = relu(self.bn1.forward(x.clone()));
        let skip = match &self.skip {
            Some(conv) => conv.forward(h.clone()),
            None => x,
        };
        skip + self.conv2.forward(relu(self.bn2.forward(self.conv1.forward(h))))
    }
}

fn conv3x3(cin: usize, cout: usize, stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([cin, cout], [3, 3])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(false)
        .init(device)
}
