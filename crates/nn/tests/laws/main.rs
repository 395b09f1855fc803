//! Every op's gradient against central differences, over random shapes; every op against
//! PyTorch; fused ops against single ones; a small residual network; and the laws of the tape.

mod degrees;
mod fixtures;
mod fused;
mod fused_unit;
mod gates;
mod images;
mod network;
mod norm;
mod rows;
mod small_net;
mod sums;
mod tape;
mod tapes;
mod watched;

use std::fmt::Debug;

use nn::{Tape, Var};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tensor::Tensor;
use tensor::random::{Random, Stream};
use testkit::gradcheck::{GradCheck, Kinks};

/// Random problems of each test.
const CASES: u32 = 200;

/// A function of the form that the gradient check wants, and its inputs.
type Problem = (Vec<Tensor<f64>>, Box<dyn Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64>>);

fn problem(
    inputs: impl Into<Vec<Tensor<f64>>>,
    f: impl Fn(&mut Tape<f64>, &[Var<f64>], &mut Kinks) -> Var<f64> + 'static,
) -> Problem {
    (inputs.into(), Box::new(f))
}

/// Checks the gradients of the problem that `pose` makes of each of `CASES`
/// random cases, in at most `coordinates` coordinates of each input.
fn hold<C: Debug>(
    what: &str,
    coordinates: usize,
    cases: impl Strategy<Value = C>,
    pose: impl Fn(&C, &mut Random) -> Problem,
) {
    let check = GradCheck::new(what, coordinates);
    for_all((cases, any::<u64>()), |(case, seed)| {
        let (inputs, f) = pose(&case, &mut Stream::new(seed, "inputs").at(0, 0));
        check.run(seed, &inputs, f);
    });
    check.finish();
}

/// Runs `test` on `CASES` random cases; one that panics is made smaller.
fn for_all<C: Debug>(cases: impl Strategy<Value = C>, test: impl Fn(C)) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let result = TestRunner::new(config).run(&cases, |case| {
        test(case);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Batch, height, width and channels: small and odd, now and then of several
/// vectors and blocks.
fn image() -> impl Strategy<Value = [usize; 4]> {
    let small = (1usize..4, 1usize..8, 1usize..8, 1usize..6);
    let large = (1usize..4, 9usize..18, 9usize..18, 15usize..34);
    prop_oneof![12 => small, 1 => large].prop_map(|(n, h, w, c)| [n, h, w, c])
}

/// A shape of rank 1 to 4.
fn any_shape() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..6, 1..5)
}
