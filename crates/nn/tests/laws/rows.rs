//! Ops on rows of features and on anything: linear, bias, scale, sum, product, rows of
//! images, rectifier, dropout, cross-entropy.

use nn::{Tape, op};
use proptest::prelude::*;
use tensor::Tensor;
use tensor::random::Stream;
use testkit::noise::{labels, normal};

use crate::{any_shape, for_all, hold, problem};

#[test]
fn linear() {
    hold("linear", 24, (1usize..9, 1usize..12, 1usize..12), |&(n, c_in, c_out), rng| {
        let inputs = [normal([n, c_in], rng), normal([c_out, c_in], rng)];
        problem(inputs, |tape, v, _| op::linear(tape, &v[0], &v[1]))
    });
}

#[test]
fn bias() {
    hold("bias", 16, any_shape(), |dims, rng| {
        let inputs = [normal(dims.as_slice(), rng), normal([dims[dims.len() - 1]], rng)];
        problem(inputs, |tape, v, _| op::bias(tape, &v[0], &v[1]))
    });
}

#[test]
fn scale() {
    hold("scale", 16, (any_shape(), -3.0..3.0f64), |(dims, factor), rng| {
        let factor = *factor;
        problem([normal(dims.as_slice(), rng)], move |tape, v, _| op::scale(tape, &v[0], factor))
    });
}

#[test]
fn add() {
    hold("add", 16, any_shape(), |dims, rng| {
        let inputs = [normal(dims.as_slice(), rng), normal(dims.as_slice(), rng)];
        problem(inputs, |tape, v, _| op::add(tape, &v[0], &v[1]))
    });
}

#[test]
fn mul() {
    hold("mul", 16, any_shape(), |dims, rng| {
        let inputs = [normal(dims.as_slice(), rng), normal(dims.as_slice(), rng)];
        problem(inputs, |tape, v, _| op::mul(tape, &v[0], &v[1]))
    });
}

/// Both factors may be one value, and so may both terms.
#[test]
fn a_value_times_itself_plus_itself() {
    hold("x x + x", 16, any_shape(), |dims, rng| {
        problem([normal(dims.as_slice(), rng)], |tape, v, _| {
            let square = op::mul(tape, &v[0], &v[0]);
            op::add(tape, &square, &v[0])
        })
    });
}

/// Followed by a linear layer, so that a number in another place would show.
#[test]
fn flatten() {
    hold("flatten", 16, (any_shape(), 1usize..5), |(dims, c_out), rng| {
        let numbers = dims[1..].iter().product();
        let inputs = [normal(dims.as_slice(), rng), normal([*c_out, numbers], rng)];
        problem(inputs, |tape, v, _| {
            let rows = op::flatten(tape, &v[0]);
            op::linear(tape, &rows, &v[1])
        })
    });
}

#[test]
fn relu() {
    hold("relu", 24, any_shape(), |dims, rng| {
        problem([normal(dims.as_slice(), rng)], |tape, v, kinks| kinks.relu(tape, &v[0]))
    });
}

#[test]
fn dropout_with_the_same_numbers() {
    hold("dropout", 16, (any_shape(), 0.0..0.9f64, any::<u64>()), |&(ref dims, p, seed), rng| {
        problem([normal(dims.as_slice(), rng)], move |tape, v, _| {
            op::dropout(tape, &v[0], p, &mut Stream::new(seed, "dropout").at(0, 0))
        })
    });
}

#[test]
fn dropout_drops_its_share_and_scales_what_it_keeps() {
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::full([100, 100], 1.0));
    for p in [0.0, 0.3, 0.8] {
        let y = op::dropout(&mut tape, &x, p, &mut Stream::new(3, "dropout").at(0, 0));
        let dropped = y.value().as_slice().iter().filter(|&&v| v == 0.0).count() as f64;
        // Five standard deviations of the binomial count.
        let bound = 5.0 * (10_000.0 * p * (1.0 - p)).sqrt();
        assert!((dropped - 10_000.0 * p).abs() <= bound, "{dropped} of 10,000 at {p}");
        let kept = 1.0 / (1.0 - p);
        assert!(y.value().as_slice().iter().all(|&v| v == 0.0 || v == kept), "{p}");
        // Linear, so its gradient is the mask itself.
        let grads = tape.vjp(&y, Tensor::full([100, 100], 1.0), &Default::default());
        assert_eq!(grads.of(&x), Some(y.value()));
    }
}

#[test]
fn cross_entropy() {
    let cases = (1usize..7, 1usize..12, 0.1..1.5f64, any::<u64>());
    hold("cross_entropy", 24, cases, |&(n, classes, size, seed), rng| {
        let labels = labels(seed, n, classes);
        // No class is ever certain: a gradient that vanishes drowns in the roundings of the
        // logits. (Large logits are among the fixtures.)
        let logits = normal::<f64>([n, classes], rng).map(|v| size * v.clamp(-2.0, 2.0));
        problem([logits], move |tape, v, _| op::cross_entropy(tape, &v[0], &labels))
    });
}

#[test]
fn the_gradient_of_cross_entropy_sums_to_zero_over_the_classes() {
    for_all((1usize..7, 1usize..12, any::<u64>()), |(n, classes, seed)| {
        let mut rng = Stream::new(seed, "logits").at(0, 0);
        let mut tape = Tape::recording();
        let logits = tape.input(normal([n, classes], &mut rng));
        let loss = op::cross_entropy(&mut tape, &logits, &vec![0; n]);
        let grads = tape.backward(&loss);
        for row in grads.of(&logits).unwrap().as_slice().chunks(classes) {
            let sum: f64 = row.iter().sum();
            assert!(sum.abs() < 1e-15, "{row:?}");
        }
    });
}
