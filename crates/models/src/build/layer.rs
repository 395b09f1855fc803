//! Layers as a paper lists them, before they have parameters.

use std::borrow::Cow;

use nn::layer::{BatchNorm, Builder, Conv2d, Linear};

use crate::layers::{Layer, Layers};
use crate::unit::UnitShape;

/// A layer to be: what it is called and how it is made. Its input's channels follow from
/// what is before it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSpec {
    name: Cow<'static, str>,
    kind: Kind,
    bias: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Conv { c_out: usize, kernel: usize, stride: usize, groups: usize },
    Norm,
    Relu,
    Linear { c_out: usize },
    MaxPool(usize),
    GlobalAverage,
    Dropout(f64),
}

/// A convolution to `c_out` channels with a square kernel of this side, at stride 1,
/// padded so that the image keeps its size; without a bias.
pub fn conv(name: impl Into<Cow<'static, str>>, c_out: usize, kernel: usize) -> LayerSpec {
    let kind = Kind::Conv { c_out, kernel, stride: 1, groups: 1 };
    LayerSpec { name: name.into(), kind, bias: None }
}

/// Batch norm.
pub fn norm(name: impl Into<Cow<'static, str>>) -> LayerSpec {
    LayerSpec { name: name.into(), kind: Kind::Norm, bias: None }
}

/// `max(x, 0)`.
pub fn relu() -> LayerSpec {
    LayerSpec { name: "".into(), kind: Kind::Relu, bias: None }
}

/// A fully connected layer to `c_out` features, without a bias.
pub fn linear(name: impl Into<Cow<'static, str>>, c_out: usize) -> LayerSpec {
    LayerSpec { name: name.into(), kind: Kind::Linear { c_out }, bias: None }
}

/// The maximum of windows of this side.
pub fn max_pool(side: usize) -> LayerSpec {
    LayerSpec { name: "".into(), kind: Kind::MaxPool(side), bias: None }
}

/// The mean over the pixels.
pub fn global_average() -> LayerSpec {
    LayerSpec { name: "".into(), kind: Kind::GlobalAverage, bias: None }
}

/// Dropout of this part in training.
pub fn dropout(p: f64) -> LayerSpec {
    LayerSpec { name: "".into(), kind: Kind::Dropout(p), bias: None }
}

impl LayerSpec {
    /// The same with so many pixels between those of the output.
    ///
    /// # Panics
    /// If it is not a convolution.
    #[track_caller]
    pub fn stride(mut self, by: usize) -> LayerSpec {
        match &mut self.kind {
            Kind::Conv { stride, .. } => *stride = by,
            other => panic!("only a convolution has a stride, not {other:?}"),
        }
        self
    }

    /// The same in groups, which must divide the channels before and behind it.
    ///
    /// # Panics
    /// If it is not a convolution.
    #[track_caller]
    pub fn groups(mut self, n: usize) -> LayerSpec {
        match &mut self.kind {
            Kind::Conv { groups, .. } => *groups = n,
            other => panic!("only a convolution has groups, not {other:?}"),
        }
        self
    }

    /// The same with a bias that starts at `start`.
    ///
    /// # Panics
    /// If it is neither a convolution nor a linear layer.
    #[track_caller]
    pub fn bias(self, start: f64) -> LayerSpec {
        let has_weights = matches!(self.kind, Kind::Conv { .. } | Kind::Linear { .. });
        assert!(has_weights, "only a convolution or a linear layer has a bias, not {self:?}");
        LayerSpec { bias: Some(start), ..self }
    }
}

/// Makes layers with their parameters, in order, called `PREFIX.NAME` or, without a
/// prefix, `NAME`; also the shape of what they make of `shape`.
pub(super) fn layers(
    b: &mut Builder<f64>,
    prefix: &str,
    specs: &[LayerSpec],
    shape: UnitShape,
) -> (Layers, UnitShape) {
    let mut layers = Layers::default();
    let mut c = shape.c;
    for (i, spec) in specs.iter().enumerate() {
        let name = match prefix {
            "" => spec.name.to_string(),
            prefix => format!("{prefix}.{}", spec.name),
        };
        layers.0.push(match spec.kind {
            Kind::Conv { c_out, kernel, stride, groups } => {
                let conv = Conv2d::grouped(b, &name, [c, c_out], kernel, stride, groups);
                c = c_out;
                Layer::Conv(match spec.bias {
                    Some(start) => conv.with_bias(b, &name, start),
                    None => conv,
                })
            }
            Kind::Linear { c_out } => {
                let linear = Linear::new(b, &name, [c, c_out], is_rectified(&specs[i + 1..]));
                c = c_out;
                Layer::Linear(match spec.bias {
                    Some(start) => linear.with_bias(b, &name, start),
                    None => linear,
                })
            }
            Kind::Norm => Layer::Norm(BatchNorm::new(b, &name, c)),
            Kind::Relu => Layer::Relu,
            Kind::MaxPool(side) => Layer::MaxPool(side),
            Kind::GlobalAverage => Layer::GlobalAverage,
            Kind::Dropout(p) => Layer::Dropout(p),
        });
    }
    let output = layers.output(shape);
    (layers, output)
}

/// Whether a rectifier comes next, norms aside: it decides the scale of initial weights.
fn is_rectified(behind: &[LayerSpec]) -> bool {
    let next = behind.iter().find(|spec| spec.kind != Kind::Norm);
    next.is_some_and(|spec| spec.kind == Kind::Relu)
}
