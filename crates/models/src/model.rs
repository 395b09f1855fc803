//! The network: stem, units, head.

use nn::layer::{BatchNorm, Conv2d, Linear};
use nn::{Params, Pass, Var, op};
use tensor::{Scalar, Tensor, threads};

use crate::unit::dropout;
use crate::{Plan, Unit};

/// A network as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Model<T: Scalar> {
    /// The name of its architecture.
    pub name: String,
    /// What runs before the units.
    pub stem: Stem,
    /// The units, in the order of the intact network; the index is the id.
    pub units: Vec<Unit>,
    /// What runs after the units.
    pub head: Head,
    /// All parameters and running statistics.
    pub params: Params<T>,
    /// What each unit's branch is multiplied with under [`Route::Both`](crate::Route):
    /// 1, or the survival rate of a network trained with stochastic depth.
    pub branch_scale: Vec<f64>,
}

/// What runs before the units.
#[derive(Debug, Clone, PartialEq)]
pub enum Stem {
    /// Nothing: the first unit sees the image.
    Nothing,
    /// A convolution (pre-activation networks).
    Conv(Conv2d),
    /// Convolution, batch norm, ReLU (post-activation networks).
    ConvNormRelu(Conv2d, BatchNorm),
}

/// What runs after the units.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Batch norm and ReLU before the pooling (pre-activation networks).
    pub norm: Option<BatchNorm>,
    /// Whether the last units hand on images, whose pixels are averaged.
    pub averages: bool,
    /// The part of the features that is dropped in training.
    pub dropout: Option<f64>,
    /// The classifier.
    pub linear: Linear,
}

/// The side of the images that unit shapes and MACs are given for.
pub(crate) const SIDE: usize = 32;

/// Images that go through all units together in evaluation: with more, activations
/// of 32x32 pixels leave the second-level cache; with fewer, tiles of 8x8 pixels do
/// not fill a product.
pub const EVAL_GROUP: usize = 16;

impl<T: Scalar> Model<T> {
    /// Logits `[n, classes]` of images `[n, h, w, 3]` under a plan.
    ///
    /// # Panics
    /// If the plan is not one of this model; [`Plan::check`] tells before.
    #[track_caller]
    pub fn forward(&self, pass: &mut Pass<'_, T>, x: &Var<T>, plan: &Plan) -> Var<T> {
        let mut h = self.forward_stem(pass, x);
        for &id in &plan.order {
            h = self.forward_unit(pass, &h, id, plan);
        }
        self.forward_head(pass, &h)
    }

    /// The input of the first unit.
    pub fn forward_stem(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        match &self.stem {
            Stem::Nothing => x.clone(),
            Stem::Conv(conv) => conv.forward(pass, x),
            Stem::ConvNormRelu(conv, norm) => {
                let h = conv.forward(pass, x);
                norm.forward_relu(pass, &h)
            }
        }
    }

    /// The output of unit `id` along its route in the plan.
    #[track_caller]
    pub fn forward_unit(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        id: usize,
        plan: &Plan,
    ) -> Var<T> {
        self.units[id].forward(pass, x, id, plan.routes[id], self.branch_scale[id])
    }

    /// Logits from the output of the last unit.
    pub fn forward_head(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let mut h = x.clone();
        if let Some(norm) = &self.head.norm {
            h = norm.forward_relu(pass, &h);
        }
        if self.head.averages {
            h = op::global_average(&mut pass.tape, &h);
        }
        h = dropout(pass, &h, self.head.dropout);
        self.head.linear.forward(pass, &h)
    }

    /// Logits in evaluation mode, without a tape: a few images at a time through all
    /// units, so that what lies between the units stays in the cache.
    ///
    /// # Panics
    /// If the plan is not one of this model.
    #[track_caller]
    pub fn logits(&self, images: Tensor<T>, plan: &Plan) -> Tensor<T> {
        let n = images.dims()[0];
        let groups = threads::map(n.div_ceil(EVAL_GROUP), |i| {
            let images = images.rows(i * EVAL_GROUP, n.min((i + 1) * EVAL_GROUP));
            threads::alone(|| {
                let mut pass = Pass::eval(&self.params);
                let x = pass.tape.constant(images);
                self.forward(&mut pass, &x, plan).into_value()
            })
        });
        Tensor::concat(&groups)
    }

    /// Multiplications of the intact network for one image of 32 x 32 pixels.
    pub fn macs(&self) -> u64 {
        self.macs_under(&Plan::intact(self))
    }

    /// Multiplications under a plan for one image of 32 x 32 pixels; the order of the
    /// units does not matter.
    ///
    /// # Panics
    /// If the plan has a route for fewer units than the network has.
    pub fn macs_under(&self, plan: &Plan) -> u64 {
        let unit = |(id, unit): (usize, &Unit)| unit.macs_along(plan.routes[id]);
        let units: u64 = self.units.iter().enumerate().map(unit).sum();
        self.stem.macs() + units + self.head.macs()
    }

    /// The same network in another precision.
    pub fn cast<U: Scalar>(&self) -> Model<U> {
        Model {
            name: self.name.clone(),
            stem: self.stem.clone(),
            units: self.units.clone(),
            head: self.head.clone(),
            params: self.params.cast(),
            branch_scale: self.branch_scale.clone(),
        }
    }
}

impl Stem {
    /// Multiplications for one image of 32 x 32 pixels.
    pub fn macs(&self) -> u64 {
        match self {
            Stem::Nothing => 0,
            Stem::Conv(conv) | Stem::ConvNormRelu(conv, _) => conv.macs(SIDE * SIDE),
        }
    }
}

impl Head {
    /// Multiplications for one image.
    pub fn macs(&self) -> u64 {
        self.linear.macs()
    }
}
