//! `cargo xtask lesion EXPERIMENT MODEL`: one experiment on any weights.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use data::Dataset;
use lesion::{Experiment, LesionError, Subject};
use record::stats::{paired_difference, wilson};
use record::{DeleteOne, Outcome, Record, UnitDeletion};
use serde::Serialize;

use crate::forecast::{Forecast, Speed, told_cost, told_time};
use crate::progress::Progress;
use crate::run_info::run_info;
use crate::study::StudyArgs;

/// Options of `lesion`.
#[derive(Args)]
pub(crate) struct LesionArgs {
    /// The experiment
    #[arg(help = experiments())]
    experiment: String,
    #[command(flatten)]
    study: StudyArgs,
    /// Write the record there too, as NAME.json and NAME.run.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the plans, their multiplications and the expected time; run and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON, on the last line
    #[arg(long)]
    json: bool,
}

/// The list for `--help`.
fn experiments() -> String {
    let told = lesion::experiment::ALL.iter().map(|e| format!("{}: {}", e.name, e.summary));
    told.collect::<Vec<_>>().join("; ")
}

pub(crate) fn run(args: &LesionArgs) -> Result<()> {
    let experiment = Experiment::named(&args.experiment)?;
    let subject = args.study.subject()?;
    let images = args.study.images()?;
    if args.dry_run {
        return dry_run(args, experiment, &subject, &images);
    }
    if let Some(out) = &args.out {
        // Better now than after the work.
        std::fs::create_dir_all(out).with_context(|| {
            format!("cannot make the folder {}; name another one with --out", out.display())
        })?;
    }
    let start = Instant::now();
    let record =
        args.study.threads.run(|| run_shown("unit passes", experiment, &subject, &images))??;
    if let Some(out) = &args.out {
        let path = record.save(out).context("--out")?;
        run_info(args.study.threads.count(), start).save(out, &record.name).context("--out")?;
        eprintln!("record: {}", path.display());
    }
    match &record.result {
        Outcome::DeleteOne(outcome) if args.json => {
            println!("{}", serde_json::to_string(&DeleteOneJson::of(outcome))?);
        }
        Outcome::DeleteOne(outcome) => print!("{}", table(&record, outcome)),
    }
    Ok(())
}

/// Runs the experiment with its progress, called `name`, on standard error.
pub(crate) fn run_shown(
    name: &str,
    experiment: &Experiment,
    subject: &Subject,
    images: &Dataset,
) -> Result<Record, LesionError> {
    let claims = report::claims::sha256();
    let mut shown = Progress::new(name, 0, 0);
    let record = experiment.run(subject, images, Some(&claims), &mut |done, total| {
        shown.set(done, total);
    });
    shown.finish();
    record
}

fn dry_run(
    args: &LesionArgs,
    experiment: &Experiment,
    subject: &Subject,
    images: &Dataset,
) -> Result<()> {
    let forecast = args.study.threads.run(|| Forecast::of(experiment, subject, images))?;
    let Forecast { plans, distinct, cost, speed } = &forecast;
    let Speed { macs_per_second, images: measured_images, threads } = *speed;
    let (model, weights) = (&subject.model.name, &subject.weights.source);
    let data = &images.id().name;
    if args.json {
        let told = DryRunJson {
            experiment: experiment.name,
            model,
            weights,
            data,
            images: images.len(),
            plans: plans.len(),
            distinct: *distinct,
            listed: plans,
            macs: cost.macs,
            macs_one_by_one: cost.macs_one_by_one,
            ratio: cost.ratio(),
            macs_per_second,
            measured_images,
            threads,
            expected_seconds: forecast.time().as_secs_f64(),
        };
        println!("{}", serde_json::to_string(&told)?);
        return Ok(());
    }
    println!("{}: {model} ({weights}) on {} images of {data}", experiment.name, images.len());
    print!("{}", forecast.list());
    println!("work: {}", told_cost(cost));
    println!(
        "expected time: {}, at {:.1} GMAC/s (threads: {threads}; measured on {measured_images} \
         images)",
        told_time(forecast.time()),
        macs_per_second / 1e9
    );
    println!("dry run: nothing was run, nothing written");
    Ok(())
}

/// The stable form that `--dry-run --json` prints: counts, multiplications, seconds.
#[derive(Serialize)]
struct DryRunJson<'a> {
    experiment: &'a str,
    model: &'a str,
    weights: &'a str,
    data: &'a str,
    images: usize,
    plans: usize,
    distinct: usize,
    /// Each plan in words.
    listed: &'a [String],
    macs: u64,
    macs_one_by_one: u64,
    ratio: f64,
    macs_per_second: f64,
    measured_images: usize,
    threads: usize,
    expected_seconds: f64,
}

/// The stable form that `--json` prints. Lists have one entry for each unit, `null`
/// where it cannot be deleted.
#[derive(Serialize)]
struct DeleteOneJson<'a> {
    images: usize,
    names: Vec<&'a str>,
    deletable: Vec<bool>,
    intact_wrong: u32,
    intact_cross_entropy: f64,
    deleted_wrong: Vec<Option<u32>>,
    deleted_cross_entropy: Vec<Option<f64>>,
}

impl<'a> DeleteOneJson<'a> {
    fn of(outcome: &'a DeleteOne) -> Self {
        let scores = || {
            outcome.units.iter().map(|unit| unit.deleted.as_ref().map(|deletion| &deletion.score))
        };
        DeleteOneJson {
            images: outcome.images,
            names: outcome.units.iter().map(|unit| unit.name.as_str()).collect(),
            deletable: scores().map(|score| score.is_some()).collect(),
            intact_wrong: outcome.intact.wrong,
            intact_cross_entropy: outcome.intact.cross_entropy,
            deleted_wrong: scores().map(|score| Some(score?.wrong)).collect(),
            deleted_cross_entropy: scores().map(|score| Some(score?.cross_entropy)).collect(),
        }
    }
}

/// The outcome for people.
fn table(record: &Record, outcome: &DeleteOne) -> String {
    let images = outcome.images as u64;
    let percent = |wrong: u32| 100.0 * f64::from(wrong) / images as f64;
    let intact = outcome.intact.wrong;
    let interval = wilson(intact.into(), images);
    let key = &record.key;
    let sample = if key.data.sample { ", shipped sample" } else { "" };
    let mut text = format!(
        "{}: {} ({}), {images} images of {}{sample}\n\
         intact: {intact} wrong, error {:.2} % (95 % interval {:.2} to {:.2}), cross-entropy {:.4}\n\n\
         unit  {:14} {:8} {:>6} {:>8}  {:>10}  95 % interval (paired)\n",
        key.experiment,
        key.model.name,
        key.weights.source,
        key.data.name,
        percent(intact),
        100.0 * interval.low,
        100.0 * interval.high,
        outcome.intact.cross_entropy,
        "name",
        "",
        "wrong",
        "error %",
        "difference"
    );
    for unit in &outcome.units {
        text += &row(unit, images, percent);
    }
    text += "\nUnits count from 0; differences are in points against the intact network.\n";
    text
}

fn row(unit: &UnitDeletion, images: u64, percent: impl Fn(u32) -> f64) -> String {
    let UnitDeletion { index, name, .. } = unit;
    let mark = if unit.boundary { "boundary" } else { "" };
    let Some(deletion) = &unit.deleted else {
        return format!("{index:4}  {name:14} {mark:8} cannot be deleted\n");
    };
    let (worse, better) = (deletion.newly_wrong, deletion.newly_right);
    let interval = paired_difference(worse.into(), better.into(), images);
    format!(
        "{index:4}  {name:14} {mark:8} {:6} {:8.2}  {:+10.2}  {:+.2} to {:+.2}\n",
        deletion.score.wrong,
        percent(deletion.score.wrong),
        percent(worse) - percent(better),
        100.0 * interval.low,
        100.0 * interval.high
    )
}
