//! `cargo xtask eval --try-conventions`: which conventions weights were trained with.

use anyhow::Result;
use models::{Arch, Choices, EVAL_BATCH, Normalisation, Plan, Shortcut};
use record::stats::wilson;
use serde::Serialize;

use crate::output::{print, print_line};
use crate::study::StudyArgs;
use crate::{source, weights};

/// Images to measure each combination on, unless `--images` says otherwise.
const IMAGES: usize = 500;

/// Normalisations that published trainings on CIFAR-10 use: the moments of all pixels, the
/// mean deviation within an image, those of ImageNet, the range -1 to 1, the range 0 to 1.
const NORMALISATIONS: [([f32; 3], [f32; 3]); 5] = [
    ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
    ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]),
    ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ([0.5; 3], [0.5; 3]),
    ([0.0; 3], [1.0; 3]),
];

/// All combinations, the best first.
#[derive(Serialize)]
struct Ranking<'a> {
    model: &'a str,
    weights: &'a str,
    data: &'a str,
    images: usize,
    tried: Vec<Tried>,
}

/// One combination and what the intact network makes of it.
#[derive(Serialize)]
struct Tried {
    normalisation: String,
    shortcut: Option<String>,
    wrong: usize,
    error: f64,
    cross_entropy: f64,
}

/// Evaluates the intact network under every combination and prints them, the best first.
pub(crate) fn try_all(study: &StudyArgs, json: bool) -> Result<()> {
    let arch = Arch::parse(&study.model)?;
    let weights = study.weights.as_deref();
    // The messages about the file, once; this also decides whether it has projections.
    let found = weights::load(arch, weights, &Choices::default())?;
    let images = study.on.images()?;
    let first = study.on.images.unwrap_or(IMAGES.min(images.len()));
    let images = source::take_images(images, Some(first))?;
    found.check_classes(&images)?;
    let mut tried = Vec::new();
    for shortcut in shortcuts(arch, &found) {
        for (mean, std) in NORMALISATIONS {
            let normalisation = Normalisation::new(mean, std)?;
            let choices = Choices { normalisation: Some(normalisation), shortcut };
            let subject = weights::load_quietly(arch, weights, &choices)?;
            let outcome = study.on.threads.run(|| {
                let batches = subject.batches(&images, EVAL_BATCH);
                models::evaluate(&subject.model, &Plan::intact(&subject.model), batches)
            })?;
            tried.push(Tried {
                normalisation: normalisation.to_string(),
                shortcut: shortcut.map(|shortcut| shortcut.to_string()),
                wrong: outcome.wrong(),
                error: outcome.error(),
                cross_entropy: outcome.cross_entropy(),
            });
        }
    }
    let loss = |tried: &Tried| (tried.wrong, tried.cross_entropy);
    tried.sort_by(|a, b| {
        let ((a, x), (b, y)) = (loss(a), loss(b));
        a.cmp(&b).then(x.total_cmp(&y))
    });
    let ranking = Ranking {
        model: &found.model.name,
        weights: &found.weights.source,
        data: &images.id().name,
        images: first,
        tried,
    };
    if json { print_line(serde_json::to_string(&ranking)?) } else { print(table(&ranking)) }
}

/// The shortcuts to tell apart: paddings have no weights, so a file does not show which it is.
fn shortcuts(arch: Arch, found: &lesion::Subject) -> Vec<Option<Shortcut>> {
    let is_padded = found.model.name == arch.to_string()
        && found.weights.recipe.is_none()
        && matches!(arch.shortcut(), Some(Shortcut::PadAround | Shortcut::PadAfter));
    match is_padded {
        true => vec![Some(Shortcut::PadAround), Some(Shortcut::PadAfter)],
        false => vec![None],
    }
}

fn table(ranking: &Ranking<'_>) -> String {
    let mut text = format!(
        "the intact network on the first {} test images, which choose a convention here and \
         measure nothing:\n",
        ranking.images
    );
    let interval = |tried: &Tried| wilson(tried.wrong as u64, ranking.images as u64);
    let best = ranking.tried.first().map_or(0.0, |first| interval(first).high);
    for one @ Tried { normalisation, shortcut, error, cross_entropy, .. } in &ranking.tried {
        let mark = if interval(one).low <= best { '*' } else { ' ' };
        let shortcut = shortcut.as_ref().map_or(String::new(), |s| format!(" --shortcut {s}"));
        text += &format!(
            "{mark} {:6.2} %  cross-entropy {cross_entropy:8.4}  --normalisation {normalisation}{shortcut}\n",
            100.0 * error
        );
    }
    text + "* cannot be told from the best by so few images: ask the training's own code\n"
}
