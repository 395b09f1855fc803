//! `cargo xtask reproduce`: every figure, the claims, the page.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use data::{Dataset, Split};
use lesion::Experiment;
use models::Arch;
use record::Record;
use report::figure::{self, Figure};
use report::page::{self, PageInput};
use report::{ReportError, claims};

use crate::progress::Progress;
use crate::run_info::run_info;
use crate::source::{self, project_root};
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
    /// Threads [default: all cores]; the result does not depend on them
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
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

pub(crate) fn run(args: &ReproduceArgs) -> Result<()> {
    let drawings = asked_for(&args.only)?;
    let images = images(args)?;
    let out = args.out.clone().unwrap_or_else(|| project_root().join("out"));
    for folder in [out.clone(), out.join("records"), out.join("figures")] {
        std::fs::create_dir_all(&folder).with_context(|| {
            format!("cannot create {}; name another folder with --out", folder.display())
        })?;
    }
    let threads = args.threads.map_or_else(tensor::threads::count, NonZeroUsize::get);
    let mut records: Vec<Record> = Vec::new();
    for drawing in &drawings {
        let experiment = Experiment::named(drawing.experiment)?;
        for network in drawing.networks {
            records.push(record_of(experiment, network, &images, &out.join("records"), threads)?);
        }
    }
    let figures = drawings
        .iter()
        .map(|drawing| {
            let of = |r: &&Record| r.key.experiment == drawing.experiment;
            let records: Vec<&Record> = records.iter().filter(of).collect();
            let figure = (drawing.draw)(&records)?;
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
    if only.is_empty() {
        return Ok(DRAWINGS.iter().collect());
    }
    let find = |name: &String| {
        DRAWINGS.iter().find(|drawing| drawing.name == name).with_context(|| {
            let known: Vec<_> = DRAWINGS.iter().map(|drawing| drawing.name).collect();
            format!("--only {name}: no such figure; known are {}", known.join(", "))
        })
    };
    only.iter().map(find).collect()
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

/// The record of an experiment on a shipped network: from its file if that
/// answers the same question, else from a run.
fn record_of(
    experiment: &Experiment,
    network: &str,
    images: &Dataset,
    dir: &Path,
    threads: usize,
) -> Result<Record> {
    let subject = weights::load(Arch::parse(network)?, None)?;
    let claims = claims::sha256();
    let name = experiment.record_name(&subject, images);
    let path = dir.join(format!("{name}.json"));
    if path.exists() {
        match Record::load(&path) {
            Ok(record)
                if record.is_up_to_date(&experiment.key(&subject, images, Some(&claims))) =>
            {
                eprintln!("{name}: the record is up to date");
                return Ok(record);
            }
            Ok(_) => {}
            Err(error) => eprintln!("{error}; it is made anew"),
        }
    }
    let start = Instant::now();
    let mut shown = Progress::new(&name, 0, 0);
    let record = tensor::threads::with_threads(threads, || {
        experiment.run(&subject, images, Some(&claims), &mut |done, total| shown.set(done, total))
    })
    .with_context(|| format!("cannot start {threads} threads"))??;
    shown.finish();
    record.save(dir)?;
    run_info(threads, start).save(dir, &record.name)?;
    Ok(record)
}
