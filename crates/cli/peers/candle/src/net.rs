//! The pre-activation ResNet-110 for 32x32 images, in candle.

use candle_core::{Result, Tensor};
use candle_nn::{
    BatchNorm, Conv2d, Conv2dConfig, Linear, Module, ModuleT, VarBuilder, batch_norm,
    conv2d_no_bias, linear,
};

pub struct ResNet {
    stem: Conv2d,
    blocks: Vec<Block>,
    bn: BatchNorm,
    linear: Linear,
}

struct Block {
    bn1: BatchNorm,
    conv1: Conv2d,
    bn2: BatchNorm,
    conv2: Conv2d,
    skip: Option<Conv2d>,
}

impl ResNet {
    pub fn new(vars: VarBuilder) -> Result<Self> {
        let mut blocks = Vec::new();
        let mut cin = 16;
        for width in [16, 32, 64] {
            for _ in 0..18 {
                blocks.push(Block::new(cin, width, vars.pp(format!("block{}", blocks.len())))?);
                cin = width;
            }
        }
        Ok(ResNet {
            stem: conv3x3(3, 16, 1, vars.pp("stem"))?,
            blocks,
            bn: batch_norm(64, 1e-5, vars.pp("bn"))?,
            linear: linear(64, 10, vars.pp("linear"))?,
        })
    }
}

impl ModuleT for ResNet {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut x = self.stem.forward(x)?;
        for block in &self.blocks {
            x = block.forward_t(&x, train)?;
        }
        let x = self.bn.forward_t(&x, train)?.relu()?;
        self.linear.forward(&x.mean((2, 3))?)
    }
}

impl Block {
    fn new(cin: usize, cout: usize, vars: VarBuilder) -> Result<Self> {
        let stride = if cin == cout { 1 } else { 2 };
        let projection = Conv2dConfig { stride, ..Default::default() };
        Ok(Block {
            bn1: batch_norm(cin, 1e-5, vars.pp("bn1"))?,
            conv1: conv3x3(cin, cout, stride, vars.pp("conv1"))?,
            bn2: batch_norm(cout, 1e-5, vars.pp("bn2"))?,
            conv2: conv3x3(cout, cout, 1, vars.pp("conv2"))?,
            skip: (stride == 2)
                .then(|| conv2d_no_bias(cin, cout, 1, projection, vars.pp("skip")))
                .transpose()?,
        })
    }
}

impl ModuleT for Block {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let h = self.bn1.forward_t(x, train)?.relu()?;
        let skip = match &self.skip {
            Some(conv) => conv.forward(&h)?,
            None => x.clone(),
        };
        let h = self.bn2.forward_t(&self.conv1.forward(&h)?, train)?.relu()?;
        skip + self.conv2.forward(&h)?
    }
}

fn conv3x3(cin: usize, cout: usize, stride: usize, vars: VarBuilder) -> Result<Conv2d> {
    let config = Conv2dConfig { padding: 1, stride, ..Default::default() };
    conv2d_no_bias(cin, cout, 3, config, vars)
}
