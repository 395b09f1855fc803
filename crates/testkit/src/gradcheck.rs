//! Gradients held against central differences, in `f64`.

mod kinks;

use std::cell::Cell;

use nn::{Grads, Sweep, Tape, Var};
use tensor::Tensor;
use tensor::random::Stream;

use crate::close::bits;
use crate::noise::normal;

pub use kinks::Kinks;

/// `h` of the central difference `(f(x + h) - f(x - h)) / 2h`.
const STEP: f64 = 1e-5;

/// Allowed error, in proportion to the largest entry of an input's gradient.
const RELATIVE: f64 = 1e-7;

/// Allowed error, in roundings of the contracted output. Differences cannot
/// resolve less; it only counts where a gradient vanishes.
const ROUNDINGS: f64 = 16.0;

/// The largest share of coordinates that may lie at a kink.
const MAX_REDRAWN: f64 = 0.05;

/// A gradient check over many problems, which counts its redraws.
///
/// The output is contracted with a random cotangent `dy`, so one sweep gives
/// `d(dy . f) / dx` for every coordinate of every input, and each coordinate
/// drawn is held against its central difference.
///
/// A coordinate whose kinks (see [`Kinks`]) differ between `x + h` and `x - h`
/// does not have a derivative there, so another is drawn in its place.
#[derive(Debug)]
pub struct GradCheck {
    what: String,
    coordinates: usize,
    checked: Cell<usize>,
    redrawn: Cell<usize>,
}

impl GradCheck {
    /// A check that calls itself `what` and draws at most `coordinates`
    /// coordinates of each input.
    pub fn new(what: impl Into<String>, coordinates: usize) -> Self {
        let (checked, redrawn) = (Cell::new(0), Cell::new(0));
        GradCheck { what: what.into(), coordinates, checked, redrawn }
    }

    /// Checks the gradients of `f` in all `inputs`. Cotangent and coordinates
    /// are functions of `seed`.
    ///
    /// # Panics
    /// If a gradient is off, if a second run of `f` or of its gradients has other bits,
    /// or if `f` has other bits on a tape that does not record.
    #[track_caller]
    pub fn run(
        &self,
        seed: u64,
        inputs: &[Tensor<f64>],
        f: impl Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64>,
    ) {
        let what = &self.what;
        let mut rng = Stream::new(seed, "gradcheck").at(0, 0);
        let (mut y, kinks) = value(inputs, &f);
        let dy = normal(y.shape(), &mut rng);
        let (recorded, grads) = gradients(inputs, &dy, &f);
        let (again, grads_again) = gradients(inputs, &dy, &f);
        assert!(bits(&y) == bits(&recorded), "{what}: recording changes the value");
        let is_same = bits(&recorded) == bits(&again)
            && grads.iter().map(bits).eq(grads_again.iter().map(bits));
        assert!(is_same, "{what}: a second run has other bits");

        y.as_mut_slice().iter_mut().zip(dy.as_slice()).for_each(|(y, dy)| *y *= dy);
        let magnitude: f64 = y.as_slice().iter().map(|v| v.abs()).sum();
        let rounding = ROUNDINGS * f64::EPSILON * magnitude / STEP;
        for (i, grad) in grads.iter().enumerate() {
            let scale = grad.as_slice().iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let allowed = RELATIVE * scale + rounding;
            let mut order: Vec<usize> = (0..grad.len()).collect();
            rng.shuffle(&mut order);
            let mut left = self.coordinates;
            for at in order {
                if left == 0 {
                    break;
                }
                let Some(difference) = difference(inputs, i, at, &dy, &kinks, &f) else {
                    self.redrawn.set(self.redrawn.get() + 1);
                    continue;
                };
                left -= 1;
                self.checked.set(self.checked.get() + 1);
                let got = grad.as_slice()[at];
                let error = (got - difference).abs();
                // Written so that a NaN fails.
                assert!(
                    error <= allowed,
                    "{what}: gradient of input {i} (of shape {}) at flat index {at}: got {got:e}, \
                     the central difference is {difference:e}; off by {error:.2e}, allowed \
                     {allowed:.2e} at scale {scale:.2e}",
                    grad.shape()
                );
            }
        }
    }

    /// Ends the check.
    ///
    /// # Panics
    /// If nothing was checked, or more than 5 % of all coordinates were redrawn.
    #[track_caller]
    pub fn finish(self) {
        let (checked, redrawn) = (self.checked.get(), self.redrawn.get());
        assert!(checked > 0, "{}: nothing was checked", self.what);
        assert!(
            redrawn as f64 <= MAX_REDRAWN * (checked + redrawn) as f64,
            "{}: {redrawn} coordinates lie at a kink, {checked} do not; choose other inputs",
            self.what
        );
    }
}

/// The value and the kinks, without a record.
fn value<F>(inputs: &[Tensor<f64>], f: &F) -> (Tensor<f64>, Kinks)
where
    F: Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64>,
{
    let (mut tape, mut kinks) = (Tape::off(), Kinks::default());
    let vars: Vec<_> = inputs.iter().map(|x| tape.input(x.clone())).collect();
    (f(&mut tape, &vars, &mut kinks).into_value(), kinks)
}

/// The value and the gradient of each input; zeros where none arrives.
fn gradients<F>(inputs: &[Tensor<f64>], dy: &Tensor<f64>, f: &F) -> (Tensor<f64>, Vec<Tensor<f64>>)
where
    F: Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64>,
{
    let mut tape = Tape::recording();
    let vars: Vec<_> = inputs.iter().map(|x| tape.input(x.clone())).collect();
    let y = f(&mut tape, &vars, &mut Kinks::default());
    let grads: Grads<f64> = tape.vjp(&y, dy.clone(), &Sweep::default());
    let of = |(var, x): (&Var<f64>, &Tensor<f64>)| {
        let grad = grads.of(var).cloned().unwrap_or_else(|| Tensor::zeros(x.shape()));
        assert!(grad.shape() == x.shape(), "a gradient {} of {}", grad.shape(), x.shape());
        grad
    };
    let grads = vars.iter().zip(inputs).map(of).collect();
    (y.into_value(), grads)
}

/// The central difference of `dy . f` in one coordinate; `None` at a kink.
fn difference<F>(
    inputs: &[Tensor<f64>],
    input: usize,
    at: usize,
    dy: &Tensor<f64>,
    kinks: &Kinks,
    f: &F,
) -> Option<f64>
where
    F: Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64>,
{
    let moved = |step: f64| {
        let mut inputs = inputs.to_vec();
        let x = &mut inputs[input].as_mut_slice()[at];
        *x += step;
        let x = *x;
        (x, value(&inputs, f))
    };
    let (above, (y_above, kinks_above)) = moved(STEP);
    let (below, (y_below, kinks_below)) = moved(-STEP);
    if kinks_above != kinks_below || kinks_above != *kinks {
        return None;
    }
    // Entry by entry, so that the sum of all does not swallow their change.
    let change = y_above.as_slice().iter().zip(y_below.as_slice()).zip(dy.as_slice());
    Some(change.map(|((a, b), dy)| (a - b) * dy).sum::<f64>() / (above - below))
}

#[cfg(test)]
mod tests;
