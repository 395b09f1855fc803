//! A stem, a residual unit and a last norm, through the layers, which fuse in `f32`,
//! against the ops one by one in `f64`. Between fused ops a gradient travels with its
//! batch norm still pending; at the input of the unit it meets that of the skip.

use nn::layer::{BatchNorm, Builder, Conv2d};
use nn::{BatchStatistics, Grads, Joint, Mode, Params, Pass, Route, Sweep, Tape, Var, op};
use proptest::prelude::*;
use tensor::random::Stream;
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};
use testkit::noise::{live_in, normal};

use crate::for_all;

/// The name of the unit.
const UNIT: usize = 1;
/// As in `fused.rs`: the norms between the convolutions keep their errors apart.
const TOLERANCE: Tolerance = Tolerance { abs: 5e-8, rel: 5e-5 };
/// Nearer than this to its kink a rectifier may be open in one precision and closed
/// in the other.
const KINK: f64 = 5e-5;

#[derive(Debug, Clone)]
struct Unit {
    stem: Conv2d,
    bn1: BatchNorm,
    conv1: Conv2d,
    bn2: BatchNorm,
    conv2: Conv2d,
    last: BatchNorm,
}

impl Unit {
    fn new<T: Scalar>(b: &mut Builder<T>, [c_in, c]: [usize; 2]) -> Self {
        Unit {
            stem: Conv2d::new(b, "stem", [c_in, c], 3, 1),
            bn1: BatchNorm::new(b, "bn1", c),
            conv1: Conv2d::new(b, "conv1", [c, c], 3, 1),
            bn2: BatchNorm::new(b, "bn2", c),
            conv2: Conv2d::new(b, "conv2", [c, c], 3, 1),
            last: BatchNorm::new(b, "last", c),
        }
    }

    fn through_layers<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let x = self.stem.forward(pass, x);
        let h = self.conv1.forward_onto(pass, Some(&self.bn1), &x, None);
        let y = self.conv2.forward_onto(pass, Some(&self.bn2), &h, Some((&x, Joint::of(UNIT))));
        self.last.forward_relu(pass, &y)
    }

    /// The same with a node for each op; notes the rectifier input nearest to 0.
    fn op_by_op(&self, pass: &mut Pass<'_, f64>, x: &Var<f64>, nearest: &mut f64) -> Var<f64> {
        assert!(!pass.fuses);
        let mut norm_relu = |pass: &mut Pass<'_, f64>, norm: &BatchNorm, x: &Var<f64>| {
            let y = norm.forward(pass, x);
            *nearest = y.value().as_slice().iter().fold(*nearest, |m, v| m.min(v.abs()));
            op::relu(&mut pass.tape, &y)
        };
        let x = self.stem.forward(pass, x);
        let z = norm_relu(pass, &self.bn1, &x);
        let h = self.conv1.forward(pass, &z);
        let z = norm_relu(pass, &self.bn2, &h);
        let y = self.conv2.forward(pass, &z);
        let y = op::join(&mut pass.tape, &x, &y, UNIT);
        norm_relu(pass, &self.last, &y)
    }
}

/// A recorded pass with its input and output.
struct Run<'a, T: Scalar> {
    tape: Tape<T>,
    params: &'a Params<T>,
    x: Var<T>,
    y: Var<T>,
    statistics: Vec<BatchStatistics>,
}

impl<'a, T: Scalar> Run<'a, T> {
    fn new(
        params: &'a Params<T>,
        mode: Mode,
        fuses: bool,
        x: Tensor<T>,
        f: impl FnOnce(&mut Pass<'_, T>, &Var<T>) -> Var<T>,
    ) -> Self {
        let mut pass = Pass::new(Tape::recording(), mode, params);
        pass.fuses = fuses;
        let x = pass.tape.input(x);
        let y = f(&mut pass, &x);
        let Pass { tape, statistics, .. } = pass;
        Run { tape, params, x, y, statistics }
    }

    fn sweep(&self, dy: &Tensor<T>, sweep: &Sweep) -> Grads<T> {
        self.tape.vjp(&self.y, dy.clone(), sweep)
    }

    /// Holds value, statistics and gradients against those of the exact run.
    fn check(&self, what: &str, dy: &Tensor<T>, exact: &Run<'_, f64>) {
        let close = |name: &str, got: &Tensor<T>, expected: &Tensor<f64>| {
            check_close(&format!("{name}, {what}"), &got.cast(), expected, TOLERANCE);
        };
        close("y", self.y.value(), exact.y.value());
        assert_eq!(self.statistics.len(), exact.statistics.len(), "{what}");
        for (got, expected) in self.statistics.iter().zip(&exact.statistics) {
            assert_eq!(got.running_mean, expected.running_mean, "{what}: the order of the norms");
            let [got, expected] = [&got.moments, &expected.moments];
            check_close(what, &got.mean, &expected.mean, TOLERANCE);
            check_close(what, &got.m2, &expected.m2, TOLERANCE);
        }
        for route in [Route::BOTH, Route::SKIP, Route::BRANCH] {
            let sweep = Sweep { skip_params: false, routes: vec![Route::BOTH, route] };
            let (got, expected) = (self.sweep(dy, &sweep), exact.sweep(&dy.cast(), &sweep));
            close(
                &format!("dx {route:?}"),
                got.of(&self.x).unwrap(),
                expected.of(&exact.x).unwrap(),
            );
            for (id, param) in self.params.iter() {
                let name = format!("d {} {route:?}", param.name);
                match (got.param(id), expected.param(id)) {
                    (Some(got), Some(expected)) => close(&name, got, expected),
                    (got, expected) => {
                        assert_eq!(got.is_some(), expected.is_some(), "{name}, {what}");
                    }
                }
            }
        }
    }
}

/// Batch, height, width, the channels of the image and of the unit.
fn sizes() -> impl Strategy<Value = [usize; 5]> {
    let c_in = prop_oneof![Just(3usize), Just(16)];
    let c = prop_oneof![3 => Just(16usize), 1 => Just(32)];
    (1usize..4, 4usize..9, 4usize..9, c_in, c).prop_map(|(n, h, w, c_in, c)| [n, h, w, c_in, c])
}

fn draw(unit: &Unit, params: &mut Params<f32>, sizes: [usize; 5], seed: u64) -> [Tensor<f32>; 2] {
    let [n, h, w, c_in, c] = sizes;
    for attempt in 0..1000 {
        live_in(params, seed.wrapping_add(attempt));
        let mut rng = Stream::new(seed, "unit").at(attempt, 0);
        let [x, dy] = [c_in, c].map(|c| normal([n, h, w, c], &mut rng));
        let wide = params.cast();
        let is_clear = [Mode::Train, Mode::Eval].iter().all(|&mode| {
            let mut nearest = f64::INFINITY;
            Run::new(&wide, mode, false, x.cast(), |pass, x| unit.op_by_op(pass, x, &mut nearest));
            nearest > KINK
        });
        if is_clear {
            return [x, dy];
        }
    }
    panic!("a rectifier lies at its kink in every draw of {sizes:?}");
}

#[test]
fn a_fused_unit_has_the_values_statistics_and_gradients_of_its_ops() {
    for_all((sizes(), any::<u64>()), |(sizes, seed)| {
        let mut builder = Builder::<f32>::new(seed);
        let unit = Unit::new(&mut builder, [sizes[3], sizes[4]]);
        let mut params = builder.finish();
        let [x, dy] = draw(&unit, &mut params, sizes, seed);
        let wide = params.cast::<f64>();
        for mode in [Mode::Train, Mode::Eval] {
            let exact = Run::new(&wide, mode, false, x.cast(), |pass, x| {
                let mut nearest = f64::INFINITY;
                unit.op_by_op(pass, x, &mut nearest)
            });
            for fuses in [true, false] {
                let what = format!("{sizes:?} {mode:?}, fuses: {fuses}");
                let layers = |pass: &mut Pass<'_, f32>, x: &Var<f32>| unit.through_layers(pass, x);
                let run = Run::new(&params, mode, fuses, x.clone(), layers);
                run.check(&what, &dy, &exact);
                // What a sweep leaves out does not change the bits of the rest.
                let all = run.sweep(&dy, &Sweep::default());
                let inputs_only = run.sweep(&dy, &Sweep::along(vec![]));
                assert_eq!(inputs_only.of(&run.x), all.of(&run.x), "{what}");
            }
        }
    });
}
