//! Every variable belongs to one tape.

use nn::{Mode, Params, Pass, PerInput, Route, Rule, Sweep, Tape, Var, op};
use tensor::Tensor;
use testkit::refusal::{refusal, refused};

fn tensor(dims: &[usize]) -> Tensor<f32> {
    Tensor::full(dims, 1.0)
}

/// Each op that takes several variables, with one of them from another tape.
#[test]
fn a_variable_of_another_tape_is_refused_by_every_op() {
    type Op = fn(&mut Tape<f32>, &[Var<f32>]);
    let (row, image) = (&[2, 3][..], &[1, 4, 4, 3][..]);
    let cases: &[(&str, Op, &[&[usize]])] = &[
        ("add", |t, v| drop(op::add(t, &v[0], &v[1])), &[row, row]),
        ("mul", |t, v| drop(op::mul(t, &v[0], &v[1])), &[row, row]),
        ("carry", |t, v| drop(op::carry(t, &v[0], &v[1])), &[row, row]),
        ("join", |t, v| drop(op::join(t, &v[0], &v[1], 0)), &[row, row]),
        ("join_at", |t, v| drop(op::join_at(t, &v[0], &v[1], nn::Joint::of(0))), &[row, row]),
        ("linear", |t, v| drop(op::linear(t, &v[0], &v[1])), &[row, &[5, 3]]),
        ("bias", |t, v| drop(op::bias(t, &v[0], &v[1])), &[row, &[3]]),
        ("conv2d", |t, v| drop(op::conv2d(t, &v[0], &v[1], 1, 1)), &[image, &[3, 3, 3, 2]]),
        (
            "batch_norm",
            |t, v| drop(op::batch_norm(t, &v[0], &v[1], &v[2], op::Statistics::Batch)),
            &[row, &[3], &[3]],
        ),
        (
            "norm_relu",
            |t, v| drop(op::norm_relu(t, &v[0], &v[1], &v[2], op::Statistics::Batch)),
            &[row, &[3], &[3]],
        ),
        ("relu", |t, v| drop(op::relu(t, &v[0])), &[row]),
        ("scale", |t, v| drop(op::scale(t, &v[0], 2.0)), &[row]),
        ("sigmoid", |t, v| drop(op::sigmoid(t, &v[0])), &[row]),
        ("flatten", |t, v| drop(op::flatten(t, &v[0])), &[image]),
        ("max_pool", |t, v| drop(op::max_pool(t, &v[0], 2, 2)), &[image]),
        ("average_pool", |t, v| drop(op::average_pool(t, &v[0], 2, 2)), &[image]),
        ("global_average", |t, v| drop(op::global_average(t, &v[0])), &[image]),
        ("option_a", |t, v| drop(op::option_a(t, &v[0], 6, 2)), &[image]),
        ("cross_entropy", |t, v| drop(op::cross_entropy(t, &v[0], &[0, 1])), &[row]),
    ];
    for (what, op, shapes) in cases {
        for recording in [true, false] {
            let tape = || if recording { Tape::recording() } else { Tape::off() };
            let (mut ours, mut theirs) = (tape(), tape());
            let good: Vec<_> = shapes.iter().map(|dims| ours.input(tensor(dims))).collect();
            for foreign in 0..shapes.len() {
                let mut bad = good.clone();
                bad[foreign] = theirs.input(tensor(shapes[foreign]));
                let message = refusal(|| op(&mut ours, &bad)).unwrap_or_default();
                assert!(message.contains("a variable of tape "), "{what}, {foreign}: {message}");
            }
            assert_eq!(refusal(|| op(&mut ours, &good)), None, "{what}");
        }
    }
}

#[test]
fn the_message_names_both_tapes_by_the_lines_that_made_them() {
    let line = line!();
    let mut first = Tape::<f32>::recording();
    let mut second = Tape::<f32>::off();
    let x = first.input(tensor(&[1]));
    let message = refusal(|| drop(op::relu(&mut second, &x))).unwrap();
    for line in [line + 1, line + 2] {
        assert!(message.contains(&format!("tapes.rs:{line}:")), "{message}");
    }
    assert!(message.contains("tape.constant(var.value().clone())"), "{message}");
}

#[test]
fn a_layer_of_one_pass_refuses_a_variable_of_another() {
    let params = Params::<f32>::new();
    let mut first = Pass::new(Tape::recording(), Mode::Eval, &params);
    let x = first.tape.input(tensor(&[1]));
    let mut second = Pass::new(Tape::recording(), Mode::Eval, &params);
    second.dropout = Some(tensor::random::Stream::new(0, "dropout").at(0, 0));
    refused("a variable of tape ", || drop(second.dropout(&x, 0.5)));
}

#[test]
fn sweeps_and_gradients_keep_to_their_tape() {
    let mut first = Tape::<f32>::recording();
    let x = first.input(tensor(&[1]));
    let y = op::scale(&mut first, &x, 2.0);
    let mut second = Tape::<f32>::recording();
    let other_x = second.input(tensor(&[1]));
    let other_y = op::scale(&mut second, &other_x, 3.0);
    let vjp = |tape: &Tape<f32>, y: &Var<f32>| tape.vjp(y, tensor(&[1]), &Sweep::default());
    refused("cannot start at a variable of tape", || drop(vjp(&first, &other_y)));
    refused("a variable of tape", || second.watch(&y));
    let grads = vjp(&first, &y);
    assert_eq!(grads.of(&x).unwrap().as_slice(), [2.0]);
    // Both are node 0 of their tapes.
    refused("Grads::of: a variable of tape", || drop(grads.of(&other_x).cloned()));
    refused("cannot start at a variable of tape", || drop(first.backward(&other_y)));
    let grads = second.backward(&other_y);
    // The next tape in the same memory is another one.
    let mut third = grads.into_tape();
    refused("a variable of tape", || drop(op::relu(&mut third, &other_x)));
}

#[test]
fn a_sweep_says_why_it_cannot_start() {
    let mut off = Tape::<f32>::off();
    let x = off.input(tensor(&[1]));
    let sweep = |tape: &Tape<f32>, x| drop(tape.vjp(x, tensor(&[1]), &Sweep::default()));
    refused("a sweep needs a tape that records: tape ", || sweep(&off, &x));
    let mut tape = Tape::<f32>::recording();
    let c = tape.constant(tensor(&[1]));
    let c = op::scale(&mut tape, &c, 2.0);
    refused("depends on an input or a parameter", || sweep(&tape, &c));
}

#[test]
fn each_unit_has_one_sum_unless_its_joints_say_otherwise() {
    let joint = nn::Joint::of(7);
    for (again, is_refused) in [(true, true), (false, true)] {
        let mut tape = Tape::<f32>::recording();
        let x = tape.input(tensor(&[1]));
        let y = op::join(&mut tape, &x, &x, 7);
        let _ = op::join(&mut tape, &y, &x, 8);
        let message = refusal(|| {
            drop(match again {
                true => op::join(&mut tape, &y, &x, 7),
                false => op::join_at(&mut tape, &y, &x, joint),
            });
        });
        assert_eq!(message.is_some(), is_refused, "{message:?}");
        let message = message.unwrap_or_default();
        assert!(message.contains("unit 7 has a sum on tape"), "{message}");
        assert!(message.contains("op::add") && message.contains("op::join_at"), "{message}");
    }
    // A unit that runs twice, and then the same id for another.
    let mut tape = Tape::<f32>::recording();
    let x = tape.input(tensor(&[1]));
    let y = op::join_at(&mut tape, &x, &x, joint);
    let y = op::join_at(&mut tape, &y, &x, joint);
    refused("unit 7 has a sum", || drop(op::join(&mut tape, &y, &x, 7)));
    // The next tape begins anew.
    let mut tape = tape.backward(&y).into_tape();
    let x = tape.input(tensor(&[1]));
    let _ = op::join(&mut tape, &x, &x, 7);
}

/// A route that takes no term of a sum would end the sweep there without a word.
#[test]
fn a_route_takes_a_term_of_its_sum() {
    let mut tape = Tape::<f32>::recording();
    let x = tape.input(tensor(&[1]));
    let y = op::join(&mut tape, &x, &x, 1);
    let vjp = |route| {
        let sweep = Sweep::along(vec![Route::EVERY, route]);
        tape.vjp(&y, tensor(&[1]), &sweep).of(&x).unwrap().as_slice()[0]
    };
    assert_eq!([Route::SKIP, Route::BRANCH, Route::EVERY].map(vjp), [1.0, 1.0, 2.0]);
    let message = "a sweep along route 2 of unit 1, whose sum has the terms both";
    refused(message, || {
        vjp(Route::only(2));
    });
}

/// The rule of an op of one's own that delivers what it holds.
struct Delivers(Vec<Option<Tensor<f32>>>);

impl Rule<f32> for Delivers {
    fn backward(&self, _: &Tensor<f32>, _: &[bool]) -> PerInput<Tensor<f32>> {
        self.0.iter().cloned().collect()
    }
}

#[test]
fn a_rule_delivers_what_is_wanted_of_it() {
    let good = || Some(tensor(&[2]));
    let run = |delivered: Vec<Option<Tensor<f32>>>, branches: Option<usize>| {
        let mut tape = Tape::recording();
        let (x, c, z) = (tape.input(tensor(&[2])), tape.constant(tensor(&[2])), tensor(&[1]));
        let w = tape.input(tensor(&[2]));
        let y = tape.op(z, &[&x, &c, &w], || Delivers(delivered));
        let grads = match branches {
            Some(branches) => tape.backward_through(&y, 0..=branches),
            None => tape.backward(&y),
        };
        let _ = (grads.of(&x).unwrap(), grads.of(&w).unwrap());
    };
    for branches in [None, Some(1)] {
        assert_eq!(refusal(|| run(vec![good(), None, good()], branches)), None);
        for (delivered, message) in [
            (vec![good(), good()], "wanted [true, false, true], delivered [true, true]"),
            (vec![good(), good(), None], "delivered [true, true, false]"),
            (vec![good(), None, Some(tensor(&[3]))], "of shape [3] in [2]"),
        ] {
            refused(message, || run(delivered, branches));
        }
    }
}
