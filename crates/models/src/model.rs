//! The network: stem, units, head.

use nn::{Params, Pass, Var};
use tensor::{Scalar, Tensor, threads};

use crate::group::{EVAL_GROUP, in_groups};
use crate::sites::{NoSites, Probe, Sites, Visit};
use crate::unit::Run;
use crate::{Layer, Layers, Plan, Unit, UnitShape};

/// A network as data.
///
/// ```
/// use models::{Arch, Plan};
/// use nn::{Mode, Pass, Tape, op};
/// use tensor::Tensor;
///
/// let model = Arch::parse("resnet8")?.build::<f32>(1);
/// let images = Tensor::full([2, 32, 32, 3], 0.5);
///
/// // Answers, in evaluation mode.
/// let intact = Plan::intact(&model);
/// assert_eq!(model.logits(images.clone(), &intact).dims(), [2, 10]);
///
/// // A recorded pass in any mode, here for the gradient in the images with block 1 deleted.
/// let plan = intact.delete(&model, 1)?;
/// let mut pass = Pass::new(Tape::recording(), Mode::Eval, &model.params);
/// let x = pass.tape.input(images);
/// let logits = model.forward(&mut pass, &x, &plan);
/// let loss = op::cross_entropy(&mut pass.tape, &logits, &[3, 8]);
/// let grads = pass.tape.backward(&loss);
/// assert_eq!(grads.of(&x).unwrap().dims(), [2, 32, 32, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Model<T: Scalar> {
    /// The name of its architecture.
    pub name: String,
    /// What people call one of its units: a block, or a layer.
    pub unit_word: &'static str,
    /// What runs before the units.
    pub stem: Layers,
    /// The units, in the order of the intact network; the index is the id.
    pub units: Vec<Unit>,
    /// What runs after the units: to logits `[n, classes]`.
    pub head: Layers,
    /// All parameters and running statistics.
    pub params: Params<T>,
    /// What each unit's branches are multiplied with where its skip is taken too: 1, or the
    /// survival rate of a network trained with stochastic depth.
    pub branch_scale: Vec<f64>,
}

/// Numbers of an activation, all its images together, that go through a stage at once:
/// 512 KiB, half of a second-level cache. That makes 8 images of 32x32 pixels with 16
/// channels; half and four times as many were slower.
const STAGE_NUMBERS: usize = 128 * 1024;

impl<T: Scalar> Model<T> {
    /// The image that unit shapes and MACs are given for.
    pub const IMAGE: UnitShape = UnitShape { h: 32, w: 32, c: 3 };

    /// Logits `[n, classes]` of images `[n, h, w, 3]` under a plan.
    ///
    /// # Panics
    /// If the plan is not one of this model ([`Plan::check`] tells before), or `x` are not
    /// images `[n, h, w, 3]`.
    #[track_caller]
    pub fn forward(&self, pass: &mut Pass<'_, T>, x: &Var<T>, plan: &Plan) -> Var<T> {
        self.forward_at(pass, x, plan, &mut NoSites)
    }

    /// [`Model::forward`] with values inside the units shown to `sites`, which may replace
    /// them.
    ///
    /// # Panics
    /// As [`Model::forward`]; also if a replacement has another shape.
    #[track_caller]
    pub fn forward_at(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        plan: &Plan,
        sites: &mut dyn Sites<T>,
    ) -> Var<T> {
        plan.require(self, "forward");
        self.require_images(x.value().shape());
        let images = 0..x.value().dims()[0];
        let mut probe = Probe { sites, visit: Visit { images, plans: &[0] } };
        let mut h = self.forward_stem(pass, x);
        for &id in &plan.order {
            h = self.run_unit(pass, &h, id, plan, &mut probe);
        }
        self.forward_head(pass, &h)
    }

    /// The input of the first unit, from images `[n, h, w, 3]`.
    ///
    /// # Panics
    /// If `x` are not such images.
    #[track_caller]
    pub fn forward_stem(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        self.require_images(x.value().shape());
        self.stem.forward(pass, x)
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
        let visit = Visit { images: 0..x.value().dims()[0], plans: &[0] };
        self.run_unit(pass, x, id, plan, &mut Probe { sites: &mut NoSites, visit })
    }

    #[track_caller]
    fn run_unit(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        id: usize,
        plan: &Plan,
        probe: &mut Probe<'_, T>,
    ) -> Var<T> {
        let run = Run { id, route: plan.routes[id], scale: self.branch_scale[id] };
        self.units[id].forward(pass, x, run, probe)
    }

    /// Logits from the output of the last unit.
    pub fn forward_head(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        self.head.forward(pass, x)
    }

    /// Logits in evaluation mode, without a tape: a group of images at a time, each on
    /// one thread. Where there are no more images than a group has and other threads are
    /// free, the branches of a unit run side by side. No bit depends on either.
    ///
    /// # Panics
    /// If the plan is not one of this model, or these are not images `[n, h, w, 3]`.
    #[track_caller]
    pub fn logits(&self, images: Tensor<T>, plan: &Plan) -> Tensor<T> {
        plan.require(self, "logits");
        self.require_images(images.shape());
        let n = images.dims()[0];
        let has_branches = self.units.iter().any(|unit| unit.branches.len() > 1);
        let in_parts = has_branches && n <= EVAL_GROUP && threads::has_others();
        let groups = || {
            in_groups(n, |group| {
                let mut pass = match in_parts {
                    true => Pass::eval_in_parts(&self.params),
                    false => Pass::eval(&self.params),
                };
                let x = pass.tape.constant(images.rows(group.start, group.end));
                let h = self.forward_stem(&mut pass, &x);
                let h = self.eval_units(&mut pass, h, &plan.order, plan);
                self.forward_head(&mut pass, &h).into_value()
            })
        };
        Tensor::concat(&if in_parts { threads::inside(groups) } else { groups() })
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
        h: Var<T>,
        ids: &[usize],
        plan: &Plan,
    ) -> Var<T> {
        let visit = Visit { images: 0..h.value().dims()[0], plans: &[0] };
        self.eval_units_at(pass, h, ids, plan, &mut NoSites, &visit)
    }

    /// [`Model::eval_units`] with values inside the units shown to `sites`, which may
    /// replace them; `visit` says which images these are, and for which plans.
    ///
    /// # Panics
    /// As [`Model::forward_unit`] does; also if a replacement has another shape.
    #[track_caller]
    pub fn eval_units_at(
        &self,
        pass: &mut Pass<'_, T>,
        mut h: Var<T>,
        ids: &[usize],
        plan: &Plan,
        sites: &mut dyn Sites<T>,
        visit: &Visit<'_>,
    ) -> Var<T> {
        let is_one_stage = |&a: &usize, &b: &usize| {
            let (a, b) = (&self.units[a], &self.units[b]);
            a.stage == b.stage && a.output == b.input && a.is_movable()
        };
        for ids in ids.chunk_by(is_one_stage) {
            let n = h.value().dims()[0];
            let at_once = (STAGE_NUMBERS * n / h.value().len().max(1)).max(1);
            let mut through = |images: Tensor<T>, start: usize| {
                let first = visit.images.start + start;
                let visit = Visit { images: first..first + images.dims()[0], plans: visit.plans };
                let mut probe = Probe { sites: &mut *sites, visit };
                let mut h = pass.tape.constant(images);
                for &id in ids {
                    h = self.run_unit(pass, &h, id, plan, &mut probe);
                }
                h.into_value()
            };
            let out = if at_once >= n {
                through(h.into_value(), 0)
            } else {
                let all = h.into_value();
                let cut = |start| through(all.rows(start, n.min(start + at_once)), start);
                Tensor::concat(&(0..n).step_by(at_once).map(cut).collect::<Vec<_>>())
            };
            h = pass.tape.constant(out);
        }
        h
    }

    /// The units that can change places, in groups: any two of one group can, and no others.
    /// Those of a group lie in one stage, and keep one shape. Ids ascend; a unit that cannot
    /// change places with any other is not listed.
    pub fn interchangeable(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (id, unit) in self.units.iter().enumerate().filter(|(_, unit)| unit.is_movable()) {
            let belongs = |group: &&mut Vec<usize>| {
                let first = &self.units[group[0]];
                (first.stage, first.input) == (unit.stage, unit.input)
            };
            match groups.iter_mut().find(belongs) {
                Some(group) => group.push(id),
                None => groups.push(vec![id]),
            }
        }
        groups.retain(|group| group.len() > 1);
        groups
    }

    /// The shape that the stem hands to the units.
    pub(crate) fn stem_output(&self) -> UnitShape {
        self.stem.output(Self::IMAGE)
    }

    /// The shape that the head takes.
    pub(crate) fn head_input(&self) -> UnitShape {
        self.units.last().map_or(self.stem_output(), |unit| unit.output)
    }

    /// Multiplications of the stem for one image of 32 x 32 pixels.
    pub fn stem_macs(&self) -> u64 {
        self.stem.macs(Self::IMAGE)
    }

    /// Multiplications of the head for one image of 32 x 32 pixels.
    pub fn head_macs(&self) -> u64 {
        self.head.macs(self.head_input())
    }

    /// Multiplications of the intact network for one image of 32 x 32 pixels.
    pub fn macs(&self) -> u64 {
        self.macs_under(&Plan::intact(self))
    }

    /// Multiplications under a plan for one image of 32 x 32 pixels.
    ///
    /// # Panics
    /// If the plan names a unit that the network does not have.
    pub fn macs_under(&self, plan: &Plan) -> u64 {
        let unit = |&id: &usize| self.units[id].macs_along(plan.routes[id]);
        let units: u64 = plan.order.iter().map(unit).sum();
        self.stem_macs() + units + self.head_macs()
    }

    /// Numbers in the logits of an image: the classes.
    pub fn classes(&self) -> usize {
        self.head.output(self.head_input()).c
    }

    /// Gives the last layer so many classes, with weights and biases of 0.
    ///
    /// # Panics
    /// If the head does not end with a linear layer.
    #[track_caller]
    pub(crate) fn set_classes(&mut self, classes: usize) {
        let Some(Layer::Linear(linear)) = self.head.0.last_mut() else {
            panic!("{}: the head does not end with a linear layer", self.name)
        };
        linear.set_outputs(&mut self.params, classes);
    }

    /// The same network in another precision.
    pub fn cast<U: Scalar>(&self) -> Model<U> {
        Model {
            name: self.name.clone(),
            unit_word: self.unit_word,
            stem: self.stem.clone(),
            units: self.units.clone(),
            head: self.head.clone(),
            params: self.params.cast(),
            branch_scale: self.branch_scale.clone(),
        }
    }
}
