//! The parameters of a network under construction, each made once.

use std::collections::BTreeMap;

use nn::Params;
use nn::layer::{BatchNorm, Builder, Conv2d, Linear};

use super::LayerSpec;
use super::layer::Kind;
use crate::Layer;

/// Makes layers with their parameters, or finds those that are shared.
pub(super) struct Parameters {
    builder: Builder<f64>,
    /// Layers with shared parameters by their whole names: what was asked for, the channels
    /// that they see, what was made.
    shared: BTreeMap<String, (LayerSpec, usize, Layer)>,
}

impl Parameters {
    /// None yet; initial values from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Parameters { builder: Builder::new(seed), shared: BTreeMap::new() }
    }

    pub(super) fn finish(self) -> Params<f64> {
        self.builder.finish()
    }

    /// A layer on `c` channels, its parameters called `name`. `is_rectified`: a rectifier
    /// comes next.
    ///
    /// # Panics
    /// If a shared layer of this name is another one, or sees other channels.
    #[track_caller]
    pub(super) fn layer(
        &mut self,
        name: String,
        spec: &LayerSpec,
        c: usize,
        is_rectified: bool,
        is_shared: bool,
    ) -> Layer {
        if let (true, Some((first, c_first, layer))) = (is_shared, self.shared.get(&name)) {
            assert!(
                (first, *c_first) == (spec, c),
                "{name} is shared, so it is one layer: here it is {:?} on {c} channels, before \
                 it was {:?} on {c_first}",
                spec.kind,
                first.kind
            );
            return layer.clone();
        }
        let layer = make(&mut self.builder, &name, spec, c, is_rectified);
        if is_shared {
            self.shared.insert(name, (spec.clone(), c, layer.clone()));
        }
        layer
    }
}

fn make(b: &mut Builder<f64>, name: &str, spec: &LayerSpec, c: usize, is_rectified: bool) -> Layer {
    match spec.kind {
        Kind::Conv { c_out, kernel, stride, options } => {
            let conv = Conv2d::with(b, name, [c, c_out], kernel, stride, options);
            Layer::Conv(match spec.bias {
                Some(start) => conv.with_bias(b, name, start),
                None => conv,
            })
        }
        Kind::Linear { c_out, fixed } => {
            let linear = match fixed {
                true => Linear::fixed(b, name, [c, c_out]),
                false => Linear::new(b, name, [c, c_out], is_rectified),
            };
            Layer::Linear(match spec.bias {
                Some(start) => linear.with_bias(b, name, start),
                None => linear,
            })
        }
        Kind::Norm => Layer::Norm(BatchNorm::new(b, name, c)),
        Kind::Relu => Layer::Relu,
        Kind::MaxPool(side) => Layer::MaxPool(side),
        Kind::AveragePool(side) => Layer::AveragePool(side),
        Kind::Pad(c_out) => Layer::Pad(c_out),
        Kind::GlobalAverage => Layer::GlobalAverage,
        Kind::Dropout(p) => Layer::Dropout(p),
    }
}
