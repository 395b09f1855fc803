//! The ops of a highway unit, and the sweeps along its terms.

use nn::{Route, Sweep, Tape, Var, op};
use tensor::Tensor;
use tensor::random::Stream;
use testkit::close::{Tolerance, check_close};
use testkit::noise::normal;

use crate::{any_shape, hold, problem};

#[test]
fn sigmoid() {
    hold("sigmoid", 24, any_shape(), |dims, rng| {
        problem([normal(dims.as_slice(), rng)], |tape, v, _| op::sigmoid(tape, &v[0]))
    });
}

#[test]
fn carry() {
    hold("carry", 16, any_shape(), |dims, rng| {
        let inputs = [normal(dims.as_slice(), rng), normal(dims.as_slice(), rng)];
        problem(inputs, |tape, v, _| op::carry(tape, &v[0], &v[1]))
    });
}

/// `t h` and `(1 - t) x` of a unit with `t = sigmoid(v x)` and `h = relu(w x)`.
fn terms(tape: &mut Tape<f64>, x: &Var<f64>, [v, w]: [&Var<f64>; 2]) -> [Var<f64>; 2] {
    let t = op::linear(tape, x, v);
    let t = op::sigmoid(tape, &t);
    let h = op::linear(tape, x, w);
    let h = op::relu(tape, &h);
    [op::carry(tape, &t, x), op::mul(tape, &t, &h)]
}

/// Along the skip of a highway unit a sweep is that of `(1 - t) x`, gate included;
/// along its branch that of `t h`.
#[test]
fn a_sweep_along_a_term_of_a_highway_unit_is_the_gradient_of_that_term() {
    for seed in 0..20 {
        let mut rng = Stream::new(seed, "highway").at(0, 0);
        let [x, v, w, dy] = [[3, 5], [5, 5], [5, 5], [3, 5]].map(|shape| normal(shape, &mut rng));
        let mut tape = Tape::recording();
        let [x, v, w] = [x, v, w].map(|value| tape.input(value));
        let [skip, branch] = terms(&mut tape, &x, [&v, &w]);
        let y = op::join(&mut tape, &skip, &branch, 0);
        let of = |end: &Var<f64>, routes: Vec<Route>| -> Tensor<f64> {
            tape.vjp(end, dy.clone(), &Sweep::along(routes)).of(&x).unwrap().clone()
        };
        for (route, term) in [(Route::SKIP, &skip), (Route::BRANCH, &branch), (Route::BOTH, &y)] {
            let (routed, expected) = (of(&y, vec![route]), of(term, vec![]));
            check_close(&format!("{route}, {seed}"), &routed, &expected, Tolerance::EXACT);
        }
    }
}
