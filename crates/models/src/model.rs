//! The network: stem, units, head.

use nn::layer::{BatchNorm, Conv2d, Linear};
use nn::{Params, Pass, Var, op};
use tensor::{Scalar, Tensor};

use crate::group::in_groups;
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

/// Numbers of an activation, all its images together, that go through a stage at once:
/// 512 KiB, half of a second-level cache. That makes 8 images of 32x32 pixels with 16
/// channels; half and four times as many were slower.
const STAGE_NUMBERS: usize = 128 * 1024;

impl<T: Scalar> Model<T> {
    /// Logits `[n, classes]` of images `[n, h, w, 3]` under a plan.
    ///
    /// # Panics
    /// If the plan is not one of this model; [`Plan::check`] tells before.
    #[track_caller]
    pub fn forward(&self, pass: &mut Pass<'_, T>, x: &Var<T>, plan: &Plan) -> Var<T> {
        plan.require(self, "forward");
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
    ///
    /// # Panics
    /// If there is no such unit, or it has no such route.
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
        if let Some(p) = self.head.dropout {
            h = pass.dropout(&h, p);
        }
        self.head.linear.forward(pass, &h)
    }

    /// Logits in evaluation mode, without a tape: a group of images at a time, each on
    /// one thread.
    ///
    /// # Panics
    /// If the plan is not one of this model.
    #[track_caller]
    pub fn logits(&self, images: Tensor<T>, plan: &Plan) -> Tensor<T> {
        plan.require(self, "logits");
        let groups = in_groups(images.dims()[0], |group| {
            let mut pass = Pass::eval(&self.params);
            let x = pass.tape.constant(images.rows(group.start, group.end));
            let h = self.forward_stem(&mut pass, &x);
            let h = self.eval_units(&mut pass, h, &plan.order, plan);
            self.forward_head(&mut pass, &h).into_value()
        });
        Tensor::concat(&groups)
    }

    /// The output of the last of some units along their routes in the plan, from the
    /// input of the first, in a pass without a tape: stage by stage, and through each
    /// stage only as many images at once as stay in the cache.
    ///
    /// # Panics
    /// As [`Model::forward_unit`] does.
    #[track_caller]
    pub fn eval_units(
        &self,
        pass: &mut Pass<'_, T>,
        mut h: Var<T>,
        ids: &[usize],
        plan: &Plan,
    ) -> Var<T> {
        let is_one_stage = |&a: &usize, &b: &usize| {
            let (a, b) = (&self.units[a], &self.units[b]);
            a.stage == b.stage && a.output == b.input && a.is_movable()
        };
        for ids in ids.chunk_by(is_one_stage) {
            let n = h.value().dims()[0];
            let at_once = (STAGE_NUMBERS * n / h.value().len().max(1)).max(1);
            let mut through = |images: Tensor<T>| {
                let mut h = pass.tape.constant(images);
                for &id in ids {
                    h = self.forward_unit(pass, &h, id, plan);
                }
                h.into_value()
            };
            let out = if at_once >= n {
                through(h.into_value())
            } else {
                let all = h.into_value();
                let cut = |start| through(all.rows(start, n.min(start + at_once)));
                Tensor::concat(&(0..n).step_by(at_once).map(cut).collect::<Vec<_>>())
            };
            h = pass.tape.constant(out);
        }
        h
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
