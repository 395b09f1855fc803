//! Units as a paper draws them, before they have parameters.

use super::LayerSpec;
use super::layer::layers;
use super::parameters::Parameters;
use crate::unit::{Join, Padding, Skip, Unit, UnitShape};

/// A unit to be; see [`Unit`] for what its parts do.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitSpec {
    pre: Vec<LayerSpec>,
    branches: Vec<Vec<LayerSpec>>,
    merge: Vec<LayerSpec>,
    gate: Option<Vec<LayerSpec>>,
    skip: SkipSpec,
    post: Vec<LayerSpec>,
}

#[derive(Debug, Clone, PartialEq)]
enum SkipSpec {
    None,
    Identity,
    OptionA { c_out: usize, stride: usize },
    Padded(Padding),
    Layers(Vec<LayerSpec>),
}

impl UnitSpec {
    /// A residual unit with one branch and the identity as its skip.
    pub fn residual(branch: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { skip: SkipSpec::Identity, ..UnitSpec::plain(branch) }
    }

    /// A unit without a skip.
    pub fn plain(branch: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec {
            pre: Vec::new(),
            branches: vec![branch.into()],
            merge: Vec::new(),
            gate: None,
            skip: SkipSpec::None,
            post: Vec::new(),
        }
    }

    /// The same with layers before all terms.
    pub fn pre(self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { pre: layers.into(), ..self }
    }

    /// The same with layers after the sum.
    pub fn post(self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { post: layers.into(), ..self }
    }

    /// The same with one more branch.
    pub fn branch(mut self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        self.branches.push(layers.into());
        self
    }

    /// The same with layers on the sum of the branches.
    pub fn merge(self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { merge: layers.into(), ..self }
    }

    /// The same with a gate between branch and skip: the sigmoid of these layers.
    pub fn gate(self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { gate: Some(layers.into()), ..self }
    }

    /// The same with layers as its skip, such as a projection.
    pub fn projection(self, layers: impl Into<Vec<LayerSpec>>) -> UnitSpec {
        UnitSpec { skip: SkipSpec::Layers(layers.into()), ..self }
    }

    /// The same with the parameter-free skip to `c_out` channels of He et al. 2015.
    pub fn option_a(self, c_out: usize, stride: usize) -> UnitSpec {
        UnitSpec { skip: SkipSpec::OptionA { c_out, stride }, ..self }
    }

    /// The same with a parameter-free skip that says where its zero channels are.
    pub fn padded(self, padding: Padding) -> UnitSpec {
        UnitSpec { skip: SkipSpec::Padded(padding), ..self }
    }

    /// The unit on images of shape `input`, its parameters created in the order `pre`,
    /// branches, `merge`, gate, skip, `post`: initial values depend on it.
    ///
    /// # Panics
    /// If its terms have different shapes.
    #[track_caller]
    pub(super) fn build(
        self,
        parameters: &mut Parameters,
        name: String,
        stage: usize,
        input: UnitShape,
    ) -> Unit {
        let mut make = |specs: &[LayerSpec], shape| layers(parameters, &name, specs, shape);
        let (pre, c) = make(&self.pre, input);
        let (branches, shapes): (Vec<_>, Vec<_>) =
            self.branches.iter().map(|branch| make(branch, c)).unzip();
        let h = shapes[0];
        for (i, shape) in shapes.into_iter().enumerate() {
            assert!(shape == h, "{name}: branch 0 makes {h} and branch {i} {shape}");
        }
        let (merge, sum) = make(&self.merge, h);
        let join = match &self.gate {
            Some(gate) => {
                let (gate, shape) = make(gate, c);
                assert!(shape == sum, "{name}: the gate makes {shape}, the branches {sum}");
                Join::Gate(gate)
            }
            None => Join::Sum,
        };
        let (skip, shape) = match &self.skip {
            SkipSpec::None => (Skip::None, sum),
            SkipSpec::Identity => (Skip::Identity, c),
            SkipSpec::OptionA { c_out, stride } => {
                let before = c_out.saturating_sub(c.c) / 2;
                padded(c, Padding { c_out: *c_out, before, stride: *stride })
            }
            SkipSpec::Padded(padding) => padded(c, *padding),
            SkipSpec::Layers(specs) => {
                let (layers, shape) = make(specs, c);
                (Skip::Layers(layers), shape)
            }
        };
        assert!(shape == sum, "{name}: the skip makes {shape}, the branches {sum}");
        let (post, output) = make(&self.post, sum);
        Unit { name, stage, input, output, pre, skip, branches, merge, join, post }
    }
}

fn padded(c: UnitShape, padding: Padding) -> (Skip, UnitShape) {
    let [h, w] = [c.h, c.w].map(|side| side.div_ceil(padding.stride));
    (Skip::OptionA(padding), UnitShape { h, w, c: padding.c_out })
}
