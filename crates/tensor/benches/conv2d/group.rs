//! A group of criterion's, and what its times are of the processor's peak.

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

/// Times of each benchmark.
const SAMPLES: usize = 10;

/// The benchmarks of a layer.
pub(crate) struct Group<'a> {
    criterion: BenchmarkGroup<'a, WallTime>,
    layer: &'static str,
    peak: f64,
    lines: Vec<String>,
}

impl<'a> Group<'a> {
    pub(crate) fn new(criterion: &'a mut Criterion, layer: &'static str, peak: f64) -> Self {
        let mut criterion = criterion.benchmark_group(layer);
        criterion
            .sample_size(SAMPLES)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        Group { criterion, layer, peak, lines: Vec::new() }
    }

    /// Times `f`, whose plain sum has `flops` multiplications and additions; with
    /// Winograd's transform it does a quarter of the multiplications.
    pub(crate) fn bench(&mut self, name: &str, flops: u64, is_winograd: bool, mut f: impl FnMut()) {
        // Criterion keeps its estimate to itself, but lets one do the timing.
        let mut seconds = Vec::new();
        self.criterion.throughput(Throughput::Elements(flops)).bench_function(name, |b| {
            b.iter_custom(|times| {
                let start = Instant::now();
                (0..times).for_each(|_| f());
                let elapsed = start.elapsed();
                seconds.push(elapsed.as_secs_f64() / times as f64);
                elapsed
            });
        });
        // The first samples warmed up. There are none if the benchmark was filtered out.
        let mut last = seconds.split_off(seconds.len().saturating_sub(SAMPLES));
        last.sort_by(f64::total_cmp);
        if let Some(median) = last.get(last.len() / 2) {
            self.lines.push(self.line(name, flops as f64 / median, is_winograd));
        }
    }

    fn line(&self, name: &str, flops: f64, is_winograd: bool) -> String {
        let (layer, peak) = (self.layer, self.peak);
        let mut line = format!(
            "{layer} {name}: {:.0} GFLOP/s of the plain sum, {:.2} of the FMA peak {:.0} GFLOP/s",
            flops / 1e9,
            flops / peak,
            peak / 1e9
        );
        if is_winograd {
            let done = flops / 4.0 / peak;
            line += &format!("; {done:.2} of it in multiplications really done (a quarter)");
        }
        line
    }

    /// Ends the group and prints its lines.
    pub(crate) fn finish(self) {
        self.criterion.finish();
        self.lines.iter().for_each(|line| println!("{line}"));
    }
}
