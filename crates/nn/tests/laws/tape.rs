//! Laws of the tape and its sweeps.

use std::sync::{Arc, Mutex};

use nn::{Grads, Mode, Params, PerInput, Route, Rule, Sweep, Tape, op};
use tensor::Tensor;
use tensor::kernel::elementwise;
use tensor::random::Stream;
use testkit::close::{Tolerance, check_close};
use testkit::noise::normal;
use testkit::refusal::refused;

use crate::small_net::{SmallNet, recorded, seeded};

const MODES: [Mode; 2] = [Mode::Train, Mode::Eval];

fn one() -> Tensor<f64> {
    Tensor::full([1], 1.0)
}

/// Each parameter's gradient, by its place.
fn params_of(net: &SmallNet, grads: &Grads<f64>) -> Vec<Option<Tensor<f64>>> {
    net.params.iter().map(|(id, _)| grads.param(id).cloned()).collect()
}

#[test]
fn a_second_sweep_of_the_same_tape_has_the_same_bits() {
    for mode in MODES {
        let net = seeded(1, mode);
        let (pass, x, loss) = recorded(&net);
        let [a, b] = [0, 1].map(|_| pass.tape.vjp(&loss, one(), &Sweep::default()));
        assert_eq!(a.of(&x), b.of(&x));
        assert_eq!(params_of(&net, &a), params_of(&net, &b));
    }
}

#[test]
fn backward_is_the_sweep_with_cotangent_one() {
    for mode in MODES {
        let net = seeded(2, mode);
        let (pass, x, loss) = recorded(&net);
        let kept = pass.tape.vjp(&loss, one(), &Sweep::default());
        let freed = pass.tape.backward(&loss);
        assert!(kept.of(&x).is_some());
        assert_eq!(kept.of(&x), freed.of(&x));
        assert_eq!(params_of(&net, &kept), params_of(&net, &freed));
    }
}

#[test]
fn a_tape_in_the_memory_of_the_last_one_is_a_new_tape() {
    for mode in MODES {
        let net = seeded(2, mode);
        let sweep = |tape: Tape<f64>| {
            let mut pass = nn::Pass::new(tape, mode, &net.params);
            let x = pass.tape.input(net.x.clone());
            let loss = net.through_layers(&mut pass, &x);
            let grads = pass.tape.backward(&loss);
            let found = (grads.of(&x).cloned(), params_of(&net, &grads));
            (found, grads.into_tape())
        };
        let (first, tape) = sweep(Tape::recording());
        let (second, tape) = sweep(tape);
        assert!(first.0.is_some());
        assert_eq!(first, second);
        // Nothing of the last sweep is left for one that reaches less.
        let mut tape = tape;
        let x = tape.input(one());
        let (y, aside) = (op::scale(&mut tape, &x, 2.0), tape.input(one()));
        let grads = tape.backward(&y);
        assert_eq!(grads.of(&x).unwrap().as_slice(), [2.0]);
        assert!(grads.of(&aside).is_none());
        assert!(params_of(&net, &grads).iter().all(Option::is_none));
    }
}

#[test]
fn a_sweep_frees_what_a_rule_has_saved_as_it_passes() {
    let mut tape = Tape::<f64>::recording();
    let noted = Arc::new(Mutex::new(Vec::new()));
    let x = tape.input(one());
    let y = tape.op(one(), &[&x], || Noted(noted.clone()));
    assert_eq!(Arc::strong_count(&noted), 2);
    let grads = tape.backward(&y);
    assert_eq!(Arc::strong_count(&noted), 1);
    let mut tape = grads.into_tape();
    assert_eq!(Arc::strong_count(&noted), 1);
    let x = tape.input(one());
    let _ = tape.op(one(), &[&x], || Noted(noted.clone()));
    assert_eq!(Arc::strong_count(&noted), 2, "the box is full again");
}

#[test]
fn a_sweep_is_linear_in_its_cotangent() {
    let net = seeded(3, Mode::Train);
    let (pass, x, loss) = recorded(&net);
    let once = pass.tape.vjp(&loss, one(), &Sweep::default());
    let tenfold = pass.tape.vjp(&loss, Tensor::full([1], -10.0), &Sweep::default());
    let expected = once.of(&x).unwrap().map(|v| -10.0 * v);
    check_close("dx", tenfold.of(&x).unwrap(), &expected, Tolerance::scaled(1e-13));
}

#[test]
fn leaving_parameters_out_does_not_change_the_gradient_of_the_input() {
    for mode in MODES {
        let net = seeded(4, mode);
        let (pass, x, loss) = recorded(&net);
        let all = pass.tape.vjp(&loss, one(), &Sweep::default());
        let inputs_only = pass.tape.vjp(&loss, one(), &Sweep::along(vec![]));
        assert_eq!(all.of(&x), inputs_only.of(&x));
        assert!(params_of(&net, &all).iter().any(Option::is_some));
        refused("has left parameters out", || drop(params_of(&net, &inputs_only)));
    }
}

/// The rule of a sum that notes what is wanted of it.
struct Noted(Arc<Mutex<Vec<Vec<bool>>>>);

impl Rule<f64> for Noted {
    fn backward(&self, dy: &Tensor<f64>, wanted: &[bool]) -> PerInput<Tensor<f64>> {
        self.0.lock().unwrap().push(wanted.to_vec());
        wanted.iter().map(|wanted| wanted.then(|| dy.clone())).collect()
    }
}

#[test]
fn a_sweep_without_parameters_does_not_compute_their_gradients() {
    let mut params = Params::new();
    let id = params.add("w", one());
    let mut tape = Tape::<f64>::recording();
    let [of_both, of_weight] = [0, 1].map(|_| Arc::new(Mutex::new(Vec::new())));
    let (x, w, c) = (tape.input(one()), tape.param(id, one()), tape.constant(one()));
    // An op whose inputs lead only to parameters is not swept at all.
    let v = tape.op(one(), &[&w], || Noted(of_weight.clone()));
    let y = tape.op(one(), &[&x, &v, &w, &c], || Noted(of_both.clone()));
    let wanted_by = |sweep: Sweep| {
        let grads = tape.vjp(&y, one(), &sweep);
        assert_eq!(grads.of(&x), Some(&one()));
        assert!(sweep.skip_params || grads.param(id).is_some());
        [&of_both, &of_weight].map(|noted| std::mem::take(&mut *noted.lock().unwrap()))
    };
    let ordinary = wanted_by(Sweep::default());
    assert_eq!(ordinary, [vec![vec![true, true, true, false]], vec![vec![true]]]);
    let inputs_only = wanted_by(Sweep::along(vec![]));
    assert_eq!(inputs_only, [vec![vec![true, false, false, false]], vec![]]);
}

/// Three units in a row on features, one of them with a projection; returns
/// the tape, the input and the output.
fn three_units(seed: u64) -> (Tape<f64>, nn::Var<f64>, nn::Var<f64>) {
    let mut rng = Stream::new(seed, "units").at(0, 0);
    let mut tape = Tape::recording();
    let input = tape.input(normal([3, 5], &mut rng));
    let mut x = input.clone();
    for (unit, c_out) in [5, 6, 6].into_iter().enumerate() {
        let c_in = x.value().dims()[1];
        let weight = tape.constant(normal([c_out, c_in], &mut rng));
        let branch = op::linear(&mut tape, &x, &weight);
        let branch = op::relu(&mut tape, &branch);
        let skip = if c_in == c_out {
            x.clone()
        } else {
            let projection = tape.constant(normal([c_out, c_in], &mut rng));
            op::linear(&mut tape, &x, &projection)
        };
        x = op::join(&mut tape, &skip, &branch, unit);
    }
    (tape, input, x)
}

fn sum_of_all_paths(
    tape: &Tape<f64>,
    y: &nn::Var<f64>,
    x: &nn::Var<f64>,
    units: u32,
) -> Tensor<f64> {
    let mut rng = Stream::new(9, "cotangent").at(0, 0);
    let dy = normal(y.value().shape(), &mut rng);
    let mut sum = Tensor::zeros(x.value().shape());
    let mut distinct = Vec::new();
    for path in 0..1u32 << units {
        let route = |unit| if path >> unit & 1 == 1 { Route::BRANCH } else { Route::SKIP };
        let sweep = Sweep::along((0..units).map(route).collect());
        let grads = tape.vjp(y, dy.clone(), &sweep);
        let dx = grads.of(x).expect("every path leads to the input");
        elementwise::add_assign(sum.as_mut_slice(), dx.as_slice());
        assert!(!distinct.contains(dx), "path {path:b} repeats another");
        distinct.push(dx.clone());
    }
    let whole = tape.vjp(y, dy, &Sweep::default());
    check_close("all paths", &sum, whole.of(x).unwrap(), Tolerance::scaled(1e-12));
    sum
}

#[test]
fn the_gradients_of_all_paths_sum_to_the_ordinary_one() {
    for seed in 0..20 {
        let (tape, x, y) = three_units(seed);
        let sum = sum_of_all_paths(&tape, &y, &x, 3);
        assert!(sum.norm() > 0.0);
    }
    for (seed, mode) in (0..20).flat_map(|seed| MODES.map(|mode| (seed, mode))) {
        let net = seeded(seed, mode);
        let (pass, x, loss) = recorded(&net);
        sum_of_all_paths(&pass.tape, &loss, &x, 2);
    }
}

#[test]
fn constants_stop_the_sweep_and_parameters_are_found_by_place_or_variable() {
    let mut params = Params::new();
    let id = params.add("w", Tensor::full([2], 2.0));
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::full([2], 1.0));
    let c = tape.constant(Tensor::full([2], 3.0));
    let w = tape.param(id, params.value(id).clone());
    let y = op::add(&mut tape, &x, &c);
    let grads = tape.vjp(&y, Tensor::full([2], 1.0), &Sweep::default());
    assert_eq!(grads.of(&x).unwrap().as_slice(), [1.0, 1.0]);
    assert!(grads.param(id).is_none() && grads.of(&w).is_none(), "w takes no part in y");
    let z = op::mul(&mut tape, &y, &w);
    let grads = tape.vjp(&z, Tensor::full([2], 1.0), &Sweep::default());
    assert_eq!(grads.param(id).unwrap().as_slice(), [4.0, 4.0]);
    assert_eq!(grads.of(&w), grads.param(id));
}

#[test]
fn a_value_used_several_times_gets_the_sum() {
    let mut rng = Stream::new(6, "shared").at(0, 0);
    let mut params = Params::new();
    let id = params.add("w", normal([4, 4], &mut rng));
    let x_value = normal([2, 4], &mut rng);
    let dy = normal([2, 4], &mut rng);
    // x w^T + relu(x w^T) + x, the parameter read twice, the input three times.
    let mut tape = Tape::recording();
    let x = tape.input(x_value.clone());
    let [w1, w2] = [0, 1].map(|_| tape.param(id, params.value(id).clone()));
    let a = op::linear(&mut tape, &x, &w1);
    let b = op::linear(&mut tape, &x, &w2);
    let b = op::relu(&mut tape, &b);
    let ab = op::add(&mut tape, &a, &b);
    let y = op::add(&mut tape, &ab, &x);
    let whole = tape.vjp(&y, dy.clone(), &Sweep::default());

    let part = |root: &nn::Var<f64>| {
        let grads = tape.vjp(root, dy.clone(), &Sweep::default());
        (grads.of(&x).unwrap().clone(), grads.param(id).unwrap().clone())
    };
    let ((dx_a, dw_a), (dx_b, dw_b)) = (part(&a), part(&b));
    let sum = |terms: &[&Tensor<f64>]| {
        Tensor::from_fn(terms[0].shape(), |i| terms.iter().map(|t| t.as_slice()[i]).sum())
    };
    let tolerance = Tolerance::scaled(1e-14);
    check_close("dx", whole.of(&x).unwrap(), &sum(&[&dx_a, &dx_b, &dy]), tolerance);
    check_close("dw", whole.param(id).unwrap(), &sum(&[&dw_a, &dw_b]), tolerance);
}

#[test]
fn both_terms_may_be_one_value() {
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::full([3], 1.0));
    let y = op::join(&mut tape, &x, &x, 0);
    let grads = tape.vjp(&y, Tensor::full([3], 1.0), &Sweep::default());
    assert_eq!(grads.of(&x).unwrap().as_slice(), [2.0; 3]);
}

#[test]
fn a_tape_that_is_off_computes_the_same() {
    for mode in MODES {
        let net = seeded(7, mode);
        let (_, _, loss) = recorded(&net);
        let mut pass = nn::Pass::new(Tape::off(), mode, &net.params);
        let x = pass.tape.input(net.x.clone());
        let silent = net.through_layers(&mut pass, &x);
        assert_eq!(silent.value(), loss.value());
    }
}

/// With running statistics equal to the batch's, the forward pass of a whole
/// network is the same in both modes.
#[test]
fn evaluation_on_the_statistics_of_the_batch_is_training() {
    let mut net = seeded(8, Mode::Train);
    let (pass, _, trained) = recorded(&net);
    let statistics = pass.statistics;
    assert_eq!(statistics.len(), 3);
    for s in statistics {
        *net.params.value_mut(s.running_var) = s.moments.variance();
        *net.params.value_mut(s.running_mean) = s.moments.mean;
    }
    let mut pass = nn::Pass::eval(&net.params);
    let x = pass.tape.constant(net.x.clone());
    let evaluated = net.through_layers(&mut pass, &x);
    assert!(pass.statistics.is_empty());
    check_close("loss", evaluated.value(), trained.value(), Tolerance::scaled(1e-13));
}

#[test]
#[should_panic(expected = "backward: the loss has shape [2]")]
fn backward_wants_a_scalar() {
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::zeros([2]));
    let _ = tape.backward(&x);
}

#[test]
#[should_panic(expected = "vjp: a cotangent of shape [3] for a value of shape [2]")]
fn a_cotangent_has_the_shape_of_its_value() {
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::zeros([2]));
    let _ = tape.vjp(&x, Tensor::zeros([3]), &Sweep::default());
}
