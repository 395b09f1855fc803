//! Whether the fast kernels change what a network learns: trains ResNet-20 for a few
//! epochs with several seeds, with the fastest kernels and with the general path, and
//! prints the test errors of both:
//!
//! `cargo run --release -p train --example error_band -- CIFAR_DIR OUT [--epochs 3] [--seeds 1,2,3]`
//!
//! CIFAR_DIR may be `sample`: the shipped images, too few for an answer. A comparison
//! that was interrupted goes on in the same OUT; the general path takes longer.
//!
//! A training is chaotic: one weight moved by its last bit gives another test error,
//! as another seed does. So both paths have a band of errors, and even two bands of the
//! same width and place lie apart by chance, with three seeds once in ten comparisons.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use data::{Dataset, Split};
use models::Arch;
use tensor::kernel::conv2d::{self, Path as ConvPath};
use train::{EpochLog, Event, Job, LOG, Measured, Recipe, run};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "error_band CIFAR_DIR OUT [--epochs N] [--seeds A,B,…]";
const ARMS: [(&str, ConvPath); 2] =
    [("fastest", ConvPath::Fastest), ("patches", ConvPath::Patches)];

struct Args {
    data: String,
    out: PathBuf,
    epochs: u32,
    seeds: Vec<u64>,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Args> {
    let (mut folders, mut epochs, mut seeds) = (Vec::new(), 3, vec![1, 2, 3]);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value: {USAGE}"));
        match arg.as_str() {
            "--epochs" => epochs = value()?.parse()?,
            "--seeds" => {
                seeds =
                    value()?.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?;
            }
            _ => folders.push(arg),
        }
    }
    let [data, out] = <[String; 2]>::try_from(folders).map_err(|_| USAGE)?;
    Ok(Args { data, out: out.into(), epochs, seeds })
}

fn load(data: &str, split: Split) -> Result<Dataset> {
    Ok(match data {
        "sample" => {
            data::load_sample(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data"), split)?
        }
        folder => data::load(Path::new(folder), split)?,
    })
}

/// The test error after the last epoch, in percent.
fn train(args: &Args, arm: &str, seed: u64) -> Result<f64> {
    let arch = Arch::parse("resnet20")?;
    let job = Job {
        arch,
        recipe: Recipe { epochs: args.epochs, ..Recipe::named("one-cycle", arch)? },
        seed,
        train: load(&args.data, Split::Train)?,
        measured: Measured::Test(load(&args.data, Split::Test)?),
        // A checkpoint's settings do not hold the path, so its name does.
        out: args.out.join(format!("{arm}-e{}-s{seed}", args.epochs)),
        resume: true,
    };
    run(&job, &AtomicBool::new(false), &mut |event| {
        if let Event::Epoch(EpochLog { epoch, test_error: Some(error), .. }) = event {
            let error = 100.0 * error;
            eprintln!("{arm}, seed {seed}, epoch {epoch}: test error {error:.2} %");
        }
    })?;
    let log = std::fs::read_to_string(job.out.join(LOG))?;
    let last: EpochLog = serde_json::from_str(log.lines().last().ok_or("the log is empty")?)?;
    Ok(100.0 * last.test_error.ok_or("the log has no test error")?)
}

/// How often two bands of `n` errors from one distribution lie apart by chance: in two of
/// all ways to say which `n` of `2 n` errors are the first band's.
fn chance_apart(n: usize) -> f64 {
    2.0 / (1..=n).map(|i| (n + i) as f64 / i as f64).product::<f64>()
}

/// Mean, smallest and largest.
fn band(errors: &[f64]) -> [f64; 3] {
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let fold = |f: fn(f64, f64) -> f64| errors.iter().copied().reduce(f).unwrap_or(f64::NAN);
    [mean, fold(f64::min), fold(f64::max)]
}

fn main() -> Result<()> {
    let args = parse(std::env::args().skip(1))?;
    let mut bands = Vec::new();
    let mut table = format!("{:<10}{:>8}{:>8}{:>8}", "path", "mean", "min", "max");
    for seed in &args.seeds {
        table += &format!("{:>10}", format!("seed {seed}"));
    }
    for (arm, path) in ARMS {
        conv2d::set_path(path);
        let errors: Vec<f64> =
            args.seeds.iter().map(|&seed| train(&args, arm, seed)).collect::<Result<_>>()?;
        let band = band(&errors);
        table += &format!("\n{arm:<10}");
        table.extend(band.map(|v| format!("{v:>8.2}")));
        table.extend(errors.iter().map(|v| format!("{v:>10.2}")));
        bands.push(band);
    }
    let epochs = args.epochs;
    println!("test error in % of resnet20, one-cycle over {epochs} epochs, {}", args.data);
    println!("{table}");
    let ([fast, low, high], [general, least, most]) = (bands[0], bands[1]);
    let verdict = if low <= most && least <= high { "overlap" } else { "do not overlap" };
    let chance = 100.0 * chance_apart(args.seeds.len());
    println!("the means differ by {:+.2} points", fast - general);
    println!("the bands {verdict}; by chance they do not in {chance:.0} % of comparisons");
    Ok(())
}
