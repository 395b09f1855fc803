//! Exactly what was run: each record's key, and the command that repeats it.

mod command;

use maud::{Markup, html};
use record::{ImagesId, Key, NetworkId, Record};

use crate::words;
use command::command;

pub(super) fn section(records: &[Record]) -> Markup {
    let is_preview = records.iter().any(|record| record.key.is_preview());
    let again = if is_preview { "cargo xtask reproduce" } else { "cargo xtask reproduce --full" };
    html! {
        section #runs {
            h2 { "Exactly what was run" }
            p {
                "A record holds the question, the weights and images by their sha-256, and every \
                 raw number; thread count and time of day have no influence on it. "
                code { (again) } " repeats everything on this page."
            }
            @for record in records { (run(record)) }
        }
    }
}

/// The address of a record's details within the page.
pub(super) fn id(record: &Record) -> String {
    format!("run-{}", record.name)
}

fn run(record: &Record) -> Markup {
    let key = &record.key;
    html! {
        article.run id=(id(record)) {
            h3 { (title(key)) }
            pre { code { (command(key)) } }
            dl {
                (entry("experiment", html! { (key.experiment) ", version " (key.version) }))
                @if key.options.as_object().is_some_and(|options| !options.is_empty()) {
                    (entry("options", html! { code { (key.options) } }))
                }
                @for network in &key.networks { (network_entries(network)) }
                @for images in &key.images { (entry("images", images_of(images))) }
                (entry("work", html! { code.sum { (key.work) } }))
                (entry("SIMD level", html! { (key.simd) }))
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

/// `delete-one of resnet20`.
pub(super) fn title(key: &Key) -> String {
    let names: Vec<&str> = key.networks.iter().map(|network| network.name.as_str()).collect();
    match names.as_slice() {
        [] => key.experiment.clone(),
        names => format!("{} of {}", key.experiment, words::list(names)),
    }
}

fn entry(name: &str, value: Markup) -> Markup {
    html! { dt { (name) } dd { (value) } }
}

fn network_entries(network: &NetworkId) -> Markup {
    let NetworkId { model, weights, conventions, branch_scale, .. } = network;
    let numbers = |values: &[f32]| {
        let texts: Vec<String> = values.iter().map(f32::to_string).collect();
        texts.join(" ")
    };
    let scaled = branch_scale.iter().any(|scale| *scale != 1.0);
    html! {
        (entry("model", html! {
            (model.name) ", " (words::count(model.parameters)) " parameters, "
            (words::count(model.macs)) " multiply-adds an image"
        }))
        (entry("weights", html! {
            code { (weights.source) } " " (training(network))
            code.sum { (weights.sha256) }
        }))
        (entry("inputs", html! {
            "mean " (numbers(&conventions.mean)) ", deviation " (numbers(&conventions.std))
        }))
        @if scaled {
            (entry("branch scales", html! {
                @for scale in branch_scale { (scale) " " }
            }))
        }
    }
}

fn images_of(images: &ImagesId) -> Markup {
    html! {
        (images.name) ", " (words::count(images.images as u64)) " images"
        @if images.sample { " (the shipped sample)" }
        code.sum { (images.sha256) }
    }
}

/// Recipe, epochs, seed and test error, as far as the weights file says.
fn training(network: &NetworkId) -> String {
    let weights = &network.weights;
    let facts = [
        weights.recipe.as_ref().map(|recipe| format!("recipe {recipe}")),
        weights.epochs.map(|epochs| match weights.of_epochs {
            Some(of) => format!("{epochs} of {of} epochs"),
            None => words::plural(epochs as usize, "epoch"),
        }),
        weights.seed.map(|seed| format!("seed {seed}")),
        weights.test_error.map(|error| {
            format!("error {} on the full test set", words::decimal(100.0 * error, 2) + " %")
        }),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if facts.is_empty() { String::new() } else { format!("({})", facts.join(", ")) }
}
