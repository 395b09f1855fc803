//! `cargo xtask eval MODEL`: the error of a network under a lesion.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use data::{Dataset, Split};
use lesion::{RECALIBRATION_BATCH, Subject};
use models::{EVAL_BATCH, Model, Plan, Predictions};
use record::stats::{Interval, wilson};
use serde::Serialize;

use super::conventions;
use crate::change::{Change, Intact};
use crate::output::{print, print_line};
use crate::plan_text::described;
use crate::progress::{Progress, Shows};
use crate::study::StudyArgs;
use crate::{deletions, source, text_input, weights};

/// Options of `eval`.
#[derive(Args)]
pub struct EvalArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Units to delete, by 0-based number or by name, such as 3,7 or 1-3,layer2.0; I.B
    /// deletes branch B of unit I alone
    #[arg(long, value_name = "I,J,…", value_delimiter = ',')]
    delete: Vec<String>,
    /// Pairs of units that exchange their places, one pair after the other, 0-based
    #[arg(long, value_name = "I:J,…", value_delimiter = ',', value_parser = pair)]
    swap: Vec<(usize, usize)>,
    /// A plan as JSON, like the `plan` that --json prints; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["delete", "swap"])]
    plan: Option<PathBuf>,
    /// Re-estimate batch-norm statistics under the plan, on the first N x 128 training images
    #[arg(long, value_name = "N")]
    recalibrate: Option<usize>,
    /// Try all conventions that weights may have been trained with, on 500 images or --images,
    /// and rank them by the error of the intact network
    #[arg(long, conflicts_with_all = [
        "delete", "swap", "plan", "recalibrate", "normalisation", "shortcut",
    ])]
    try_conventions: bool,
    /// Print the result as JSON, on the last line
    #[arg(long)]
    json: bool,
}

/// The result; fractions, nats.
#[derive(Serialize)]
struct Evaluation<'a> {
    model: &'a str,
    weights: &'a str,
    data: &'a str,
    images: usize,
    wrong: usize,
    error: f64,
    interval: Interval,
    cross_entropy: f64,
    recalibrated: Option<usize>,
    /// The untouched network on the same images, where this one is not.
    intact: Option<Intact>,
    /// From the untouched network to this one.
    change: Option<Change>,
    plan: &'a Plan,
}

pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    if args.try_conventions {
        return conventions::try_all(&args.study, args.json);
    }
    let mut subject = args.study.subject()?;
    let plan = plan(args, &subject.model)?;
    let images = args.study.on.images()?;
    subject.check_classes(&images)?;
    args.study.on.threads.run(|| weights::doubt(&subject, &images))?;
    let training = args.recalibrate.map(|n| training_images(args, n, &subject)).transpose()?;
    let is_untouched = training.is_none() && plan == Plan::intact(&subject.model);
    let (intact, outcome) = args.study.on.threads.run(|| {
        let intact = (!is_untouched).then(|| {
            let intact = Plan::intact(&subject.model);
            evaluate_shown("intact", &subject, &intact, &images)
        });
        if let Some(training) = training {
            let batches = subject.batches(&training, RECALIBRATION_BATCH).map(|(images, _)| images);
            subject.model = models::recalibrated(&subject.model, &plan, batches);
        }
        (intact, evaluate_shown("images", &subject, &plan, &images))
    })?;
    let result = Evaluation {
        model: &subject.model.name,
        weights: &subject.weights.source,
        data: &images.id().name,
        images: outcome.images(),
        wrong: outcome.wrong(),
        error: outcome.error(),
        interval: wilson(outcome.wrong() as u64, outcome.images() as u64),
        cross_entropy: outcome.cross_entropy(),
        recalibrated: args.recalibrate,
        intact: intact.as_ref().map(Intact::of),
        change: intact.as_ref().map(|intact| Change::of(intact, &outcome)),
        plan: &plan,
    };
    let intact = result.intact.as_ref().map(|intact| ("intact", intact.cross_entropy));
    for (which, cross_entropy) in
        [("under this plan", result.cross_entropy)].into_iter().chain(intact)
    {
        ensure!(
            cross_entropy.is_finite(),
            "the mean cross-entropy of {} {which} is {cross_entropy}: its activations overflow",
            result.model
        );
    }
    if args.json {
        print_line(serde_json::to_string(&result)?)
    } else {
        print(result.text(&subject.model))
    }
}

impl Evaluation<'_> {
    fn text(&self, model: &Model<f32>) -> String {
        let Interval { low, high } = self.interval;
        format!(
            "{} ({}) on {} images of {}{}\n{}\nwrong {}, error {:.2} % (95 % interval {:.2} to \
             {:.2}), cross-entropy {:.4}\n{}{}",
            self.model,
            self.weights,
            self.images,
            self.data,
            match self.recalibrated {
                Some(n) => format!(
                    ", batch norm re-estimated on {n} x {RECALIBRATION_BATCH} training images"
                ),
                None => String::new(),
            },
            described(self.plan, model),
            self.wrong,
            100.0 * self.error,
            100.0 * low,
            100.0 * high,
            self.cross_entropy,
            self.intact.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.change.as_ref().map(ToString::to_string).unwrap_or_default()
        )
    }
}

fn plan(args: &EvalArgs, model: &Model<f32>) -> Result<Plan> {
    if let Some(path) = &args.plan {
        let plan = read_plan(path)?;
        plan.check(model).with_context(|| format!("--plan {}", path.display()))?;
        return Ok(plan);
    }
    let mut plan = Plan::intact(model);
    for text in &args.delete {
        let deletions = deletions::parse(text, model).map_err(anyhow::Error::msg);
        for (id, branch) in deletions.with_context(|| format!("--delete {text}"))? {
            plan = match branch {
                None => plan.delete(model, id),
                Some(branch) => plan.delete_branch(model, id, branch),
            }
            .with_context(|| format!("--delete {text}"))?;
        }
    }
    for &(a, b) in &args.swap {
        plan = plan.swap(model, a, b).with_context(|| format!("--swap {a}:{b}"))?;
    }
    Ok(plan)
}

/// Plans of the deepest networks take some 100 KiB.
const MAX_PLAN_BYTES: u64 = 1 << 20;

fn read_plan(path: &Path) -> Result<Plan> {
    let text = text_input::read(path, MAX_PLAN_BYTES)
        .with_context(|| format!("cannot read --plan {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "--plan {} is not a plan; expected JSON like {{\"order\":[0,1,2],\
             \"routes\":[\"both\",\"skip\",\"both\"]}}",
            path.display()
        )
    })
}

/// The first `n` batches of training images, for new batch-norm statistics.
fn training_images(args: &EvalArgs, n: usize, subject: &Subject) -> Result<Dataset> {
    let has_norm = subject.model.params.iter().any(|(_, param)| !param.is_trained);
    ensure!(
        has_norm,
        "--recalibrate {n}: {} has no batch norm, so leave it out",
        subject.model.name
    );
    let training = source::load_images(args.study.on.data.as_deref(), Split::Train)?;
    let most = training.len() / RECALIBRATION_BATCH;
    if n == 0 || n > most {
        bail!(
            "--recalibrate {n}: choose a number from 1 to {most}, as {} has {} images and each \
             batch takes {RECALIBRATION_BATCH}",
            training.id().name,
            training.len()
        );
    }
    Ok(training.take_first(n * RECALIBRATION_BATCH)?)
}

fn evaluate_shown(label: &str, subject: &Subject, plan: &Plan, images: &Dataset) -> Predictions {
    let mut shown = Progress::new(label, Shows::Counts, 0, images.len() as u64);
    let mut last = 0;
    let batches = subject.batches(images, EVAL_BATCH).inspect(|(_, labels)| {
        // A batch is asked for when the one before is done.
        shown.advance(last, String::new);
        last = labels.len() as u64;
    });
    let outcome = models::evaluate(&subject.model, plan, batches);
    shown.finish();
    outcome
}

/// `I:J`.
fn pair(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    parts.ok_or_else(|| "expected two units joined by a colon, as in 4:9".to_owned())
}
