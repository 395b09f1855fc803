//! Residual networks for CIFAR-10 of depth 6n + 2: a 3x3 stem of 16 channels,
//! three stages of n blocks with 16, 32 and 64 channels, global average
//! pooling, a linear classifier (He et al. 2015, section 4.2).

use nn::layer::{BatchNorm, Builder, Conv2d, Linear};
use tensor::Scalar;

use crate::model::SIDE;
use crate::{Head, Model, PostActBlock, PreActBlock, Stem, Unit, UnitKind, UnitShape};

/// A pre-activation network (He et al. 2016): a bare convolution as stem, batch
/// norm and ReLU before the pooling, projections at the boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreActResNet {
    /// Blocks in each of the three stages.
    pub blocks_per_stage: usize,
}

/// A post-activation network (He et al. 2015): convolution, batch norm and ReLU
/// as stem, option-A shortcuts at the boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostActResNet {
    /// Blocks in each of the three stages.
    pub blocks_per_stage: usize,
}

const WIDTHS: [usize; 3] = [16, 32, 64];
const CLASSES: usize = 10;

impl PreActResNet {
    /// The network of depth 6n + 2.
    pub fn cifar(depth: usize) -> Self {
        PreActResNet { blocks_per_stage: blocks_per_stage(depth) }
    }

    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut b = Builder::new(seed);
        let stem = Stem::Conv(Conv2d::new(&mut b, "conv1", [3, WIDTHS[0]], 3, 1));
        let units = stages(self.blocks_per_stage, |name, channels, stride| {
            UnitKind::PreAct(PreActBlock::new(&mut b, name, channels, stride))
        });
        let norm = Some(BatchNorm::new(&mut b, "bn", WIDTHS[2]));
        finish(b, name, stem, units, norm)
    }
}

impl PostActResNet {
    /// The network of depth 6n + 2.
    pub fn cifar(depth: usize) -> Self {
        PostActResNet { blocks_per_stage: blocks_per_stage(depth) }
    }

    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut b = Builder::new(seed);
        let conv = Conv2d::new(&mut b, "conv1", [3, WIDTHS[0]], 3, 1);
        let stem = Stem::ConvNormRelu(conv, BatchNorm::new(&mut b, "bn1", WIDTHS[0]));
        let units = stages(self.blocks_per_stage, |name, channels, stride| {
            UnitKind::PostAct(PostActBlock::new(&mut b, name, channels, stride))
        });
        finish(b, name, stem, units, None)
    }
}

#[track_caller]
fn blocks_per_stage(depth: usize) -> usize {
    assert!(depth >= 8 && depth % 6 == 2, "a residual network has depth 6n + 2, not {depth}");
    (depth - 2) / 6
}

/// The blocks of the three stages, `layer1.0`, `layer1.1`, …; the first of the
/// second and third halves the resolution.
fn stages(
    blocks_per_stage: usize,
    mut block: impl FnMut(&str, [usize; 2], usize) -> UnitKind,
) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut input = UnitShape::square(SIDE, WIDTHS[0]);
    for (stage, width) in WIDTHS.into_iter().enumerate() {
        for i in 0..blocks_per_stage {
            let name = format!("layer{}.{i}", stage + 1);
            let stride = if stage > 0 && i == 0 { 2 } else { 1 };
            let kind = block(&name, [input.c, width], stride);
            let output = UnitShape::square(input.h / stride, width);
            units.push(Unit { name, stage, kind, input, output });
            input = output;
        }
    }
    units
}

fn finish<T: Scalar>(
    mut b: Builder<T>,
    name: &str,
    stem: Stem,
    units: Vec<Unit>,
    norm: Option<BatchNorm>,
) -> Model<T> {
    let linear =
        Linear::new(&mut b, "linear", [WIDTHS[2], CLASSES], false).with_bias(&mut b, "linear");
    Model {
        name: name.to_owned(),
        stem,
        branch_scale: vec![1.0; units.len()],
        units,
        head: Head { norm, averages: true, dropout: None, linear },
        params: b.finish(),
    }
}
