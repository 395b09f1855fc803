//! The fused convolution in `f32` against the four ops that it stands for in `f64`,
//! which are themselves held by finite differences.

use nn::op::{self, FusedConv, Norm, Statistics};
use nn::{Joint, Mode, Params, Route, Sweep, Tape, Var};
use proptest::prelude::*;
use tensor::kernel::batch_norm::Moments;
use tensor::random::Stream;
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};
use testkit::noise::normal;

use crate::for_all;

/// The name of the unit whose sum is routed.
const UNIT: usize = 2;
/// Winograd's transforms lose two of the seven decimals of `f32`.
const TOLERANCE: Tolerance = Tolerance { abs: 5e-8, rel: 5e-5 };
/// Nearer than this to its kink a rectifier may be open in one precision and closed
/// in the other.
const KINK: f64 = 1e-5;

/// A convolution and what surrounds it.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// Batch, height, width, and the channels on both sides.
    sizes: [usize; 5],
    norm: Option<Mode>,
    has_skip: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let channels = || prop_oneof![4 => Just(16usize), 2 => Just(32), 1 => Just(48)];
    let sizes = (1usize..5, 1usize..12, 1usize..16, channels(), channels())
        .prop_filter("a kernel fits", |(_, h, w, _, _)| h * w >= 16);
    let norm = prop_oneof![Just(None), Just(Some(Mode::Train)), Just(Some(Mode::Eval))];
    (sizes, norm, any::<bool>()).prop_map(|((n, h, w, c_in, c_out), norm, has_skip)| Case {
        sizes: [n, h, w, c_in, c_out],
        norm,
        has_skip,
    })
}

/// Everything that the case reads, by name.
fn draw(case: &Case, seed: u64) -> Params<f32> {
    let [n, h, w, c_in, c_out] = case.sizes;
    for attempt in 0..100 {
        let mut rng = Stream::new(seed, "fused").at(attempt, 0);
        let mut params = Params::new();
        params.add("weight", normal([3, 3, c_in, c_out], &mut rng));
        params.add("scale", normal([c_in], &mut rng));
        params.add("shift", normal([c_in], &mut rng));
        params.add_buffer("mean", normal([c_in], &mut rng));
        params.add_buffer("x", normal([n, h, w, c_in], &mut rng));
        params.add_buffer("skip", normal([n, h, w, c_out], &mut rng));
        params.add_buffer("dy", normal([n, h, w, c_out], &mut rng));
        params.add_buffer("var", Tensor::from_fn([c_in], |_| (0.1 + 2.0 * rng.uniform()) as f32));
        if nearest_kink(case, &params.cast()) > KINK {
            return params;
        }
    }
    panic!("a rectifier lies at its kink in every draw of {case:?}");
}

fn value<'a, T: Scalar>(params: &'a Params<T>, name: &str) -> &'a Tensor<T> {
    params.value(params.find(name).unwrap())
}

fn statistics<T: Scalar>(mode: Mode, params: &Params<T>) -> Statistics<'_, T> {
    match mode {
        Mode::Train => Statistics::Batch,
        Mode::Eval => {
            Statistics::Running { mean: value(params, "mean"), var: value(params, "var") }
        }
    }
}

fn nearest_kink(case: &Case, params: &Params<f64>) -> f64 {
    let Some(mode) = case.norm else { return f64::INFINITY };
    let mut tape = Tape::off();
    let [x, scale, shift] =
        ["x", "scale", "shift"].map(|n| tape.constant(value(params, n).clone()));
    let (y, _) = op::batch_norm(&mut tape, &x, &scale, &shift, statistics(mode, params));
    y.value().as_slice().iter().fold(f64::INFINITY, |m, v| m.min(v.abs()))
}

/// The case on a tape.
struct Recorded<'a, T: Scalar> {
    tape: Tape<T>,
    params: &'a Params<T>,
    x: Var<T>,
    x_is_input: bool,
    skip: Var<T>,
    y: Var<T>,
    /// The moments of `x`, if they normalise it.
    seen: Option<Moments>,
}

impl<'a, T: Scalar> Recorded<'a, T> {
    /// As one node with `fuses`, else op by op. `x` is an input or a constant.
    fn new(case: &Case, params: &'a Params<T>, fuses: bool, x_is_input: bool) -> Self {
        let mut tape = Tape::recording();
        let x = value(params, "x").clone();
        let x = if x_is_input { tape.input(x) } else { tape.constant(x) };
        let skip = tape.input(value(params, "skip").clone());
        let [weight, scale, shift] = ["weight", "scale", "shift"].map(|name| {
            let id = params.find(name).unwrap();
            tape.param(id, params.value(id).clone())
        });
        let summed = case.has_skip.then_some((&skip, Joint::of(UNIT)));
        let norm = case.norm.map(|mode| Norm {
            scale: &scale,
            shift: &shift,
            statistics: statistics(mode, params),
        });
        let (y, seen) = if fuses {
            assert!(op::fuses(&x, case.sizes[4]));
            let weights = params.conv_weights(params.find("weight").unwrap());
            let (weight, skip) = (&weight, summed);
            let conv = FusedConv { norm, weight, transformed: weights, skip, takes_moments: true };
            op::fused_conv(&mut tape, &x, conv)
        } else {
            let (z, seen) = match norm {
                None => (x.clone(), None),
                Some(Norm { scale, shift, statistics }) => {
                    let (y, seen) = op::batch_norm(&mut tape, &x, scale, shift, statistics);
                    (op::relu(&mut tape, &y), seen)
                }
            };
            let y = op::conv2d(&mut tape, &z, &weight, 1, 1);
            let y = match summed {
                Some((skip, joint)) => op::join_at(&mut tape, skip, &y, joint),
                None => y,
            };
            (y, seen)
        };
        Recorded { tape, params, x, x_is_input, skip, y, seen }
    }

    /// The gradients that a sweep delivers, by name.
    fn gradients(&self, sweep: &Sweep) -> Vec<(&'static str, Option<Tensor<f64>>)> {
        let grads = self.tape.vjp(&self.y, value(self.params, "dy").clone(), sweep);
        let param = |name| match sweep.skip_params {
            true => (name, None),
            false => (name, grads.param(self.params.find(name).unwrap())),
        };
        let at_x = if self.x_is_input { grads.of(&self.x) } else { None };
        let found = [("x", at_x), ("skip", grads.of(&self.skip))];
        let found = found.into_iter().chain(["weight", "scale", "shift"].map(param));
        found.map(|(name, grad)| (name, grad.map(Tensor::cast))).collect()
    }
}

fn sweeps(case: &Case) -> Vec<Sweep> {
    let along = |route| Sweep { skip_params: false, routes: vec![Route::SKIP, Route::SKIP, route] };
    let routed = [Route::BOTH, Route::SKIP, Route::BRANCH].map(along);
    if case.has_skip { routed.into() } else { vec![Sweep::default()] }
}

fn check_moments(what: &str, got: &Moments, expected: &Moments) {
    assert_eq!(got.count, expected.count, "{what}");
    check_close(&format!("{what}: mean"), &got.mean, &expected.mean, TOLERANCE);
    check_close(&format!("{what}: m2"), &got.m2, &expected.m2, TOLERANCE);
}

#[test]
fn a_fused_convolution_is_batch_norm_relu_convolution_and_join() {
    for_all((cases(), any::<u64>()), |(case, seed)| {
        let narrow = draw(&case, seed);
        let wide = narrow.cast::<f64>();
        let fused = Recorded::new(&case, &narrow, true, true);
        let plain = Recorded::new(&case, &wide, false, true);
        check_close(&format!("y {case:?}"), &fused.y.value().cast(), plain.y.value(), TOLERANCE);
        check_moments(&format!("moments of y {case:?}"), &fused.y.moments(), &plain.y.moments());
        assert_eq!(fused.seen.is_some(), case.norm == Some(Mode::Train));
        assert_eq!(fused.seen.is_some(), plain.seen.is_some());
        if let (Some(fused), Some(plain)) = (&fused.seen, &plain.seen) {
            check_moments(&format!("moments of x {case:?}"), fused, plain);
        }
        for sweep in sweeps(&case) {
            let (got, expected) = (fused.gradients(&sweep), plain.gradients(&sweep));
            for ((name, got), (_, expected)) in got.iter().zip(&expected) {
                let what = format!("d{name} {:?} {case:?}", sweep.routes);
                match (got, expected) {
                    (Some(got), Some(expected)) => check_close(&what, got, expected, TOLERANCE),
                    _ => assert_eq!(got, expected, "{what}"),
                }
            }
        }
    });
}

#[test]
fn what_a_sweep_leaves_out_does_not_change_the_bits_of_the_rest() {
    for_all((cases(), any::<u64>()), |(case, seed)| {
        let params = draw(&case, seed);
        let whole = Recorded::new(&case, &params, true, true);
        for sweep in sweeps(&case) {
            let all = whole.gradients(&sweep);
            let inputs_only = whole.gradients(&Sweep { skip_params: true, ..sweep.clone() });
            assert_eq!(inputs_only[..2], all[..2], "{case:?}");
            let of_constant = Recorded::new(&case, &params, true, false).gradients(&sweep);
            assert_eq!(of_constant[1..], all[1..], "{case:?}");
            assert!(of_constant[0].1.is_none(), "{case:?}");
        }
    });
}
