//! What the Rust benchmarks share: arguments, timing and the JSON line.

use std::time::Instant;

/// Values in the network: 1,730,522 learnt and 8,096 running statistics.
pub const VALUES: usize = 1_738_618;

/// The command line: `--batch N --steps N`.
pub struct Args {
    pub batch: usize,
    pub steps: usize,
}

impl Args {
    pub fn read() -> Self {
        let mut args = Args { batch: 128, steps: 5 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|w| w.parse().ok()).expect("a number");
            match word.as_str() {
                "--batch" => args.batch = number(),
                "--steps" => args.steps = number(),
                _ => panic!("unknown argument {word}"),
            }
        }
        args
    }

    /// Images per second: one step to warm up, then the median of `steps`.
    pub fn rate(&self, mut step: impl FnMut()) -> f64 {
        step();
        let mut times: Vec<f64> = (0..self.steps)
            .map(|_| {
                let start = Instant::now();
                step();
                start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let median = (times[(self.steps - 1) / 2] + times[self.steps / 2]) / 2.0;
        (self.batch as f64 / median * 10.0).round() / 10.0
    }

    pub fn report(&self, peer: &str, threads: usize, train_img_s: f64, eval_img_s: f64) {
        let (batch, peak_mb) = (self.batch, peak_mb().expect("Linux's account of the process"));
        println!(
            r#"{{"peer": "{peer}", "batch": {batch}, "threads": {threads}, "train_img_s": {train_img_s}, "eval_img_s": {eval_img_s}, "peak_mb": {peak_mb}}}"#
        );
    }
}

/// The version of a dependency, from the lock file of the build.
pub fn version(lock: &'static str, package: &str) -> &'static str {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).expect("a locked package");
    rest.split('"').next().unwrap_or_default()
}

/// The most memory the process has held, training and evaluation together (Linux).
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kib + 512) / 1024)
}
