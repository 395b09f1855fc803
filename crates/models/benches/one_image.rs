//! The latency of one image, with the functions of a multi-residual block on threads of their
//! own: `multires-3x2` and `multires-2x3` beside `resnet38`, which has as many functions, one
//! a block (Abdi and Nahavandi 2016).
//!
//!     cargo bench -p models --bench one_image
//!
//! Networks and numbers of threads take short turns within each round, so that all meet the
//! same weather; ratios are medians over the rounds, with the lowest and the highest.
//! Without `--bench`, as a test runs it, there is one short round.

use std::time::Instant;

use models::{Arch, Model, Plan};
use tensor::{Tensor, threads};

/// What is compared; the first is what the others are set against.
const NETWORKS: [&str; 3] = ["resnet38", "multires-3x2", "multires-2x3"];
const THREADS: [usize; 2] = [1, 2];
/// Evaluations that the threads of a new pool take to settle.
const SETTLE: usize = 20;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (rounds, turn) = if is_bench { (21, 200) } else { (1, 1) };
    let models = NETWORKS.map(|name| Arch::parse(name).expect("a known name").build::<f32>(1));
    // Of each round milliseconds by network and number of threads.
    let rounds: Vec<[[f64; 2]; 3]> = (0..rounds)
        .map(|_| models.each_ref().map(|model| THREADS.map(|n| latency(model, n, turn))))
        .collect();
    println!("one image, f32, level {}, {} rounds", tensor::simd::level(), rounds.len());
    println!("{:13} {:>11} {:>11}  2 threads over 1", "", "1 thread ms", "2 threads");
    for (place, name) in NETWORKS.iter().enumerate() {
        let of = |threads: usize| middle(rounds.iter().map(|round| round[place][threads]));
        let ratio = spread(rounds.iter().map(|round| round[place][1] / round[place][0]));
        println!("{name:13} {:11.4} {:11.4}  {ratio}", of(0), of(1));
    }
    for (place, name) in NETWORKS.iter().enumerate().skip(1) {
        for (column, threads) in THREADS.iter().enumerate() {
            let ratio = |round: &[[f64; 2]; 3]| round[place][column] / round[0][column];
            let ratio = spread(rounds.iter().map(ratio));
            println!("{name} over {}, {threads} thread(s): {ratio}", NETWORKS[0]);
        }
    }
}

/// Milliseconds of one evaluation of one image: the median of a turn.
fn latency(model: &Model<f32>, threads: usize, turn: usize) -> f64 {
    let (plan, image) = (Plan::intact(model), Tensor::full([1, 32, 32, 3], 0.5));
    let evaluate = || {
        let image = image.clone();
        let start = Instant::now();
        std::hint::black_box(model.logits(image, &plan));
        1e3 * start.elapsed().as_secs_f64()
    };
    let timed = || {
        for _ in 0..SETTLE.min(turn) {
            evaluate();
        }
        middle((0..turn).map(|_| evaluate()))
    };
    threads::with_threads(threads, timed).expect("the system has threads")
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The median; of an even number of values the higher middle one.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    values[values.len() / 2]
}

/// `1.20 (1.10..1.31)`: median, lowest and highest.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let values = sorted(values);
    let (low, high) = (values[0], values[values.len() - 1]);
    format!("{:.3} ({low:.3}..{high:.3})", values[values.len() / 2])
}
