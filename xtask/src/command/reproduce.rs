//! `cargo xtask reproduce`: every figure, the claims, the page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use data::{Dataset, Split};
use lesion::{Cost, Experiment, Subject};
use models::Arch;
use record::{Key, Record, RecordError};
use report::figure::{self, Figure};
use report::page::{self, PageInput};
use report::{ReportError, claims};

use super::lesion::run_shown;
use crate::forecast::{Forecast, told_cost, told_time};
use crate::run_info::run_info;
use crate::source::{self, project_root};
use crate::threads::Threads;
use crate::weights;

/// Options of `reproduce`.
#[derive(Args)]
pub(crate) struct ReproduceArgs {
    /// Only these figures, for instance fig3 [default: all]
    #[arg(long, value_delimiter = ',', value_name = "FIGURE,…")]
    only: Vec<String>,
    /// All 10,000 test images instead of the shipped sample
    #[arg(long)]
    full: bool,
    /// Where figures, records and page go [default: out, in the project]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder with CIFAR-10, or `sample` for the shipped sample
    #[arg(long, value_name = "DIR|sample")]
    data: Option<String>,
    #[command(flatten)]
    threads: Threads,
    /// Tell which records are up to date and what the others would take; run and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// A figure and the records it is drawn from.
struct Drawing {
    /// The name under `--only`.
    name: &'static str,
    /// The experiment.
    experiment: &'static str,
    /// The networks it is done on, with their shipped weights.
    networks: &'static [&'static str],
    draw: fn(&[&Record]) -> Result<Figure, ReportError>,
}

const DRAWINGS: [Drawing; 1] = [Drawing {
    name: "fig3",
    experiment: lesion::experiment::delete_one::NAME,
    networks: &["resnet20", "vgg15"],
    draw: figure::fig3,
}];

impl Drawing {
    fn shows(&self, Record { key, .. }: &Record) -> bool {
        key.experiment == self.experiment && self.networks.contains(&key.model.name.as_str())
    }
}

pub(crate) fn run(args: &ReproduceArgs) -> Result<()> {
    let drawings = asked_for(&args.only)?;
    let images = images(args)?;
    let out = args.out.clone().unwrap_or_else(|| project_root().join("out"));
    if args.dry_run {
        return dry_run(&drawings, &images, &out.join("records"), args.threads);
    }
    for folder in [out.clone(), out.join("records"), out.join("figures")] {
        std::fs::create_dir_all(&folder).with_context(|| {
            format!("cannot create {}; name another folder with --out", folder.display())
        })?;
    }
    let mut records: Vec<Record> = Vec::new();
    for drawing in &drawings {
        let experiment = Experiment::named(drawing.experiment)?;
        for network in drawing.networks {
            let question = Question::new(experiment, network, &images)?;
            // Figures may share records.
            if records.iter().all(|record| record.name != question.name) {
                records.push(question.record(&out.join("records"), args.threads)?);
            }
        }
    }
    let figures = drawings
        .iter()
        .map(|drawing| {
            let shown: Vec<&Record> = records.iter().filter(|r| drawing.shows(r)).collect();
            let figure = (drawing.draw)(&shown)?;
            figure.save(&out.join("figures"))?;
            Ok(figure)
        })
        .collect::<Result<Vec<Figure>>>()?;
    let claims = claims::results(&claims::Claims::parse(claims::TEXT)?, &records)?;
    record::atomic_write(&out.join("claims.json"), claims::to_json(&claims).as_bytes())?;
    let preview = records.iter().any(|record| record.key.data.sample);
    let input = PageInput { records: &records, figures: &figures, claims: &claims, preview };
    let path = out.join("index.html");
    record::atomic_write(&path, page::render(&input).as_bytes())?;
    println!("{}", claims::table(&claims));
    println!("{}", path.display());
    Ok(())
}

fn asked_for(only: &[String]) -> Result<Vec<&'static Drawing>> {
    let known = DRAWINGS.map(|drawing| drawing.name);
    for name in only {
        ensure!(
            known.contains(&name.as_str()),
            "--only {name}: no such figure; known are {}",
            known.join(", ")
        );
    }
    let is_asked_for = |name: &str| only.is_empty() || only.iter().any(|asked| asked == name);
    Ok(DRAWINGS.iter().filter(|drawing| is_asked_for(drawing.name)).collect())
}

fn images(args: &ReproduceArgs) -> Result<Dataset> {
    match (args.full, args.data.as_deref()) {
        (true, Some("sample")) => {
            bail!("--full asks for all test images, --data sample for 2,000 of them")
        }
        (false, None) => source::load_images(Some("sample"), Split::Test),
        (_, data) => source::load_images(data, Split::Test),
    }
}

/// An experiment on a shipped network.
struct Question<'a> {
    experiment: &'a Experiment,
    subject: Subject,
    images: &'a Dataset,
    claims: String,
    /// The name of its record.
    name: String,
}

impl<'a> Question<'a> {
    fn new(experiment: &'a Experiment, network: &str, images: &'a Dataset) -> Result<Self> {
        let subject = weights::load(Arch::parse(network)?, None)?;
        let name = experiment.record_name(&subject, images);
        Ok(Question { experiment, subject, images, claims: claims::sha256(), name })
    }

    fn key(&self) -> Key {
        self.experiment.key(&self.subject, self.images, Some(&self.claims))
    }

    /// The record in the folder, if there is one that answers this question.
    fn answer(&self, dir: &Path) -> Result<Option<Record>, RecordError> {
        let path = dir.join(format!("{}.json", self.name));
        if !path.exists() {
            return Ok(None);
        }
        let record = Record::load(&path)?;
        Ok(record.is_up_to_date(&self.key()).then_some(record))
    }

    /// The record: from its file if that answers this question, else from a run.
    fn record(&self, dir: &Path, threads: Threads) -> Result<Record> {
        let name = &self.name;
        match self.answer(dir) {
            Ok(Some(record)) => {
                eprintln!("{name}: the record is up to date");
                return Ok(record);
            }
            Ok(None) => {}
            Err(error) => eprintln!("{error}; it is made anew"),
        }
        let start = Instant::now();
        let record =
            threads.run(|| run_shown(name, self.experiment, &self.subject, self.images))??;
        record.save(dir)?;
        run_info(threads.count(), start).save(dir, &record.name)?;
        Ok(record)
    }
}

/// Tells of each figure's records whether they are up to date, and what computing the
/// others would take.
fn dry_run(drawings: &[&Drawing], images: &Dataset, dir: &Path, threads: Threads) -> Result<()> {
    let (mut told, mut cost, mut time) = (BTreeSet::new(), Cost::default(), Duration::ZERO);
    for drawing in drawings {
        println!("{}", drawing.name);
        let experiment = Experiment::named(drawing.experiment)?;
        for network in drawing.networks {
            let question = Question::new(experiment, network, images)?;
            let name = &question.name;
            match question.answer(dir) {
                Ok(Some(_)) => {
                    println!("  {name}: up to date");
                    continue;
                }
                Ok(None) => {}
                Err(error) => eprintln!("{error}; it would be made anew"),
            }
            if !told.insert(name.clone()) {
                println!("  {name}: to compute, as above");
                continue;
            }
            let forecast = threads.run(|| Forecast::of(experiment, &question.subject, images))?;
            cost = cost + forecast.cost;
            time += forecast.time();
            println!(
                "  {name}: to compute, {} plans, {}, expected {}",
                forecast.plans.len(),
                told_cost(&forecast.cost),
                told_time(forecast.time())
            );
        }
    }
    match told.len() {
        0 => println!("in all: every record is up to date"),
        n => println!(
            "in all: {n} to compute, {}, expected {} (threads: {})",
            told_cost(&cost),
            told_time(time),
            threads.count()
        ),
    }
    println!("dry run: nothing was run, nothing written");
    Ok(())
}
