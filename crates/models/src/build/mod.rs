//! Networks as their papers describe them: stem, units, head.
//!
//! A description is made of values, [`LayerSpec`]s and [`UnitSpec`]s; a [`ModelBuilder`]
//! turns them into a [`Model`] with initial parameters, in the order in which they come.
//!
//! ```
//! use models::{ModelBuilder, UnitSpec};
//! use models::build::{conv, global_average, linear, norm, relu};
//!
//! // y = x + conv2(relu(bn2(conv1(relu(bn1(x))))))
//! let block = UnitSpec::residual([
//!     norm("bn1"), relu(), conv("conv1", 16, 3),
//!     norm("bn2"), relu(), conv("conv2", 16, 3),
//! ]);
//! let mut net = ModelBuilder::for_cifar(1);
//! net.stem([conv("conv1", 16, 3)]);
//! for i in 0..3 {
//!     net.unit(format!("block{i}"), 0, block.clone());
//! }
//! let head = [norm("bn"), relu(), global_average(), linear("linear", 10).bias(0.0)];
//! let model = net.finish::<f32>("three-blocks", "block", head);
//! assert_eq!(model.units.len(), 3);
//! ```

mod layer;
mod parameters;
mod unit;

use tensor::Scalar;

use crate::{Layers, Model, Unit, UnitShape};
pub use layer::{
    LayerSpec, average_pool, conv, dropout, fixed_linear, global_average, linear, max_pool, norm,
    pad, relu,
};
use parameters::Parameters;
pub use unit::UnitSpec;

/// A network under construction.
pub struct ModelBuilder {
    parameters: Parameters,
    shape: UnitShape,
    stem: Layers,
    units: Vec<Unit>,
}

impl ModelBuilder {
    /// A network for the images of CIFAR-10, with initial values drawn from `seed`.
    pub fn for_cifar(seed: u64) -> Self {
        ModelBuilder {
            parameters: Parameters::new(seed),
            shape: Model::<f64>::IMAGE,
            stem: Layers::default(),
            units: Vec::new(),
        }
    }

    /// The shape of what the next layer or unit receives.
    pub fn shape(&self) -> UnitShape {
        self.shape
    }

    /// What runs before the units; comes first.
    pub fn stem(&mut self, layers: impl Into<Vec<LayerSpec>>) {
        self.stem = self.layers(&layers.into());
    }

    /// The next unit. `name` is the prefix of its parameters' names.
    ///
    /// # Panics
    /// If its terms have different shapes, or a layer that it shares with another unit is
    /// not the same there.
    #[track_caller]
    pub fn unit(&mut self, name: impl Into<String>, stage: usize, unit: UnitSpec) {
        let unit = unit.build(&mut self.parameters, name.into(), stage, self.shape);
        self.shape = unit.output;
        self.units.push(unit);
    }

    /// Stages of `n` units each, `layer1.0`, `layer1.1`, …, the first unit of every stage
    /// but the first at stride 2. `unit` makes each from its input, the width of its stage
    /// and its stride.
    pub fn stages(
        &mut self,
        widths: &[usize],
        n: usize,
        unit: impl Fn(UnitShape, usize, usize) -> UnitSpec,
    ) {
        for (stage, &width) in widths.iter().enumerate() {
            for i in 0..n {
                let stride = if stage > 0 && i == 0 { 2 } else { 1 };
                let unit = unit(self.shape, width, stride);
                self.unit(format!("layer{}.{i}", stage + 1), stage, unit);
            }
        }
    }

    /// The network, with what runs after the units. `unit_word` is what people call one of
    /// its units.
    pub fn finish<T: Scalar>(
        mut self,
        name: impl Into<String>,
        unit_word: &'static str,
        head: impl Into<Vec<LayerSpec>>,
    ) -> Model<T> {
        let head = self.layers(&head.into());
        Model {
            name: name.into(),
            unit_word,
            stem: self.stem,
            branch_scale: vec![1.0; self.units.len()],
            units: self.units,
            head,
            // Drawn in double precision, which rounds to what single precision draws.
            params: self.parameters.finish().cast(),
        }
    }

    fn layers(&mut self, specs: &[LayerSpec]) -> Layers {
        let (layers, shape) = layer::layers(&mut self.parameters, "", specs, self.shape);
        self.shape = shape;
        layers
    }
}
