//! `cargo xtask train MODEL`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use data::{Dataset, Split};
use models::Arch;
use train::{Backward, Ending, Event, Job, Measured, Recipe, TrainedPaths};

use crate::output::{note, print_path};
use crate::progress::{Progress, Shows};
use crate::threads::Threads;
use crate::{interrupt, source};

/// Options of `train`.
#[derive(Args)]
pub struct TrainArgs {
    /// The network, for instance resnet20 (`cargo xtask models` lists them)
    model: String,
    /// How to train: one-cycle, or he2015 (also called paper)
    #[arg(long, default_value = train::Recipe::NAMES[0])]
    recipe: String,
    /// Which blocks a step runs: all, stochastic-depth:P (P is the last block's chance to
    /// survive, 0.5 if left out) or subset:M (M blocks, another choice in every step)
    #[arg(long, value_name = "PATHS", default_value_t)]
    paths: TrainedPaths,
    /// Leave out the gradients of paths through more than L branches
    #[arg(long, value_name = "L")]
    max_path: Option<usize>,
    /// Leave out the gradients of paths through fewer than L branches, except for layers
    /// behind the last block
    #[arg(long, value_name = "L", default_value_t = 0)]
    min_path: usize,
    /// Leave gradients of some paths as small as they are; without it they are brought to the
    /// norm of the whole gradient, measured every 50 steps
    #[arg(long)]
    raw_gradients: bool,
    /// The highest learning rate [default: the recipe's]
    #[arg(long, value_name = "RATE")]
    peak_rate: Option<f64>,
    /// Epochs [default: the recipe's]
    #[arg(long)]
    epochs: Option<u32>,
    /// Decides initial weights, order of images and crops
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// CIFAR-10 in any form that `data --from` takes, or `sample` for the shipped sample
    /// [default: where `data` put it]
    #[arg(long, value_name = "PATH|sample")]
    data: Option<OsString>,
    /// Keep the last N training images from training and measure on them instead of on
    /// the test images, to compare recipes
    #[arg(long, value_name = "N")]
    hold_out: Option<usize>,
    /// Where checkpoint, log and final weights go [default: the user's state folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from the checkpoint in the folder, if there is one
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    threads: Threads,
}

/// Trains, to the end or to a clean stop.
pub(crate) fn run(args: &TrainArgs) -> Result<ExitCode> {
    let arch = Arch::parse(&args.model)?;
    let mut recipe = Recipe::named(&args.recipe, arch)?;
    recipe.epochs = args.epochs.unwrap_or(recipe.epochs);
    if let Some(rate) = args.peak_rate {
        ensure!(rate.is_finite() && rate > 0.0, "--peak-rate {rate}: expected a number above 0");
        recipe.schedule.peak = rate;
    }
    (recipe.paths, recipe.backward) = (args.paths, backward(args)?);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => source::default_run_dir(&run_name(arch, args, recipe.backward))?,
    };
    let (train, measured) = images(args)?;
    let job = Job { arch, recipe, seed: args.seed, train, measured, out, resume: args.resume };
    if job.resume && !job.out.join(train::CHECKPOINT).exists() {
        let missing = if job.out.is_dir() { "has no checkpoint" } else { "does not exist" };
        note(format_args!(
            "--resume: {} {missing}, so the training STARTS AFRESH there",
            job.out.display()
        ));
    }
    let stop = interrupt::stop_flag("this step")?;
    note(format_args!(
        "training {arch} with {} for {} epochs on {} images; checkpoints in {}",
        job.recipe.name,
        job.recipe.epochs,
        job.train.len(),
        job.out.display()
    ));
    Ok(match args.threads.run(|| train_shown(&job, &stop))?? {
        Ending::Finished(path) => {
            print_path(&path)?;
            ExitCode::SUCCESS
        }
        Ending::Stopped(path) => {
            note(format_args!(
                "stopped; the same command with --resume goes on from {}",
                path.display()
            ));
            interrupt::exit_code()
        }
    })
}

/// Which paths the gradients take.
fn backward(args: &TrainArgs) -> Result<Backward> {
    let found = Backward { min: args.min_path, max: args.max_path, raw: args.raw_gradients };
    if let Some(max) = found.max.filter(|&max| max < found.min) {
        bail!("--min-path {} is above --max-path {max}: no path is left", found.min);
    }
    if found.raw && found.is_ordinary() {
        bail!("--raw-gradients goes with --max-path or --min-path");
    }
    Ok(found)
}

/// The images to learn from and those to measure on. With `--hold-out` both are training
/// images, and the test images stay unread.
fn images(args: &TrainArgs) -> Result<(Dataset, Measured)> {
    let train = source::load_images(args.data.as_deref(), Split::Train)?;
    if let Some(n) = args.hold_out {
        let (train, held_out) = train.hold_out(n).context("--hold-out")?;
        return Ok((train, Measured::Validation(held_out)));
    }
    let test = source::load_images(args.data.as_deref(), Split::Test)?;
    Ok((train, Measured::Test(test)))
}

/// The folder's name: model, recipe unless it is the default one, what is said of rate, paths
/// and gradients, seed unless 1, images held out if any.
fn run_name(arch: Arch, args: &TrainArgs, backward: Backward) -> String {
    let mut name = arch.to_string();
    if args.recipe != Recipe::NAMES[0] {
        name += &format!("-{}", args.recipe);
    }
    if let Some(rate) = args.peak_rate {
        name += &format!("-rate{rate}");
    }
    name += &args.paths.suffix();
    name += &backward.suffix();
    if args.seed != 1 {
        name += &format!("-s{}", args.seed);
    }
    if let Some(n) = args.hold_out {
        name += &format!("-holdout{n}");
    }
    name
}

fn train_shown(job: &Job, stop: &AtomicBool) -> Result<Ending> {
    let mut shown: Option<Progress> = None;
    let images = job.train.len() as u64;
    let total = images * u64::from(job.recipe.epochs);
    let mut loss = f64::NAN;
    let ending = train::run(job, stop, &mut |event| match event {
        Event::Start { epoch, step, .. } => {
            let before = u64::from(epoch) * images + step * job.recipe.batch as u64;
            shown = Some(Progress::new("images", Shows::Counts, before.min(total), total));
        }
        Event::Step(step) => {
            // A running mean over about twenty steps, for the eye only.
            loss = if loss.is_nan() { step.loss } else { 0.95 * loss + 0.05 * step.loss };
            if let Some(shown) = &mut shown {
                shown.advance(step.images as u64, || format!("loss {loss:.3}"));
            }
        }
        Event::Epoch(log) => {
            if let Some(shown) = &shown {
                let measured = [("test", log.test_error), ("validation", log.validation_error)];
                let measured = measured.into_iter().filter_map(|(images, error)| {
                    Some(format!("  {images} error {:5.2} %", 100.0 * error?))
                });
                shown.note(&format!(
                    "epoch {:3}  train loss {:.4}  train error {:5.2} %{}",
                    log.epoch,
                    log.train_loss,
                    100.0 * log.train_error,
                    measured.collect::<String>()
                ));
            }
        }
    })?;
    if let Some(shown) = shown {
        shown.finish();
    }
    Ok(ending)
}
