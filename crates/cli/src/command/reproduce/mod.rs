//! `cargo xtask reproduce`: every figure, the claims, the page.

mod drawable;
mod dry_run;
mod needed;
mod outcome;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use data::Split;
use lesion::Question;
use record::{Record, RecordError};
use report::study::{self, StudyFigure};

use crate::asking::{self, Ending};
use crate::interrupt;
use crate::output::{note, print_path};
use crate::run_info::run_info;
use crate::source::project_root;
use crate::threads::Threads;
use crate::weights::catalogue;

use drawable::drawable;
use needed::{images, questions};
use outcome::report_on;

/// Options of `reproduce`.
#[derive(Args)]
pub struct ReproduceArgs {
    /// Only these figures, for instance fig3 [default: all]
    #[arg(long, value_delimiter = ',', value_name = "FIGURE,…")]
    only: Vec<String>,
    /// All 10,000 test images and the full protocols instead of the shipped sample
    #[arg(long)]
    full: bool,
    /// Where figures, records and page go [default: out, in the repository or else in the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// CIFAR-10 in any form that `data --from` takes, or `sample` for the shipped sample
    #[arg(long, value_name = "PATH|sample")]
    data: Option<OsString>,
    #[command(flatten)]
    threads: Threads,
    /// Say which records are up to date and what the others would take; run and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &ReproduceArgs) -> Result<ExitCode> {
    let mut figures = asked_for(&args.only)?;
    if args.only.is_empty() {
        figures = drawable(figures, &catalogue()?)?;
    }
    let test = images(args, Split::Test)?;
    let questions = questions(args, &figures, &test)?;
    let out = args.out.clone().map_or_else(default_out, Ok)?;
    let records_dir = out.join("records");
    if args.dry_run {
        dry_run::print(&figures, &questions, &records_dir, args.threads)?;
        return Ok(ExitCode::SUCCESS);
    }
    for folder in [&out, &records_dir, &out.join("figures")] {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("cannot create {}; name another folder with --out", folder.display())
        })?;
    }
    let Some(records) = records(questions, &records_dir, args.threads)? else {
        return Ok(interrupt::exit_code());
    };
    let path = report_on(&figures, &records, &test, &out)?;
    print_path(&path)?;
    Ok(ExitCode::SUCCESS)
}

/// `out` in the repository for those who work in it, else in the current folder.
fn default_out() -> Result<PathBuf> {
    let current =
        std::env::current_dir().context("the current folder is gone; name one with --out")?;
    let is_in_project = current.starts_with(project_root());
    Ok(if is_in_project { project_root() } else { &current }.join("out"))
}

/// A record for each question, in order: from its file if that answers it, else from a
/// run. `None` if Ctrl-C came first.
fn records(questions: Vec<Question>, dir: &Path, threads: Threads) -> Result<Option<Vec<Record>>> {
    let names: Vec<String> =
        questions.iter().map(|question| question.record_name().to_owned()).collect();
    let (mut records, mut open) = (Vec::new(), Vec::new());
    for question in questions {
        let name = question.record_name();
        match answer(&question, dir) {
            Ok(Some(record)) => {
                note(format_args!("{name}: the record is up to date"));
                records.push(record);
            }
            Ok(None) => {
                if let Err(taken) = Record::check_place(dir, name, question.key()) {
                    note(format_args!("{name}: computed anew: {}", outdated(&taken)));
                }
                open.push(question);
            }
            Err(error) => {
                note(error);
                open.push(question);
            }
        }
    }
    let ending = asking::answer("reproduce", &open, threads, &mut |_, record, start| {
        record.save(dir)?;
        run_info(threads.count(), start).save(dir, &record.name)?;
        records.push(record);
        Ok(())
    })?;
    records.sort_by_key(|record| names.iter().position(|name| *name == record.name));
    Ok((ending == Ending::Answered).then_some(records))
}

/// What the record in the folder is, which the new one replaces.
fn outdated(taken: &RecordError) -> String {
    match taken {
        RecordError::Taken { what, .. } => format!("the record in the folder {what}"),
        error => error.to_string(),
    }
}

/// The record in the folder, if there is one that answers this question.
fn answer(question: &Question, dir: &Path) -> Result<Option<Record>, RecordError> {
    let path = dir.join(format!("{}.json", question.record_name()));
    if !path.exists() {
        return Ok(None);
    }
    let record = Record::load(&path)?;
    Ok(record.is_up_to_date(question.key()).then_some(record))
}

/// The figures that `--only` names, or all.
fn asked_for(only: &[String]) -> Result<Vec<&'static StudyFigure>> {
    let known: Vec<&str> = study::figures().map(|figure| figure.name).collect();
    for name in only {
        ensure!(
            known.contains(&name.as_str()),
            "--only {name}: no such figure; known are {}",
            known.join(", ")
        );
    }
    let is_asked_for = |name: &str| only.is_empty() || only.iter().any(|asked| asked == name);
    Ok(study::figures().filter(|figure| is_asked_for(figure.name)).collect())
}
