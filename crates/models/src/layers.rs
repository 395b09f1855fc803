//! Layers in a row: what stems, heads and the parts of units are made of.

use nn::layer::{BatchNorm, Conv2d, Linear};
use nn::{Joint, Pass, Var, op};
use tensor::Scalar;

use crate::UnitShape;

/// Layers in the order in which they run; none of them: the identity.
///
/// A batch norm, a ReLU and a convolution in a row run as one kernel where there is one,
/// and so does the sum that a branch is added to. Nothing else needs to know of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers(pub Vec<Layer>);

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// A convolution.
    Conv(Conv2d),
    /// Batch norm over the channels.
    Norm(BatchNorm),
    /// `max(x, 0)`.
    Relu,
    /// A fully connected layer, on features.
    Linear(Linear),
    /// The maximum of each square window of this side, as far apart.
    MaxPool(usize),
    /// The mean of each square window of this side, as far apart.
    AveragePool(usize),
    /// Channels of zeros up to this number, behind the others.
    Pad(usize),
    /// The mean over the pixels: images to features.
    GlobalAverage,
    /// Drops this part of the values in training.
    Dropout(f64),
}

impl Layers {
    /// Whether they are the identity.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `y = layers(x)`.
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        self.forward_onto(pass, x, None)
    }

    /// `y = layers(x)`, or with `onto`, the left side of a joint, `y = left + layers(x)`:
    /// as part of the last convolution if nothing follows it.
    pub fn forward_onto<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        mut onto: Option<(&Var<T>, Joint)>,
    ) -> Var<T> {
        let mut h = None;
        let mut rest = self.0.as_slice();
        while let [layer, behind @ ..] = rest {
            let x = h.as_ref().unwrap_or(x);
            let y;
            (y, rest) = match rest {
                [Layer::Norm(norm), Layer::Relu, Layer::Conv(conv), behind @ ..] => {
                    let onto = if behind.is_empty() { onto.take() } else { None };
                    (conv.forward_onto(pass, Some(norm), x, onto), behind)
                }
                [Layer::Norm(norm), Layer::Relu, behind @ ..] => {
                    (norm.forward_relu(pass, x), behind)
                }
                [Layer::Conv(conv)] => (conv.forward_onto(pass, None, x, onto.take()), behind),
                _ => (layer.forward(pass, x), behind),
            };
            h = Some(y);
        }
        let y = h.unwrap_or_else(|| x.clone());
        match onto {
            Some((left, joint)) => op::join_at(&mut pass.tape, left, &y, joint),
            None => y,
        }
    }

    /// The shape of what an image of shape `input` becomes.
    pub fn output(&self, input: UnitShape) -> UnitShape {
        self.0.iter().fold(input, |shape, layer| layer.output(shape))
    }

    /// Multiplications for an image of shape `input`. Norms, rectifiers and pools are not
    /// counted, so the identity costs 0.
    pub fn macs(&self, input: UnitShape) -> u64 {
        self.shapes(input).map(|(layer, shape)| layer.macs(shape)).sum()
    }

    /// Whether a batch norm among them sees one value per channel and image.
    pub(crate) fn norms_features(&self, input: UnitShape) -> bool {
        self.shapes(input)
            .any(|(layer, shape)| matches!(layer, Layer::Norm(_)) && shape.pixels() == 1)
    }

    /// The layers with the shape that each receives.
    fn shapes(&self, input: UnitShape) -> impl Iterator<Item = (&Layer, UnitShape)> {
        self.0.iter().scan(input, |shape, layer| {
            let input = *shape;
            *shape = layer.output(input);
            Some((layer, input))
        })
    }
}

impl Layer {
    /// `y = layer(x)`, by itself.
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        match self {
            Layer::Conv(conv) => conv.forward(pass, x),
            Layer::Norm(norm) => norm.forward(pass, x),
            Layer::Relu => op::relu(&mut pass.tape, x),
            Layer::Linear(linear) => linear.forward(pass, x),
            Layer::MaxPool(side) => op::max_pool(&mut pass.tape, x, *side, *side),
            Layer::AveragePool(side) => op::average_pool(&mut pass.tape, x, *side, *side),
            Layer::Pad(c) => op::shortcut(&mut pass.tape, x, [0, *c], 1),
            Layer::GlobalAverage => op::global_average(&mut pass.tape, x),
            Layer::Dropout(p) => pass.dropout(x, *p),
        }
    }

    /// The shape of what an image of shape `input` becomes. Features are one pixel.
    pub(crate) fn output(&self, input: UnitShape) -> UnitShape {
        let UnitShape { h, w, c } = input;
        match self {
            Layer::Conv(conv) => {
                UnitShape { h: h.div_ceil(conv.stride), w: w.div_ceil(conv.stride), c: conv.c_out }
            }
            Layer::MaxPool(side) | Layer::AveragePool(side) => {
                UnitShape { h: h / side, w: w / side, c }
            }
            Layer::Pad(c) => UnitShape { c: *c, ..input },
            Layer::GlobalAverage => UnitShape { h: 1, w: 1, c },
            Layer::Linear(linear) => UnitShape { h: 1, w: 1, c: linear.c_out },
            Layer::Norm(_) | Layer::Relu | Layer::Dropout(_) => input,
        }
    }

    fn macs(&self, input: UnitShape) -> u64 {
        match self {
            Layer::Conv(conv) => conv.macs(self.output(input).pixels()),
            Layer::Linear(linear) => linear.macs(),
            _ => 0,
        }
    }
}
