//! Splits a gradient into its paths: `cargo run --release -p nn --example path_gradients`.
//!
//! Two residual units `y = x + a x` in a row have four paths; their gradients
//! add up to the ordinary one, `(1 + a)^2`.

use nn::{Route, Sweep, Tape, op};
use tensor::Tensor;

fn main() {
    let a = 0.25;
    let mut tape = Tape::<f64>::recording();
    let x = tape.input(Tensor::full([1], 1.0));
    let mut y = x.clone();
    for unit in 0..2 {
        let branch = op::scale(&mut tape, &y, a);
        y = op::join(&mut tape, &y, &branch, unit);
    }
    let gradient = |sweep: &Sweep| {
        let grads = tape.vjp(&y, Tensor::full([1], 1.0), sweep);
        grads.of(&x).expect("every path leads to x").as_slice()[0]
    };
    let mut sum = 0.0;
    for first in [Route::SKIP, Route::BRANCH] {
        for second in [Route::SKIP, Route::BRANCH] {
            let path = gradient(&Sweep::along(vec![first, second]));
            println!("{first:?} then {second:?}: {path}");
            sum += path;
        }
    }
    println!("sum {sum}, ordinary gradient {}", gradient(&Sweep::default()));
}
