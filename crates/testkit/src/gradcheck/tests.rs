//! The gradient check itself: what it must catch, and what it must let pass.

use nn::{PerInput, Rule, op};

use super::*;

/// `y = x^3`, with `factor x^2` for its derivative: right if that is 3.
fn cube(tape: &mut Tape<f64>, x: &Var<f64>, factor: f64) -> Var<f64> {
    struct Saved(Tensor<f64>, f64);
    impl Rule<f64> for Saved {
        fn backward(&self, dy: &Tensor<f64>, _: &[bool]) -> PerInput<Tensor<f64>> {
            let (x, dy) = (self.0.as_slice(), dy.as_slice());
            let dx = x.iter().zip(dy).map(|(x, dy)| self.1 * x * x * dy).collect();
            [Some(Tensor::from_vec(self.0.shape(), dx))].into()
        }
    }
    let saved = x.value().clone();
    tape.op(x.value().map(|v| v * v * v), &[x], || Saved(saved, factor))
}

fn check_cube(factor: f64) {
    let x = normal([3, 4], &mut Stream::new(1, "cube").at(0, 0));
    let check = GradCheck::new("cube", 12);
    check.run(1, &[x], |tape, v, _| cube(tape, &v[0], factor));
    assert_eq!((check.checked.get(), check.redrawn.get()), (12, 0));
    check.finish();
}

#[test]
fn a_right_gradient_passes() {
    check_cube(3.0);
}

#[test]
#[should_panic(expected = "cube: gradient of input 0 (of shape [3, 4]) at flat index")]
fn a_gradient_off_by_a_millionth_is_caught() {
    check_cube(3.0 * (1.0 + 1e-6));
}

#[test]
#[should_panic(expected = "got NaN")]
fn a_gradient_of_nan_is_caught() {
    check_cube(f64::NAN);
}

#[test]
#[should_panic(expected = "gradient of input 1")]
fn a_lost_gradient_is_caught() {
    let mut rng = Stream::new(2, "lost").at(0, 0);
    let inputs = [normal([2, 3], &mut rng), normal([2, 3], &mut rng)];
    GradCheck::new("lost", 6).run(1, &inputs, |tape, v, _| {
        let detached = tape.constant(v[1].value().clone());
        op::join(tape, &v[0], &detached, 0)
    });
}

#[test]
#[should_panic(expected = "dice: a second run has other bits")]
fn a_function_with_moods_is_caught() {
    let runs = Cell::new(0.0);
    GradCheck::new("dice", 1).run(1, &[Tensor::full([1], 1.0)], |tape, v, _| {
        // The first two runs agree: without and with a record.
        runs.set(runs.get() + 1.0);
        op::scale(tape, &v[0], if runs.get() > 2.0 { 2.0 } else { 1.0 })
    });
}

/// `n` inputs of a rectifier, of which `kinked` are next to 0.
fn check_relu(n: usize, kinked: usize, coordinates: usize) -> GradCheck {
    let x = Tensor::from_fn([n], |i| if i < kinked { 1e-6 } else { 1.0 });
    let check = GradCheck::new("relu", coordinates);
    check.run(1, &[x], |tape, v, kinks| kinks.relu(tape, &v[0]));
    check
}

#[test]
fn a_coordinate_at_a_kink_is_redrawn_and_counted() {
    let check = check_relu(40, 2, 40);
    assert_eq!((check.checked.get(), check.redrawn.get()), (38, 2));
    check.finish();
    let check = check_relu(40, 10, 30);
    assert_eq!(check.checked.get(), 30, "every coordinate redrawn has its substitute");
}

#[test]
#[should_panic(expected = "relu: 3 coordinates lie at a kink, 37 do not")]
fn too_many_kinks_are_refused() {
    check_relu(40, 3, 40).finish();
}

#[test]
fn an_argmax_that_moves_is_a_kink() {
    let check = GradCheck::new("pool", 4);
    let rivals = |below: f64| Tensor::from_vec([1, 2, 2, 1], vec![0.1, 0.2, 0.5 - below, 0.5]);
    for (below, expected) in [(0.1, (4, 0)), (1e-6, (6, 2))] {
        check.run(1, &[rivals(below)], |tape, v, kinks| kinks.max_pool(tape, &v[0], 2, 2));
        assert_eq!((check.checked.get(), check.redrawn.get()), expected);
    }
}
