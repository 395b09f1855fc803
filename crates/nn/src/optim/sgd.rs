//! Stochastic gradient descent with momentum.

use tensor::kernel::momentum::{self, Momentum};
use tensor::{Scalar, Tensor};

use crate::{Grads, ParamId, Params};

/// SGD as PyTorch does it, with `g' = g + weight_decay w`:
/// `v = momentum v + g'`, then `w -= lr v`, or `w -= lr (g' + momentum v)` if
/// Nesterov. The learning rate is not part of `v`.
///
/// A step does not change a parameter that has no gradient: it gets neither decay nor
/// momentum.
///
/// ```
/// use nn::optim::{Sgd, SgdOptions};
///
/// let options = SgdOptions { momentum: 0.9, weight_decay: 1e-4, ..SgdOptions::default() };
/// let sgd = Sgd::<f32>::new(options);
/// assert!(!sgd.options().nesterov);
/// ```
#[derive(Debug, Clone)]
pub struct Sgd<T: Scalar> {
    options: SgdOptions,
    velocity: Vec<Option<Tensor<T>>>,
}

/// How [`Sgd`] steps; by default plain gradient descent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SgdOptions {
    /// The fraction of the velocity that a step keeps, in `[0, 1)`.
    pub momentum: f64,
    /// Look ahead (Nesterov 1983, in the form of Sutskever et al. 2013).
    pub nesterov: bool,
    /// L2 penalty, on every parameter; not negative.
    pub weight_decay: f64,
}

impl<T: Scalar> Sgd<T> {
    /// An optimiser at rest.
    ///
    /// # Panics
    /// If `momentum` is not in `[0, 1)`, or `weight_decay` is negative or not finite.
    #[track_caller]
    pub fn new(options: SgdOptions) -> Self {
        let SgdOptions { momentum, weight_decay, .. } = options;
        assert!((0.0..1.0).contains(&momentum), "Sgd: momentum must be in [0, 1), got {momentum}");
        assert!(
            weight_decay >= 0.0 && weight_decay.is_finite(),
            "Sgd: weight_decay must be finite and not negative, got {weight_decay}"
        );
        Sgd { options, velocity: Vec::new() }
    }

    /// What it was made with.
    pub fn options(&self) -> SgdOptions {
        self.options
    }

    /// One step along `grads` with the learning rate `lr`.
    ///
    /// # Panics
    /// If a gradient has another shape than its parameter, or the sweep has left parameters
    /// out.
    #[track_caller]
    pub fn step(&mut self, params: &mut Params<T>, grads: &Grads<T>, lr: f64) {
        for id in params.ids() {
            if params.is_trained(id)
                && let Some(grad) = grads.param(id)
            {
                let (found, expected) = (grad.shape(), params.value(id).shape());
                assert!(
                    found == expected,
                    "Sgd: a gradient of shape {found} for {} of shape {expected}; is it of \
                     another network?",
                    params.name(id)
                );
                self.step_one(id, params.value_mut(id), grad, lr);
            }
        }
    }

    fn step_one(&mut self, id: ParamId, w: &mut Tensor<T>, grad: &Tensor<T>, lr: f64) {
        let by = Momentum {
            lr: T::from_f64(lr),
            momentum: T::from_f64(self.options.momentum),
            nesterov: self.options.nesterov,
            weight_decay: T::from_f64(self.options.weight_decay),
        };
        let velocity = self.velocity_mut(id).get_or_insert_with(|| Tensor::zeros(grad.shape()));
        momentum::step(w.as_mut_slice(), velocity.as_mut_slice(), grad.as_slice(), by);
    }

    /// The velocity of a parameter; `None` before its first step.
    pub fn velocity(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.velocity.get(id.index())?.as_ref()
    }

    /// The velocity of a parameter, to restore it from a checkpoint.
    pub fn velocity_mut(&mut self, id: ParamId) -> &mut Option<Tensor<T>> {
        if self.velocity.len() <= id.index() {
            self.velocity.resize_with(id.index() + 1, || None);
        }
        &mut self.velocity[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sweep, Tape};

    fn sgd(momentum: f64, nesterov: bool, weight_decay: f64) -> Sgd<f64> {
        Sgd::new(SgdOptions { momentum, nesterov, weight_decay })
    }

    /// Parameters of one number each.
    fn params(values: &[f64]) -> (Params<f64>, Vec<ParamId>) {
        let mut params = Params::new();
        let add = |(i, &v): (usize, &f64)| params.add(format!("w{i}"), Tensor::full([1], v));
        let ids = values.iter().enumerate().map(add).collect();
        (params, ids)
    }

    /// Gradients of the given values at the given parameters, none elsewhere.
    fn grads(params: &Params<f64>, given: &[(ParamId, f64)]) -> Grads<f64> {
        let mut tape = Tape::recording();
        let mut sum = tape.input(Tensor::zeros([1]));
        for &(id, grad) in given {
            let w = tape.param(id, params.value(id).clone());
            let term = crate::op::scale(&mut tape, &w, grad);
            sum = crate::op::add(&mut tape, &sum, &term);
        }
        tape.vjp(&sum, Tensor::full([1], 1.0), &Sweep::default())
    }

    fn value(params: &Params<f64>, id: ParamId) -> f64 {
        params.value(id).as_slice()[0]
    }

    /// One number, stepped along each of `along` with a learning rate of 0.5.
    fn stepped(mut sgd: Sgd<f64>, start: f64, along: &[f64]) -> f64 {
        let (mut params, ids) = params(&[start]);
        for &g in along {
            let grads = grads(&params, &[(ids[0], g)]);
            sgd.step(&mut params, &grads, 0.5);
        }
        value(&params, ids[0])
    }

    #[test]
    fn steps_are_those_computed_by_hand() {
        // Every number is a short binary fraction, so equality is exact.
        let cases = [
            ("plain", sgd(0.0, false, 0.0), vec![4.0, 2.0], 8.0 - 2.0 - 1.0),
            // v = 4, then 0.5 * 4 + 2 = 4.
            ("momentum", sgd(0.5, false, 0.0), vec![4.0, 2.0], 8.0 - 2.0 - 2.0),
            // 4 + 0.5 * 4 = 6, then 2 + 0.5 * 4 = 4.
            ("nesterov", sgd(0.5, true, 0.0), vec![4.0, 2.0], 8.0 - 3.0 - 2.0),
            // g' = 4 + 0.25 * 8 = 6, w = 5; then g' = 2 + 0.25 * 5 = 3.25.
            ("decay", sgd(0.0, false, 0.25), vec![4.0, 2.0], 8.0 - 3.0 - 1.625),
            // g' = v = 6, w = 8 - 0.5 * (6 + 3) = 3.5.
            ("all", sgd(0.5, true, 0.25), vec![4.0], 3.5),
        ];
        for (what, sgd, along, expected) in cases {
            assert_eq!(stepped(sgd, 8.0, &along), expected, "{what}");
        }
    }

    #[test]
    fn without_momentum_nesterov_is_plain() {
        let along = [0.3, -1.7, 0.9, 0.2];
        let [plain, nesterov] =
            [false, true].map(|nesterov| stepped(sgd(0.0, nesterov, 0.01), 1.0, &along));
        assert_eq!(plain, nesterov);
        let [plain, nesterov] =
            [false, true].map(|nesterov| stepped(sgd(0.9, nesterov, 0.01), 1.0, &along));
        assert_ne!(plain, nesterov);
    }

    /// Nesterov's point is ahead of the plain one by what the velocity adds:
    /// with a constant gradient the two differ by `lr momentum (1 + m + m^2 + …)`.
    #[test]
    fn nesterov_is_one_step_of_momentum_ahead() {
        let along = [1.0; 3];
        let plain = stepped(sgd(0.5, false, 0.0), 0.0, &along);
        let nesterov = stepped(sgd(0.5, true, 0.0), 0.0, &along);
        // Velocities 1, 1.5, 1.75; and one look ahead at each.
        assert_eq!(plain, -0.5 * (1.0 + 1.5 + 1.75));
        assert_eq!(nesterov, -0.5 * (1.5 + 1.75 + 1.875));
    }

    #[test]
    fn a_parameter_without_a_gradient_is_left_alone() {
        let (mut params, ids) = params(&[1.0, 2.0]);
        let mut sgd = sgd(0.9, true, 0.1);
        let both = grads(&params, &[(ids[0], 1.0), (ids[1], 1.0)]);
        sgd.step(&mut params, &both, 0.1);
        let (before, velocity) = (value(&params, ids[1]), sgd.velocity(ids[1]).cloned());
        let one = grads(&params, &[(ids[0], 1.0)]);
        let moved = value(&params, ids[0]);
        sgd.step(&mut params, &one, 0.1);
        assert_ne!(value(&params, ids[0]), moved);
        assert_eq!(value(&params, ids[1]), before, "no decay, no momentum step");
        assert_eq!(sgd.velocity(ids[1]).cloned(), velocity, "no decay of the velocity");
    }

    #[test]
    fn a_gradient_of_zero_is_a_gradient() {
        let (mut params, ids) = params(&[1.0]);
        let zero = grads(&params, &[(ids[0], 0.0)]);
        sgd(0.0, false, 0.5).step(&mut params, &zero, 0.5);
        assert_eq!(value(&params, ids[0]), 0.75, "the decay applies");
    }

    #[test]
    fn buffers_are_not_trained() {
        let mut params = Params::new();
        let buffer = params.add_buffer("running_mean", Tensor::full([1], 3.0));
        let grads = grads(&params, &[(buffer, 1.0)]);
        sgd(0.9, true, 0.1).step(&mut params, &grads, 0.1);
        assert_eq!(value(&params, buffer), 3.0);
    }

    #[test]
    fn a_restored_velocity_continues_with_the_same_bits() {
        let (mut params, ids) = params(&[1.0, -0.3, 7.0]);
        let mut first = sgd(0.9, true, 0.01);
        // The last parameter never has a gradient, so no velocity either.
        let along = |params: &Params<f64>, g: f64| grads(params, &[(ids[0], g), (ids[1], -g)]);
        for g in [0.1, 0.7] {
            let grads = along(&params, g);
            first.step(&mut params, &grads, 0.1);
        }
        let mut resumed = sgd(0.9, true, 0.01);
        for &id in &ids {
            *resumed.velocity_mut(id) = first.velocity(id).cloned();
        }
        assert!(resumed.velocity(ids[1]).is_some() && resumed.velocity(ids[2]).is_none());
        let mut params_resumed = params.clone();
        for g in [-0.2, 0.4] {
            let grads = along(&params, g);
            first.step(&mut params, &grads, 0.1);
            let grads = along(&params_resumed, g);
            resumed.step(&mut params_resumed, &grads, 0.1);
        }
        assert_eq!(params_resumed, params);
        for id in ids {
            assert_eq!(resumed.velocity(id), first.velocity(id));
        }
    }

    #[test]
    fn gradients_that_are_not_of_these_parameters_are_refused() {
        let mut wide = Params::new();
        let id = wide.add("wide", Tensor::full([2], 1.0));
        let along = |sweep: &Sweep| {
            let mut tape = Tape::recording();
            let w = tape.param(id, wide.value(id).clone());
            tape.vjp(&w, Tensor::full([2], 1.0), sweep)
        };
        let message = "a gradient of shape [2] for w0 of shape [1]; is it of another network?";
        let step =
            |grads: &Grads<f64>| sgd(0.0, false, 0.0).step(&mut params(&[1.0]).0, grads, 0.1);
        testkit::refusal::refused(message, || step(&along(&Sweep::default())));
        let message = "this sweep has left parameters out";
        testkit::refusal::refused(message, || step(&along(&Sweep::along(vec![]))));
    }

    #[test]
    fn a_learning_rate_in_the_place_of_an_option_is_refused() {
        for (momentum, weight_decay, message) in [
            (1.0, 0.0, "Sgd: momentum must be in [0, 1), got 1"),
            (f64::NAN, 0.0, "Sgd: momentum must be in [0, 1), got NaN"),
            (0.9, -1e-4, "Sgd: weight_decay must be finite and not negative, got -0.0001"),
        ] {
            testkit::refusal::refused(message, || drop(sgd(momentum, false, weight_decay)));
        }
    }
}
