//! Gradients in intermediate values: what is watched, and what is not.

use nn::{Grads, Mode, Params, Pass, Route, Sweep, Tape, Var, op};
use tensor::Tensor;
use tensor::random::Stream;
use testkit::close::bits;
use testkit::noise::normal;
use testkit::refusal::refused;

use crate::small_net::{SmallNet, seeded};

/// A loss, its input, and the output of each unit below it.
struct Recorded<'a> {
    pass: Pass<'a, f64>,
    x: Var<f64>,
    h: Var<f64>,
    loss: Var<f64>,
}

/// `loss = f(relu(w x))` with `h = w x`, as two units of features.
fn two_units(params: &Params<f64>, watches: bool) -> Recorded<'_> {
    let mut rng = Stream::new(5, "watched").at(0, 0);
    let mut pass = Pass::new(Tape::recording(), Mode::Train, params);
    let x = pass.tape.input(normal([4, 3], &mut rng));
    let w = pass.param(params.find("w").unwrap());
    let branch = op::linear(&mut pass.tape, &x, &w);
    let h = op::join(&mut pass.tape, &x, &branch, 0);
    if watches {
        pass.tape.watch(&h);
    }
    let branch = op::linear(&mut pass.tape, &h, &w);
    let branch = op::relu(&mut pass.tape, &branch);
    let y = op::join(&mut pass.tape, &h, &branch, 1);
    let loss = op::cross_entropy(&mut pass.tape, &y, &[0, 1, 2, 0]);
    Recorded { pass, x, h, loss }
}

fn one_weight() -> Params<f64> {
    let mut params = Params::new();
    params.add("w", normal([3, 3], &mut Stream::new(6, "watched").at(0, 0)));
    params
}

fn one() -> Tensor<f64> {
    Tensor::full([1], 1.0)
}

/// The gradient in `h` is that in an input with its value, on a tape that begins there:
/// along every route, and in a sweep that leaves parameters out.
#[test]
fn a_watched_gradient_is_that_of_an_input_in_its_place() {
    let params = one_weight();
    let whole = two_units(&params, true);
    let mut upper = Pass::new(Tape::recording(), Mode::Train, &params);
    let h = upper.tape.input(whole.h.value().clone());
    let w = upper.param(params.find("w").unwrap());
    let branch = op::linear(&mut upper.tape, &h, &w);
    let branch = op::relu(&mut upper.tape, &branch);
    let y = op::join(&mut upper.tape, &h, &branch, 1);
    let loss = op::cross_entropy(&mut upper.tape, &y, &[0, 1, 2, 0]);
    for route in [Route::BOTH, Route::SKIP, Route::BRANCH] {
        for skip_params in [false, true] {
            let sweep = Sweep { skip_params, routes: vec![Route::BOTH, route] };
            let found = whole.pass.tape.vjp(&whole.loss, one(), &sweep);
            let expected = upper.tape.vjp(&loss, one(), &sweep);
            assert_eq!(bits(found.of(&whole.h).unwrap()), bits(expected.of(&h).unwrap()));
        }
    }
    let expected = upper.tape.vjp(&loss, one(), &Sweep::default()).of(&h).cloned();
    assert!(expected.is_some());
    let short = two_units(&params, true);
    let [up_to_none, up_to_all] = [0, 2].map(|branches| {
        let whole = two_units(&params, true);
        whole.pass.tape.backward_through(&whole.loss, 0..=branches).of(&whole.h).cloned().unwrap()
    });
    assert_eq!(short.pass.tape.backward(&short.loss).of(&short.h).cloned(), expected);
    testkit::close::check_close(
        "up to all branches",
        &up_to_all,
        &expected.unwrap(),
        testkit::close::Tolerance::scaled(1e-14),
    );
    let along_skip = Sweep { skip_params: false, routes: vec![Route::SKIP; 2] };
    let along_skip = upper.tape.vjp(&loss, one(), &along_skip);
    assert_eq!(bits(&up_to_none), bits(along_skip.of(&h).unwrap()));
}

/// The result of an op below both units: its gradient is that of the input it copies, along
/// paths with any number of branches, each of which has its own cotangent there.
#[test]
fn an_op_below_the_units_can_be_watched_along_short_paths() {
    let params = one_weight();
    for branches in 0..=2 {
        let mut pass = Pass::new(Tape::recording(), Mode::Train, &params);
        let x = pass.tape.input(normal([4, 3], &mut Stream::new(7, "watched").at(0, 0)));
        let copy = op::scale(&mut pass.tape, &x, 1.0);
        pass.tape.watch(&copy);
        let w = pass.param(params.find("w").unwrap());
        let mut y = copy.clone();
        for unit in 0..2 {
            let branch = op::linear(&mut pass.tape, &y, &w);
            y = op::join(&mut pass.tape, &y, &branch, unit);
        }
        let loss = op::cross_entropy(&mut pass.tape, &y, &[0, 1, 2, 0]);
        let grads = pass.tape.backward_through(&loss, 0..=branches);
        assert_eq!(bits(grads.of(&copy).unwrap()), bits(grads.of(&x).unwrap()), "{branches}");
    }
}

#[test]
fn watching_changes_no_bit_of_any_other_gradient() {
    let params = one_weight();
    let all = |watches| {
        let Recorded { pass, x, loss, .. } = two_units(&params, watches);
        let grads = pass.tape.backward(&loss);
        let w = params.find("w").unwrap();
        [grads.of(&x), grads.param(w)].map(|grad| bits(grad.unwrap()))
    };
    assert_eq!(all(false), all(true));
}

/// Between a batch norm and a convolution gradients travel in halves; a watched one is
/// whole, and the halves go on as they were.
#[test]
fn the_input_of_a_batch_norm_can_be_watched() {
    for mode in [Mode::Train, Mode::Eval] {
        let net: SmallNet = seeded(3, mode);
        let gradients = |watches: bool, is_input: bool| {
            let mut pass = Pass::new(Tape::recording(), mode, &net.params);
            let x = pass.tape.input(net.x.clone());
            let h = op::scale(&mut pass.tape, &x, 1.0);
            if watches {
                pass.tape.watch(&h);
            }
            let loss = net.through_layers(&mut pass, if is_input { &x } else { &h });
            let grads: Grads<f64> = pass.tape.backward(&loss);
            let of_h = watches.then(|| bits(grads.of(&h).unwrap()));
            let params = net.params.ids().map(|id| grads.param(id).map(bits)).collect::<Vec<_>>();
            (bits(grads.of(&x).unwrap()), of_h, params)
        };
        let (at_x, _, params) = gradients(false, true);
        let watched = gradients(true, false);
        assert_eq!(watched, (at_x.clone(), Some(at_x), params));
    }
}

#[test]
fn watching_a_leaf_or_on_a_tape_that_is_off_changes_nothing() {
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(one());
    tape.watch(&x);
    let y = op::scale(&mut tape, &x, 3.0);
    assert_eq!(tape.backward(&y).of(&x).unwrap().as_slice(), [3.0]);
    let mut off = Tape::<f64>::off();
    let x = off.input(one());
    let y = op::scale(&mut off, &x, 3.0);
    off.watch(&y);
}

#[test]
fn a_gradient_that_a_sweep_does_not_have_is_refused_with_the_reason() {
    let mut params = Params::<f64>::new();
    let id = params.add("w", one());
    let mut tape = Tape::recording();
    let (x, c) = (tape.input(one()), tape.constant(one()));
    let w = tape.param(id, one());
    let h = op::mul(&mut tape, &x, &w);
    let y = op::add(&mut tape, &h, &c);
    let of_constants = op::scale(&mut tape, &c, 2.0);
    let grads = tape.vjp(&y, one(), &Sweep::default());
    refused("keeps its gradient only if it is watched: call tape.watch(&var) before", || {
        let _ = grads.of(&h);
    });
    refused("Grads::of: a constant", || drop(grads.of(&c).cloned()));
    refused("Grads::of: a constant", || drop(grads.of(&of_constants).cloned()));
    // To watch afterwards is too late for this sweep, and in time for the next.
    tape.watch(&h);
    refused("before the sweep", || drop(grads.of(&h).cloned()));
    assert_eq!(tape.vjp(&y, one(), &Sweep::default()).of(&h), Some(&one()));
    let later = tape.input(one());
    refused("was recorded after this sweep", || drop(grads.of(&later).cloned()));
    let inputs_only = tape.vjp(&y, one(), &Sweep::along(vec![]));
    refused("has left parameters out", || drop(inputs_only.of(&w).cloned()));
    refused("watch: a constant", || tape.watch(&of_constants));
}
