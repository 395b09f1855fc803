//! The sum of a residual unit, taken whole or along one of its terms.

use nn::{Joint, Route, Sweep, Tape, Var, op};
use proptest::prelude::*;
use tensor::Tensor;
use tensor::random::Stream;
use testkit::close::{Tolerance, check_close};
use testkit::gradcheck::GradCheck;
use testkit::noise::normal;

use crate::{any_shape, for_all, hold, problem};

#[test]
fn join() {
    hold("join", 16, any_shape(), |dims, rng| {
        let inputs = [normal(dims.as_slice(), rng), normal(dims.as_slice(), rng)];
        problem(inputs, |tape, v, _| op::join(tape, &v[0], &v[1], 0))
    });
}

/// The two terms of `y = w x + relu(v x)`, `x` being shared.
fn terms(tape: &mut Tape<f64>, v: &[Var<f64>]) -> [Var<f64>; 2] {
    let skip = op::linear(tape, &v[0], &v[1]);
    let pre = op::linear(tape, &v[0], &v[2]);
    [skip, op::relu(tape, &pre)]
}

/// A sweep along one term treats the other as a constant: its gradients are those of the
/// function in which the other term is a constant.
#[test]
fn a_routed_sweep_is_the_gradient_with_the_other_term_held_fixed() {
    let check = GradCheck::new("join along one term", 16);
    for_all((1usize..5, 1usize..6, 1usize..6, any::<u64>()), |(n, c_in, c_out, seed)| {
        let mut rng = Stream::new(seed, "routes").at(0, 0);
        let inputs = [[n, c_in], [c_out, c_in], [c_out, c_in]].map(|shape| normal(shape, &mut rng));
        let dy = normal([n, c_out], &mut rng);
        let mut tape = Tape::recording();
        let v: Vec<_> = inputs.iter().map(|x| tape.input(x.clone())).collect();
        let [skip, branch] = terms(&mut tape, &v);
        let y = op::join(&mut tape, &skip, &branch, 0);

        for route in [Route::SKIP, Route::BRANCH] {
            let (fixed_skip, fixed_branch) = (skip.value().clone(), branch.value().clone());
            let held = |tape: &mut Tape<f64>, v: &[Var<f64>]| {
                let [skip, branch] = terms(tape, v);
                match route {
                    Route::SKIP => {
                        let fixed = tape.constant(fixed_branch.clone());
                        op::join(tape, &skip, &fixed, 0)
                    }
                    _ => {
                        let fixed = tape.constant(fixed_skip.clone());
                        op::join(tape, &fixed, &branch, 0)
                    }
                }
            };
            check.run(seed, &inputs, |tape, v, kinks| {
                let pre = op::linear(tape, &v[0], &v[2]);
                kinks.note_signs(pre.value());
                held(tape, v)
            });

            let routed =
                tape.vjp(&y, dy.clone(), &Sweep { skip_params: false, routes: vec![route] });
            let mut other = Tape::recording();
            let w: Vec<_> = inputs.iter().map(|x| other.input(x.clone())).collect();
            let fixed = held(&mut other, &w);
            assert_eq!(fixed.value(), y.value());
            let expected = other.vjp(&fixed, dy.clone(), &Sweep::default());
            for (got, expected) in
                v.iter().map(|v| routed.of(v)).zip(w.iter().map(|w| expected.of(w)))
            {
                assert_eq!(got, expected, "{route:?}");
            }
        }
    });
    check.finish();
}

#[test]
fn both_routes_together_are_the_whole_gradient_and_each_unit_heeds_its_own() {
    let mut rng = Stream::new(5, "units").at(0, 0);
    let mut tape = Tape::recording();
    let x = tape.input(normal([4], &mut rng));
    let branch = |tape: &mut Tape<f64>, x: &Var<f64>, factor| op::scale(tape, x, factor);
    let b = branch(&mut tape, &x, 3.0);
    let first = op::join(&mut tape, &x, &b, 0);
    let b = branch(&mut tape, &first, 7.0);
    let second = op::join(&mut tape, &first, &b, 1);
    let [both, skip, branch] = [Route::BOTH, Route::SKIP, Route::BRANCH];
    let cases: [(&[Route], f64); 9] = [
        (&[], 32.0),
        (&[both, both], 32.0),
        (&[skip], 8.0),
        (&[both, skip], 4.0),
        (&[both, branch], 28.0),
        (&[skip, skip], 1.0),
        (&[branch, skip], 3.0),
        (&[skip, branch], 7.0),
        (&[branch, branch], 21.0),
    ];
    for (routes, factor) in cases {
        let grads = tape.vjp(&second, Tensor::full([4], 1.0), &Sweep::along(routes.to_vec()));
        let expected = Tensor::full([4], factor);
        check_close(&format!("{routes:?}"), grads.of(&x).unwrap(), &expected, Tolerance::EXACT);
    }
}

/// `y = x + sum of a_i x` over three branches, each `a_i` a power of ten, added one by
/// one: the gradient along any set of terms is the sum of their factors.
#[test]
fn a_unit_with_several_branches_is_swept_along_any_of_its_terms() {
    let factors = [10.0, 100.0, 1000.0];
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::full([2], 1.0));
    let (mut sum, mut left) = (x.clone(), Route::SKIP);
    for (i, factor) in factors.into_iter().enumerate() {
        let branch = op::scale(&mut tape, &x, factor);
        let joint = Joint { unit: 4, left, right: Route::only(i) };
        sum = op::join_at(&mut tape, &sum, &branch, joint);
        left = left.and(Route::only(i));
    }
    for mask in 1..16u64 {
        let route = Route { skip: mask & 1 == 1, branches: mask >> 1 };
        let mut routes = vec![Route::SKIP; 4];
        routes.push(route);
        let grads = tape.vjp(&sum, Tensor::full([2], 1.0), &Sweep::along(routes));
        let branches: f64 = route.branches().map(|i| factors[i]).sum();
        let expected = Tensor::full([2], branches + if route.skip { 1.0 } else { 0.0 });
        check_close(&route.to_string(), grads.of(&x).unwrap(), &expected, Tolerance::EXACT);
    }
    let whole = tape.vjp(&sum, Tensor::full([2], 1.0), &Sweep::default());
    assert_eq!(whole.of(&x).unwrap().as_slice(), [1111.0; 2]);
}
