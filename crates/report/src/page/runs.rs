//! Exactly what was run: each record's key, and the command that repeats it.

use maud::{Markup, html};
use record::{Key, Record};

use crate::sweep::weights_name;
use crate::words;

pub(super) fn section(records: &[Record]) -> Markup {
    let is_preview = records.iter().any(|record| record.key.data.sample);
    let again = if is_preview { "cargo xtask reproduce" } else { "cargo xtask reproduce --full" };
    html! {
        section #runs {
            h2 { "Exactly what was run" }
            p {
                "A record holds the question, the weights and images by their sha-256, and every \
                 raw number; thread count and time of day have no influence on it. "
                code { (again) } " makes everything on this page again."
            }
            @for record in records { (run(record)) }
        }
    }
}

fn run(record: &Record) -> Markup {
    let key = &record.key;
    html! {
        article.run {
            h3 { (key.experiment) " of " (key.model.name) }
            pre { code { (command(key)) } }
            dl {
                (entry("experiment", html! { (key.experiment) ", version " (key.version) }))
                (entry("model", html! {
                    (key.model.name) ", " (words::count(key.model.parameters)) " parameters, "
                    (words::count(key.model.macs)) " multiply-adds an image"
                }))
                (entry("weights", html! {
                    code { (key.weights.source) } " " (training(key))
                    code.sum { (key.weights.sha256) }
                }))
                (entry("images", html! {
                    (key.data.name) ", " (words::count(key.data.images as u64)) " images"
                    @if key.data.sample { " (the shipped sample)" }
                    code.sum { (key.data.sha256) }
                }))
                (entry("lesions (0-based)", html! { code { (key.plans.to_string()) } }))
                (entry("seed", html! { (key.seed) }))
                (entry("SIMD level", html! { (key.simd) }))
                @if let Some(sum) = &key.claims_sha256 {
                    (entry("claims file", html! { code.sum { (sum) } }))
                }
                (entry("record", html! {
                    a href={ "records/" (record.name) ".json" } {
                        "records/" (record.name) ".json"
                    }
                    ", key " code { (&record.key_hash()[..12]) }
                }))
            }
        }
    }
}

fn entry(name: &str, value: Markup) -> Markup {
    html! { dt { (name) } dd { (value) } }
}

/// Recipe, epochs, seed and test error, as far as the weights file says.
fn training(key: &Key) -> String {
    let weights = &key.weights;
    let facts = [
        weights.recipe.as_ref().map(|recipe| format!("recipe {recipe}")),
        weights.epochs.map(|epochs| words::plural(epochs as usize, "epoch")),
        weights.seed.map(|seed| format!("seed {seed}")),
        weights.test_error.map(|error| {
            format!("error {} on the full test set", words::decimal(100.0 * error, 2) + " %")
        }),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if facts.is_empty() { String::new() } else { format!("({})", facts.join(", ")) }
}

/// The command that asks the same question again.
fn command(key: &Key) -> String {
    format!(
        "cargo xtask lesion {} {} --weights {} --data {} --images {}",
        key.experiment,
        key.model.name,
        weights_name(key),
        if key.data.sample { "sample" } else { "DIR" },
        key.data.images
    )
}
