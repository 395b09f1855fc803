//! Laws of sweeps along the paths of some lengths.

use nn::{Grads, Mode, Params, Route, Sweep, Tape, Var, op};
use proptest::prelude::*;
use tensor::Tensor;
use testkit::close::{Tolerance, check_close};

use crate::for_all;
use crate::small_net::{SmallNet, recorded, seeded};

/// The sums of all products of `k` of the numbers, for each `k`.
fn elementary(numbers: &[f64]) -> Vec<f64> {
    let mut e = vec![1.0];
    for a in numbers {
        e.push(0.0);
        for k in (1..e.len()).rev() {
            e[k] += a * e[k - 1];
        }
    }
    e
}

/// `x (1 + a_1) (1 + a_2) …`, each factor a join of `x` and `a_i x`.
fn product(tape: &mut Tape<f64>, x: &Var<f64>, factors: &[f64]) -> Var<f64> {
    factors.iter().enumerate().fold(x.clone(), |y, (unit, &a)| {
        let branch = op::scale(tape, &y, a);
        op::join(tape, &y, &branch, unit)
    })
}

/// The marker counts branches: degree `k` of `(1 + a_1 z) (1 + a_2 z) …` is the sum of
/// all products of `k` factors.
#[test]
fn a_product_of_joins_has_the_elementary_symmetric_polynomials() {
    for_all(prop::collection::vec(-2.0..2.0f64, 0..8), |factors| {
        let e = elementary(&factors);
        for most in 0..factors.len() + 2 {
            for least in 0..=most.min(factors.len()) {
                let mut tape = Tape::recording();
                let x = tape.input(Tensor::full([1], 0.7));
                let y = product(&mut tape, &x, &factors);
                let found = tape.backward_through(&y, least..=most).of(&x).unwrap().clone();
                let expected: f64 = e.iter().take(most + 1).skip(least).sum();
                let scale: f64 = e.iter().map(|e| e.abs()).sum();
                let found = found.as_slice()[0];
                let what = format!("{least} to {most}: {found}, {expected}");
                assert!((found - expected).abs() <= 1e-14 * scale, "{what}");
            }
        }
    });
}

fn params_of(net: &SmallNet, grads: &Grads<f64>) -> Vec<Option<Tensor<f64>>> {
    net.params.iter().map(|(id, _)| grads.param(id).cloned()).collect()
}

#[test]
fn with_as_many_branches_as_joins_it_is_the_ordinary_gradient() {
    for mode in [Mode::Train, Mode::Eval] {
        let net = seeded(3, mode);
        let up_to = |branches: usize| {
            let (pass, x, loss) = recorded(&net);
            let grads = pass.tape.backward_through(&loss, 0..=branches);
            (grads.of(&x).unwrap().clone(), params_of(&net, &grads))
        };
        let (pass, x, loss) = recorded(&net);
        let ordinary = pass.tape.backward(&loss);
        let (at_x, at_params) = up_to(2);
        let tolerance = Tolerance::scaled(1e-12);
        check_close("image", &at_x, ordinary.of(&x).unwrap(), tolerance);
        for ((_, param), found) in net.params.iter().zip(&at_params) {
            let id = net.params.find(&param.name).unwrap();
            assert_eq!(found.is_some(), ordinary.param(id).is_some(), "{}", param.name);
            if let (Some(found), Some(expected)) = (found, ordinary.param(id)) {
                check_close(&param.name, found, expected, tolerance);
            }
        }
        let more = up_to(usize::MAX);
        assert_eq!((at_x, at_params), more, "more than all branches are all branches");
    }
}

#[test]
fn without_branches_it_is_the_path_of_skips() {
    for mode in [Mode::Train, Mode::Eval] {
        let net = seeded(4, mode);
        let (pass, x, loss) = recorded(&net);
        let sweep = Sweep { skip_params: false, routes: vec![Route::SKIP; 2] };
        let skips = pass.tape.vjp(&loss, Tensor::full([1], 1.0), &sweep);
        let none = pass.tape.backward_through(&loss, 0..=0);
        assert_eq!(none.of(&x), skips.of(&x));
        assert_eq!(params_of(&net, &none), params_of(&net, &skips));
        let has = |name: &str| none.param(net.params.find(name).unwrap()).is_some();
        assert!(has("stem.weight") && has("projection.weight") && has("linear.weight"));
        assert!(!has("conv1.weight") && !has("conv2.weight"), "parameters of branches");
    }
}

#[test]
fn a_tape_in_the_memory_of_such_a_sweep_is_a_new_tape() {
    let params = Params::<f64>::new();
    let run = |tape: Tape<f64>, branches| {
        let mut pass = nn::Pass::new(tape, Mode::Eval, &params);
        let x = pass.tape.input(Tensor::full([1], 0.7));
        let y = product(&mut pass.tape, &x, &[2.0, 3.0]);
        let grads = pass.tape.backward_through(&y, 0..=branches);
        (grads.of(&x).unwrap().as_slice()[0], grads.into_tape())
    };
    let mut tape = Tape::recording();
    for (branches, expected) in [(2, 12.0), (1, 6.0), (0, 1.0), (2, 12.0)] {
        let (found, used) = run(tape, branches);
        assert_eq!(found, expected, "up to {branches}");
        tape = used;
    }
}

#[test]
#[should_panic(expected = "backward_through: no path has 2..=1 branches")]
fn a_range_without_lengths_is_refused() {
    let mut tape = Tape::recording();
    let x = tape.input(Tensor::<f64>::zeros([1]));
    let y = product(&mut tape, &x, &[1.0, 2.0]);
    #[expect(clippy::reversed_empty_ranges, reason = "that is the mistake")]
    let _ = tape.backward_through(&y, 2..=1);
}

#[test]
#[should_panic(expected = "backward_through: the loss has shape [2]")]
fn it_starts_at_a_single_element() {
    let mut tape = Tape::recording();
    let x = tape.input(Tensor::<f64>::zeros([2]));
    let _ = tape.backward_through(&x, 0..=1);
}
