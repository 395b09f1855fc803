//! Layers as a paper lists them, before they have parameters.

use std::borrow::Cow;

use nn::layer::ConvOptions;

use super::parameters::Parameters;
use crate::layers::Layers;
use crate::unit::UnitShape;

/// A layer to be: what it is called and how it is made. Its input's channels follow from
/// what is before it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSpec {
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    pub(super) bias: Option<f64>,
    /// Whose its parameters are, if not its unit's own.
    owner: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Conv { c_out: usize, kernel: usize, stride: usize, options: ConvOptions },
    Norm,
    Relu,
    Linear { c_out: usize, fixed: bool },
    MaxPool(usize),
    AveragePool(usize),
    Pad(usize),
    GlobalAverage,
    Dropout(f64),
}

/// A convolution to `c_out` channels with a square kernel of this side, at stride 1,
/// padded so that the image keeps its size; without a bias.
pub fn conv(name: impl Into<Cow<'static, str>>, c_out: usize, kernel: usize) -> LayerSpec {
    let options = ConvOptions::default();
    LayerSpec::new(name, Kind::Conv { c_out, kernel, stride: 1, options })
}

/// Batch norm.
pub fn norm(name: impl Into<Cow<'static, str>>) -> LayerSpec {
    LayerSpec::new(name, Kind::Norm)
}

/// `max(x, 0)`.
pub fn relu() -> LayerSpec {
    LayerSpec::new("", Kind::Relu)
}

/// A fully connected layer to `c_out` features, without a bias.
pub fn linear(name: impl Into<Cow<'static, str>>, c_out: usize) -> LayerSpec {
    LayerSpec::new(name, Kind::Linear { c_out, fixed: false })
}

/// A random projection to `c_out` features, which no training changes.
pub fn fixed_linear(name: &'static str, c_out: usize) -> LayerSpec {
    LayerSpec::new(name, Kind::Linear { c_out, fixed: true })
}

/// The maximum of windows of this side.
pub fn max_pool(side: usize) -> LayerSpec {
    LayerSpec::new("", Kind::MaxPool(side))
}

/// The mean of windows of this side.
pub fn average_pool(side: usize) -> LayerSpec {
    LayerSpec::new("", Kind::AveragePool(side))
}

/// Channels of zeros up to `c_out`, behind the others.
pub fn pad(c_out: usize) -> LayerSpec {
    LayerSpec::new("", Kind::Pad(c_out))
}

/// The mean over the pixels.
pub fn global_average() -> LayerSpec {
    LayerSpec::new("", Kind::GlobalAverage)
}

/// Dropout of this part in training.
pub fn dropout(p: f64) -> LayerSpec {
    LayerSpec::new("", Kind::Dropout(p))
}

impl LayerSpec {
    fn new(name: impl Into<Cow<'static, str>>, kind: Kind) -> LayerSpec {
        LayerSpec { name: name.into(), kind, bias: None, owner: None }
    }

    /// The same inside a part of its unit: its parameters are called `PART.NAME` there.
    pub fn within(self, part: &str) -> LayerSpec {
        let name =
            if self.name.is_empty() { self.name } else { format!("{part}.{}", self.name).into() };
        LayerSpec { name, ..self }
    }

    /// The same with parameters that are called `OWNER.NAME` wherever the layer is, and are
    /// one and the same for all layers of that owner and name: shared weights. Running
    /// statistics of a batch norm are shared with its scale and shift.
    ///
    /// ```
    /// use models::ModelBuilder;
    /// use models::UnitSpec;
    /// use models::build::{conv, global_average, linear, norm, relu};
    ///
    /// // A recursion of three steps: one convolution, and a batch norm for each step.
    /// let step = UnitSpec::residual([norm("bn"), relu(), conv("conv", 16, 3).shared("steps")]);
    /// let mut net = ModelBuilder::for_cifar(1);
    /// net.stem([conv("conv1", 16, 3)]);
    /// for i in 0..3 {
    ///     net.unit(format!("step{i}"), 0, step.clone());
    /// }
    /// let model = net.finish::<f32>("recursion", "step", [global_average(), linear("linear", 10)]);
    /// let shared = 9 * 16 * 16;
    /// assert_eq!(model.params.count_trained(), 27 * 16 + shared + 3 * 2 * 16 + 160);
    /// assert!(model.params.find("steps.conv.weight").is_some());
    /// ```
    pub fn shared(self, owner: impl Into<String>) -> LayerSpec {
        LayerSpec { owner: Some(owner.into()), ..self }
    }

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
            Kind::Conv { options, .. } => options.groups = n,
            other => panic!("only a convolution has groups, not {other:?}"),
        }
        self
    }

    /// The same with weights that start with this standard deviation.
    ///
    /// # Panics
    /// If it is not a convolution.
    #[track_caller]
    pub fn deviation(mut self, start: f64) -> LayerSpec {
        match &mut self.kind {
            Kind::Conv { options, .. } => options.deviation = Some(start),
            other => panic!("only a convolution has a deviation of its own, not {other:?}"),
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
#[track_caller]
pub(super) fn layers(
    parameters: &mut Parameters,
    prefix: &str,
    specs: &[LayerSpec],
    shape: UnitShape,
) -> (Layers, UnitShape) {
    let mut layers = Layers::default();
    let mut c = shape.c;
    for (i, spec) in specs.iter().enumerate() {
        let prefix = spec.owner.as_deref().unwrap_or(prefix);
        let name = match prefix {
            "" => spec.name.clone().into_owned(),
            prefix => format!("{prefix}.{}", spec.name),
        };
        let is_shared = spec.owner.is_some();
        let layer = parameters.layer(name, spec, c, is_rectified(&specs[i + 1..]), is_shared);
        c = layer.output(UnitShape { c, ..shape }).c;
        layers.0.push(layer);
    }
    let output = layers.output(shape);
    (layers, output)
}

/// Whether a rectifier comes next, norms aside: it decides the scale of initial weights.
fn is_rectified(behind: &[LayerSpec]) -> bool {
    let next = behind.iter().find(|spec| spec.kind != Kind::Norm);
    next.is_some_and(|spec| spec.kind == Kind::Relu)
}
