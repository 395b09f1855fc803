//! The plain network of the lesion study: VGG-15 with one width throughout.
//!
//! 13 convolutions in groups of 2, 2, 3, 3 and 3, each group followed by 2 x 2
//! max pooling, then two fully connected layers (after the CIFAR-10 network of
//! Zagoruyko; Simonyan and Zisserman 2014). All widths are equal, so that the
//! identity can stand in for any layer but the first (Veit et al. 2016,
//! section 4.1).

use nn::layer::{BatchNorm, Builder, Conv2d, Linear};
use tensor::Scalar;

use crate::model::SIDE;
use crate::{Head, Model, PlainLayer, PlainOp, Stem, Unit, UnitKind, UnitShape};

/// VGG-15 with `width` channels in every convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vgg15 {
    /// Channels of every convolution and features of the first linear layer.
    pub width: usize,
    /// Batch norm after each layer but the last; else biases.
    pub batch_norm: bool,
}

/// Convolutions in each group.
const GROUPS: [usize; 5] = [2, 2, 3, 3, 3];
const CLASSES: usize = 10;
/// Before each fully connected layer.
const DROPOUT: Option<f64> = Some(0.5);

impl Vgg15 {
    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut b = Builder::new(seed);
        let mut units = Vec::new();
        let mut input = UnitShape::square(SIDE, 3);
        for (stage, layers) in GROUPS.into_iter().enumerate() {
            for i in 0..layers {
                let pools = i == layers - 1;
                let name = format!("layer{}.{i}", stage + 1);
                let kind = self.conv(&mut b, &name, input.c, pools);
                let output = UnitShape::square(input.h / if pools { 2 } else { 1 }, self.width);
                units.push(Unit { name, stage, kind, input, output });
                input = output;
            }
        }
        let kind = self.fully_connected(&mut b, "fc1");
        units.push(Unit {
            name: "fc1".to_owned(),
            stage: GROUPS.len(),
            kind,
            input,
            output: input,
        });
        let linear =
            Linear::new(&mut b, "linear", [self.width, CLASSES], false).with_bias(&mut b, "linear");
        Model {
            name: name.to_owned(),
            stem: Stem::Nothing,
            branch_scale: vec![1.0; units.len()],
            units,
            head: Head { norm: None, averages: false, dropout: DROPOUT, linear },
            params: b.finish(),
        }
    }

    fn conv<T: Scalar>(self, b: &mut Builder<T>, name: &str, c_in: usize, pools: bool) -> UnitKind {
        let map = format!("{name}.conv");
        let mut conv = Conv2d::new(b, &map, [c_in, self.width], 3, 1);
        if !self.batch_norm {
            conv = conv.with_bias(b, &map);
        }
        let norm = self.norm(b, name);
        UnitKind::Plain(PlainLayer { op: PlainOp::Conv(conv), norm, pools, dropout: None })
    }

    fn fully_connected<T: Scalar>(self, b: &mut Builder<T>, name: &str) -> UnitKind {
        let map = format!("{name}.linear");
        let mut linear = Linear::new(b, &map, [self.width, self.width], true);
        if !self.batch_norm {
            linear = linear.with_bias(b, &map);
        }
        let norm = self.norm(b, name);
        UnitKind::Plain(PlainLayer {
            op: PlainOp::Linear(linear),
            norm,
            pools: false,
            dropout: DROPOUT,
        })
    }

    fn norm<T: Scalar>(self, b: &mut Builder<T>, name: &str) -> Option<BatchNorm> {
        self.batch_norm.then(|| BatchNorm::new(b, &format!("{name}.bn"), self.width))
    }
}
