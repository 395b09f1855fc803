//! Batch normalisation, on the statistics of the batch and on fixed ones.

use nn::op::{self, Statistics};
use nn::{Mode, Sweep, Tape};
use proptest::prelude::*;
use tensor::Tensor;
use tensor::random::{Random, Stream};
use testkit::close::{Tolerance, check_close};
use testkit::noise::normal;

use crate::{for_all, hold, image, problem};

/// Images, or rows of features, with at least two values per channel.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    let images = image().prop_map(|dims| dims.to_vec());
    let rows = (2usize..12, 1usize..8).prop_map(|(n, c)| vec![n, c]);
    prop_oneof![2 => images, 1 => rows]
        .prop_filter("a variance can be taken", |d| d[..d.len() - 1].iter().product::<usize>() > 1)
}

/// The same with at least three values. A batch norm turns any two values into -1 and 1,
/// so that the gradient vanishes except for the effect of epsilon. After a rectifier that
/// is less than differences resolve.
fn three_or_more() -> impl Strategy<Value = Vec<usize>> {
    shapes().prop_filter("three", |d| d[..d.len() - 1].iter().product::<usize>() > 2)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Train), Just(Mode::Eval)]
}

/// A mean and a variance of each channel.
fn fixed(c: usize, rng: &mut Random) -> [Tensor<f64>; 2] {
    [normal([c], rng), Tensor::from_fn([c], |_| 0.1 + 2.0 * rng.uniform())]
}

fn statistics(mode: Mode, [mean, var]: &[Tensor<f64>; 2]) -> Statistics<'_, f64> {
    match mode {
        Mode::Train => Statistics::Batch,
        Mode::Eval => Statistics::Running { mean, var },
    }
}

/// Normal entries whose rows lie around 1.5 and -0.5 in turn. So no channel's variance
/// comes near 0, where the third derivative, and with it the error of a central
/// difference, is unbounded.
fn spread(dims: &[usize], rng: &mut Random) -> Tensor<f64> {
    let c = dims[dims.len() - 1];
    let side = |i: usize| if (i / c).is_multiple_of(2) { 1.0 } else { -1.0 };
    Tensor::from_fn(dims, |i| 0.5 + side(i) + 0.4 * rng.normal().clamp(-2.0, 2.0))
}

#[test]
fn batch_norm_with_batch_statistics() {
    hold("batch_norm, batch", 16, shapes(), |dims, rng| {
        let c = dims[dims.len() - 1];
        let inputs = [spread(dims, rng), normal([c], rng), normal([c], rng)];
        problem(inputs, |tape, v, _| op::batch_norm(tape, &v[0], &v[1], &v[2], Statistics::Batch).0)
    });
}

#[test]
fn batch_norm_with_running_statistics() {
    // Here a single value per channel is enough.
    let shapes = prop_oneof![4 => shapes(), 1 => (1usize..6).prop_map(|c| vec![1, c])];
    hold("batch_norm, running", 16, shapes, |dims, rng| {
        let c = dims[dims.len() - 1];
        let inputs = [normal(dims.as_slice(), rng), normal([c], rng), normal([c], rng)];
        let fixed = fixed(c, rng);
        problem(inputs, move |tape, v, _| {
            let statistics = statistics(Mode::Eval, &fixed);
            let (y, moments) = op::batch_norm(tape, &v[0], &v[1], &v[2], statistics);
            assert!(moments.is_none(), "fixed statistics see no batch");
            y
        })
    });
}

#[test]
fn norm_relu() {
    hold("norm_relu", 16, (three_or_more(), modes()), |(dims, mode), rng| {
        let c = dims[dims.len() - 1];
        let inputs = [spread(dims, rng), normal([c], rng), normal([c], rng)];
        let (mode, fixed) = (*mode, fixed(c, rng));
        problem(inputs, move |tape, v, kinks| {
            let statistics = statistics(mode, &fixed);
            let (z, moments) = op::norm_relu(tape, &v[0], &v[1], &v[2], statistics);
            assert_eq!(moments.is_some(), mode == Mode::Train);
            kinks.note_signs(z.value());
            z
        })
    });
}

#[test]
fn norm_relu_is_batch_norm_and_relu_bit_for_bit() {
    for_all((shapes(), modes(), any::<u64>()), |(dims, mode, seed)| {
        let mut rng = Stream::new(seed, "norm").at(0, 0);
        let c = dims[dims.len() - 1];
        let [x, dy] = [0, 1].map(|_| normal(dims.as_slice(), &mut rng));
        let [scale, shift] = [0, 1].map(|_| normal([c], &mut rng));
        let fixed = fixed(c, &mut rng);
        let [one, two] = [true, false].map(|is_one| {
            let mut tape = Tape::recording();
            let [x, scale, shift] = [&x, &scale, &shift].map(|v| tape.input(v.clone()));
            let statistics = statistics(mode, &fixed);
            let (z, moments) = if is_one {
                op::norm_relu(&mut tape, &x, &scale, &shift, statistics)
            } else {
                let (y, moments) = op::batch_norm(&mut tape, &x, &scale, &shift, statistics);
                (op::relu(&mut tape, &y), moments)
            };
            let grads = tape.vjp(&z, dy.clone(), &Sweep::default());
            let grads = [&x, &scale, &shift].map(|v| grads.of(v).cloned());
            (z.into_value(), moments, grads)
        });
        assert_eq!(one, two);
    });
}

/// What reads a value. Its gradient comes back pending from some and whole from others.
#[derive(Debug, Clone, Copy)]
enum Reader {
    Norm,
    NormRelu,
    Scale,
}

/// A gradient that is still pending is added to whole gradients and to other pending
/// ones, in any order.
#[test]
fn a_value_that_several_norms_read() {
    let reader = prop_oneof![Just(Reader::Norm), Just(Reader::NormRelu), Just(Reader::Scale)];
    let readers = prop::collection::vec(reader, 1..5);
    hold("several norms", 8, (three_or_more(), modes(), readers), |(dims, mode, readers), rng| {
        let c = dims[dims.len() - 1];
        let vectors = readers.iter().flat_map(|_| [0, 1]).map(|_| normal([c], rng));
        let vectors: Vec<_> = vectors.collect();
        let inputs: Vec<_> = [spread(dims, rng)].into_iter().chain(vectors).collect();
        let (mode, fixed, readers) = (*mode, fixed(c, rng), readers.clone());
        problem(inputs, move |tape, v, kinks| {
            let mut sum = op::scale(tape, &v[0], 0.5);
            for (reader, params) in readers.iter().zip(v[1..].chunks_exact(2)) {
                let (x, scale, shift) = (&v[0], &params[0], &params[1]);
                let statistics = statistics(mode, &fixed);
                let term = match reader {
                    Reader::Norm => op::batch_norm(tape, x, scale, shift, statistics).0,
                    Reader::NormRelu => op::norm_relu(tape, x, scale, shift, statistics).0,
                    Reader::Scale => op::scale(tape, x, -1.5),
                };
                if let Reader::NormRelu = reader {
                    kinks.note_signs(term.value());
                }
                sum = op::add(tape, &sum, &term);
            }
            sum
        })
    });
}

#[test]
fn running_statistics_equal_to_those_of_the_batch_give_the_same_output() {
    for_all((shapes(), any::<u64>()), |(dims, seed)| {
        let mut rng = Stream::new(seed, "norm").at(0, 0);
        let c = dims[dims.len() - 1];
        let mut tape = Tape::off();
        let x = tape.constant(normal(dims.as_slice(), &mut rng));
        let [scale, shift] = [0, 1].map(|_| tape.constant(normal([c], &mut rng)));
        let (batch, moments) = op::batch_norm(&mut tape, &x, &scale, &shift, Statistics::Batch);
        let moments = moments.expect("batch statistics were taken");
        // The variance that normalises is the biased one.
        let (mean, var) = (moments.mean.clone(), moments.variance());
        let statistics = Statistics::Running { mean: &mean, var: &var };
        let (running, _) = op::batch_norm(&mut tape, &x, &scale, &shift, statistics);
        check_close("eval", running.value(), batch.value(), Tolerance::EXACT);
    });
}

#[test]
fn batch_statistics_leave_each_channel_with_the_shift_for_mean_and_the_scale_for_deviation() {
    for_all((shapes(), any::<u64>()), |(dims, seed)| {
        let mut rng = Stream::new(seed, "norm").at(0, 0);
        let c = dims[dims.len() - 1];
        let mut tape = Tape::off();
        let x = tape.constant(spread(&dims, &mut rng));
        let [scale, shift] = [0, 1].map(|_| tape.constant(normal([c], &mut rng)));
        let (y, _) = op::batch_norm(&mut tape, &x, &scale, &shift, Statistics::Batch);
        let column = |i: usize| y.value().as_slice().iter().skip(i).step_by(c);
        let n = (y.value().len() / c) as f64;
        for i in 0..c {
            let mean = column(i).sum::<f64>() / n;
            let var = column(i).map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            let (scale, shift) = (scale.value().as_slice()[i], shift.value().as_slice()[i]);
            assert!((mean - shift).abs() < 1e-12, "mean {mean}, shift {shift}");
            // The epsilon beside a variance of at least 0.04 takes a little away.
            assert!((var.sqrt() - scale.abs()).abs() < 2e-4 * scale.abs() + 1e-12, "{var} {scale}");
        }
    });
}

#[test]
fn only_the_batch_statistics_couple_the_images_of_a_batch() {
    for (mode, is_coupled) in [(Mode::Train, true), (Mode::Eval, false)] {
        let mut tape = Tape::<f64>::recording();
        let x = tape.input(Tensor::from_vec([3, 1], vec![1.0, 2.0, 4.0]));
        let scale = tape.constant(Tensor::full([1], 1.5));
        let shift = tape.constant(Tensor::full([1], 0.5));
        let (mean, var) = (Tensor::full([1], 0.25), Tensor::full([1], 2.0));
        let statistics = match mode {
            Mode::Train => Statistics::Batch,
            Mode::Eval => Statistics::Running { mean: &mean, var: &var },
        };
        let (y, _) = op::batch_norm(&mut tape, &x, &scale, &shift, statistics);
        let first = Tensor::from_vec([3, 1], vec![1.0, 0.0, 0.0]);
        let grads = tape.vjp(&y, first, &Default::default());
        let others = &grads.of(&x).unwrap().as_slice()[1..];
        assert_eq!(others.iter().all(|&g| g != 0.0), is_coupled, "{mode:?}: {others:?}");
    }
}
