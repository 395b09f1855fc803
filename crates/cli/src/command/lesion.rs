//! `cargo xtask lesion EXPERIMENT MODEL`: one experiment on any weights.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use data::Split;
use lesion::{AnyExperiment, Inputs, Preset, Question, Subject, experiment};
use record::Record;
use report::study;
use serde::Serialize;

use crate::asking::{self, Ending};
use crate::forecast::{Pace, Paces, cost_in_words, lesions_in_words, list, time_in_words};
use crate::options::ExperimentOptions;
use crate::output::{note, print, print_line};
use crate::progress::{Progress, Shows};
use crate::run_info::run_info;
use crate::study::{ConventionArgs, ImageArgs};
use crate::threads::Threads;
use crate::{interrupt, source, weights};

/// Options of `lesion`.
#[derive(Args)]
pub struct LesionArgs {
    /// The experiment
    #[arg(help = experiments())]
    experiment: String,
    /// The network, for instance resnet20 (`cargo xtask models` lists them), or the networks
    /// of an experiment on several; none for one that reads a log
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// A file of weights (safetensors, or what torch.save writes), or the name of a trained
    /// network [default: the model's]; for several networks once for each, all of the one
    /// MODEL or of as many
    #[arg(long, value_name = "FILE|NAME")]
    weights: Vec<OsString>,
    #[command(flatten)]
    conventions: ConventionArgs,
    /// The log of a training, for an experiment that reads one: a file, or the name of a
    /// trained network
    #[arg(long, value_name = "FILE|NAME")]
    log: Option<OsString>,
    #[command(flatten)]
    on: ImageArgs,
    /// Options that are not given: those of the full protocol, or of the one for the
    /// sample [default: preview on the sample, else full]
    #[arg(long, value_name = "PRESET")]
    preset: Option<PresetName>,
    #[command(flatten)]
    options: ExperimentOptions,
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

/// A preset as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PresetName {
    /// The full protocol
    Full,
    /// The protocol for the shipped sample
    Preview,
}

/// The list for `--help`.
fn experiments() -> String {
    let each = experiment::ALL.iter().map(|e| format!("{}: {}", e.name(), e.summary()));
    each.collect::<Vec<_>>().join("; ")
}

pub(crate) fn run(args: &LesionArgs) -> Result<ExitCode> {
    let question = question(args)?;
    if args.dry_run {
        return dry_run(args, &question).map(|()| ExitCode::SUCCESS);
    }
    if let Some(out) = &args.out {
        // Better now than after the work.
        Record::check_place(out, question.record_name(), question.key()).context("--out")?;
        std::fs::create_dir_all(out).with_context(|| {
            format!("cannot make the folder {}; name another one with --out", out.display())
        })?;
    }
    let mut printed = Ok(());
    let threads = args.on.threads;
    if let Some(images) = &question.inputs().test {
        let networks = &question.inputs().networks;
        threads.run(|| networks.iter().for_each(|network| weights::doubt(network, images)))?;
    }
    let questions = [question];
    let ending = asking::answer("lesion", &questions, threads, &mut |_, record, start| {
        // Whichever of the two fails, the other one still has the answer.
        printed = print_answer(&record, args.json);
        let Some(out) = &args.out else { return Ok(()) };
        let path = save(&record, out, threads, start).inspect_err(|_| {
            if let Err(error) = &printed {
                note(format_args!("{error:#}"));
            }
        })?;
        note(format_args!("record: {}", path.display()));
        Ok(())
    })?;
    printed?;
    match ending {
        Ending::Answered => Ok(ExitCode::SUCCESS),
        Ending::Stopped => Ok(interrupt::exit_code()),
    }
}

fn print_answer(record: &Record, json: bool) -> Result<()> {
    if json { print_line(study::json(record)?) } else { print(study::table(record)?) }
}

/// Writes both parts of the record; the path of its identity part.
fn save(record: &Record, out: &Path, threads: Threads, start: Instant) -> Result<PathBuf> {
    let path = record.save_new(out).context("--out: the record is not saved")?;
    run_info(threads.count(), start).save(out, &record.name).context("--out")?;
    Ok(path)
}

fn question(args: &LesionArgs) -> Result<Question> {
    let experiment = experiment::named(&args.experiment)?;
    let preset = match args.preset {
        Some(PresetName::Full) => Preset::Full,
        Some(PresetName::Preview) => Preset::Preview,
        None if args.on.is_sample() => Preset::Preview,
        None => Preset::Full,
    };
    let options = args.options.of(experiment, preset)?;
    let needs = experiment.needs(&options)?;
    let name = experiment.name();
    ensure!(
        needs.networks.admits(0) || !args.models.is_empty(),
        "which network? cargo xtask lesion {name} MODEL"
    );
    ensure!(needs.log || args.log.is_none(), "--log: {name} does not read a log; leave it out");
    ensure!(
        !needs.log || args.log.is_some(),
        "which log? cargo xtask lesion {name} --log FILE|NAME"
    );
    ensure!(
        needs.test || needs.training || args.on.data.is_none(),
        "--data: {name} uses no images; leave it out"
    );
    ensure!(
        needs.test || args.on.images.is_none(),
        "--images: {name} does not use test images; leave it out"
    );
    let networks = weights::load_all(&args.models, &args.weights, &args.conventions.choices())?;
    let log = args.log.as_deref().map(weights::load_log).transpose()?;
    let most = experiment.most_images(preset, &options)?;
    let test = || match args.on.images {
        Some(_) => args.on.images(),
        None => source::take_up_to(args.on.images()?, most.test),
    };
    let training = || {
        let images = source::load_images(args.on.data.as_deref(), Split::Train)?;
        source::take_up_to(images, most.training)
    };
    let test = needs.test.then(test).transpose()?;
    let training = needs.training.then(training).transpose()?;
    let inputs = Inputs { networks, test, training, log };
    Ok(Question::new(experiment, options, inputs)?)
}

/// Answers one question with its progress on standard error; pieces are not kept.
///
/// # Errors
/// If the question cannot be asked, or its run fails.
pub fn answer_shown(experiment: &'static dyn AnyExperiment, inputs: Inputs) -> Result<Record> {
    let question = Question::new(experiment, experiment.preset(Preset::Full), inputs)?;
    let total = question.cost().macs;
    let mut shown = Progress::new(experiment.name(), Shows::Percent, 0, total);
    let mut last = 0;
    let report = |progress: lesion::Progress| {
        shown.advance(progress.done_macs - last, String::new);
        last = progress.done_macs;
    };
    let record =
        question.run(&mut lesion::Runner { report: Box::new(report), ..Default::default() })?;
    shown.finish();
    Ok(record)
}

fn dry_run(args: &LesionArgs, question: &Question) -> Result<()> {
    let inputs = question.inputs();
    let used = inputs.test.as_ref().or(inputs.training.as_ref());
    let (time, pace) = args.on.threads.run(|| {
        let mut paces = Paces::default();
        (paces.expect(question), inputs.networks.first().zip(used).map(|(n, on)| paces.of(n, on)))
    })?;
    let (lesions, cost) = (lesions_in_words(question), question.cost());
    let joined = |of: fn(&Subject) -> &String| {
        let each: Vec<&str> = inputs.networks.iter().map(|subject| of(subject).as_str()).collect();
        each.join(", ")
    };
    let (model, weights) = (&joined(|s| &s.model.name), &joined(|s| &s.weights.source));
    let images = used.map_or(0, |images| images.len());
    let data = used.map_or("", |images| images.id().name.as_str());
    let name = question.experiment().name();
    if args.json {
        let json = DryRunJson {
            experiment: name,
            model,
            weights,
            data,
            images,
            plans: lesions.len(),
            distinct: question.distinct(),
            listed: &lesions,
            macs: cost.macs,
            macs_one_by_one: cost.macs_one_by_one,
            ratio: cost.ratio(),
            macs_per_second: pace.map(|pace| pace.macs_per_second),
            measured_images: pace.map(|pace| pace.images),
            threads: args.on.threads.count(),
            expected_seconds: time.as_secs_f64(),
        };
        return print_line(serde_json::to_string(&json)?);
    }
    match &inputs.log {
        Some(log) => {
            print_line(format_args!("{name}: {}, epochs: {}", log.id.name, log.epochs.len()))?;
        }
        None => {
            print_line(format_args!("{name}: {model} ({weights}) on {images} images of {data}"))?;
        }
    }
    print(list(question, &lesions))?;
    print_line(format_args!("work: {}", cost_in_words(&cost)))?;
    print(format_args!("expected time: {}", time_in_words(time)))?;
    if let Some(Pace { macs_per_second, images, threads }) = pace {
        let giga = macs_per_second / 1e9;
        print(format_args!(
            ", at {giga:.1} GMAC/s (threads: {threads}; measured on {images} images)"
        ))?;
    }
    print_line("\ndry run: nothing was run, nothing written")
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
    macs_per_second: Option<f64>,
    measured_images: Option<usize>,
    threads: usize,
    expected_seconds: f64,
}
