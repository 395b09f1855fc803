//! A loss recorded unit by unit, and its gradient taken apart into paths.

mod paths;
mod scaled;

use nn::{Mode, Pass, Route, Sweep, Tape, Var, op};
use tensor::{Scalar, Tensor};

use crate::{BackwardPlan, Model, Plan};

pub use scaled::Scaled;

/// The loss of a batch of images, recorded: stem, each unit, and head with the loss, each
/// on a tape of its own.
///
/// One forward pass serves any number of sweeps, and sweeps along several plans share the
/// way that they have in common. A sweep stops after every unit, where the
/// cotangent is brought back to numbers near 1 ([`Scaled`]): each branch on a path
/// attenuates it, and after some dozens of them `f32` would hold zeros.
///
/// ```
/// use models::{Arch, BackwardPlan, Plan, Recording};
/// use nn::Mode;
/// use tensor::Tensor;
///
/// let model = Arch::parse("resnet8")?.build::<f64>(1);
/// let intact = Plan::intact(&model);
/// let images = Tensor::from_fn([1, 8, 8, 3], |i| (i % 7) as f64 - 3.0);
/// let recording = Recording::new(&model, &intact, Mode::Eval, images, &[4]);
///
/// // Along the path through the branches of blocks 0 and 2 and the skip of block 1.
/// let path = BackwardPlan::path(&intact, &[0, 2])?;
/// assert!(recording.gradient(&path).at_images.norm() > 0.0);
///
/// // All paths together are the ordinary gradient.
/// let whole = recording.gradient(&BackwardPlan::ordinary(&intact)).at_images;
/// let by_length = recording.by_length();
/// let sum: f64 = by_length.iter().map(|part| part.dot(&whole)).sum();
/// assert_eq!(by_length.len(), 4);
/// assert!((sum - whole.dot(&whole)).abs() < 1e-9 * sum);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recording<T: Scalar> {
    forward: Plan,
    stem: Segment<T>,
    /// In the order in which they ran, each with its id.
    units: Vec<(usize, Segment<T>)>,
    head: Segment<T>,
}

/// A part of the network: its output from its input.
type Run<'r, T> = &'r dyn Fn(&mut Pass<'_, T>, &Var<T>) -> Var<T>;

/// The gradient of the loss along some paths.
#[derive(Debug, Clone)]
pub struct PathGradient<T: Scalar> {
    /// In the images, `[n, h, w, 3]`.
    pub at_images: Scaled<T>,
    /// In the output of the stem.
    pub at_stem: Scaled<T>,
}

impl<T: Scalar> Recording<T> {
    /// Runs `model` under a plan on images `[n, h, w, 3]`, up to the mean cross-entropy
    /// with their labels; batch norm follows the mode.
    ///
    /// # Panics
    /// If the plan is not one of this model, these are not images `[n, h, w, 3]`, or there is
    /// not one label for each of them.
    #[track_caller]
    pub fn new(
        model: &Model<T>,
        plan: &Plan,
        mode: Mode,
        images: Tensor<T>,
        labels: &[u8],
    ) -> Recording<T> {
        plan.require(model, "recording");
        model.require_images(images.shape());
        let record = |x: &Tensor<T>, run: Run<'_, T>| {
            let mut pass = Pass::new(Tape::recording(), mode, &model.params);
            let x = pass.tape.input(x.clone());
            let y = run(&mut pass, &x);
            Segment { tape: pass.tape, x, y, hands_on: false }
        };
        let stem = record(&images, &|pass, x| model.forward_stem(pass, x));
        let mut units: Vec<(usize, Segment<T>)> = Vec::with_capacity(plan.order.len());
        for &id in &plan.order {
            let before = units.last().map_or(&stem, |(_, unit)| unit);
            let run = |pass: &mut Pass<'_, T>, x: &Var<T>| model.forward_unit(pass, x, id, plan);
            let recorded = record(before.y.value(), &run);
            let hands_on = model.units[id].hands_on_along_skip();
            units.push((id, Segment { hands_on, ..recorded }));
        }
        let before = units.last().map_or(&stem, |(_, unit)| unit);
        let head = record(before.y.value(), &|pass, x| {
            let logits = model.forward_head(pass, x);
            op::cross_entropy(&mut pass.tape, &logits, labels)
        });
        Recording { forward: plan.clone(), stem, units, head }
    }

    /// The mean cross-entropy, in nats.
    pub fn loss(&self) -> f64 {
        self.head.y.value().as_slice()[0].to_f64()
    }

    /// The gradient along the routes of a backward plan: of one path, of several, of all.
    ///
    /// # Panics
    /// If the plan takes terms that the forward pass did not take.
    #[track_caller]
    pub fn gradient(&self, plan: &BackwardPlan) -> PathGradient<T> {
        let mut found = None;
        self.gradients(std::slice::from_ref(plan), &mut |_, gradient| found = Some(gradient));
        found.expect("a plan has a gradient")
    }

    /// The gradient in the images taken apart by length: number `k` is the sum over all
    /// paths with exactly `k` branches, and all together are the ordinary gradient.
    ///
    /// A branch counts where the unit could have gone around it. The cotangent is a
    /// polynomial in a marker `z` that the skip hands on as it is and the branch
    /// multiplies with `z`, as in [`nn::Tape::backward_through`], with no degree dropped: of
    /// `n` units about `n / 2` backward passes.
    pub fn by_length(&self) -> Vec<Scaled<T>> {
        let mut degrees = vec![self.top()];
        for (id, unit) in self.units.iter().rev() {
            let route = self.forward.routes[*id];
            let branches = route.without(Route::SKIP);
            if !route.skip || branches.is_empty() {
                degrees = degrees.into_iter().map(|dy| unit.back(&dy, *id, route)).collect();
                continue;
            }
            // From the top, so that the next degree has gone along the skip already.
            let mut raised = None;
            for degree in (0..degrees.len()).rev() {
                let raise = unit.back(&degrees[degree], *id, branches);
                degrees[degree] = unit.back(&degrees[degree], *id, Route::SKIP);
                match degrees.get_mut(degree + 1) {
                    Some(above) => above.add(raise),
                    None => raised = Some(raise),
                }
            }
            degrees.extend(raised);
        }
        degrees.into_iter().map(|dy| self.stem.back(&dy, 0, Route::EVERY)).collect()
    }

    /// The gradient in the output of the last unit.
    fn top(&self) -> Scaled<T> {
        let loss = Scaled::new(Tensor::full([1], T::ONE));
        self.head.back(&loss, 0, Route::EVERY)
    }
}

/// A part of the network on its own tape: `y` from `x`.
struct Segment<T: Scalar> {
    tape: Tape<T>,
    x: Var<T>,
    y: Var<T>,
    /// Whether along its skip alone the gradient in `x` is that in `y`.
    hands_on: bool,
}

impl<T: Scalar> Segment<T> {
    /// The gradient in `x` from that in `y`, along a route of unit `id`.
    fn back(&self, dy: &Scaled<T>, id: usize, route: Route) -> Scaled<T> {
        if self.hands_on && route == Route::SKIP {
            return dy.clone();
        }
        let mut routes = vec![Route::EVERY; id];
        routes.push(route);
        dy.through(|dy| {
            let grads = self.tape.vjp(&self.y, dy.clone(), &Sweep::along(routes));
            grads.of(&self.x).cloned().unwrap_or_else(|| Tensor::zeros(self.x.value().shape()))
        })
    }
}
