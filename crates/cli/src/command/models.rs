//! `cargo xtask models`: architectures with their sizes and units, and trained networks.

use anyhow::{Result, bail, ensure};
use clap::Args;
use lesion::{Catalogue, TrainedNetwork};
use models::{Arch, Model, Unit, UnitShape};
use serde::Serialize;

use crate::output::{print, print_line};
use crate::weights::catalogue;

/// Options of `models`.
#[derive(Args)]
pub struct ModelsArgs {
    /// List the units of this network, or the networks of a pattern such as 'resnet*'
    /// [default: list architectures and trained networks]
    model: Option<String>,
    /// Print the result as JSON, on the last line
    #[arg(long)]
    json: bool,
}

/// One network, with its units where they are asked for.
#[derive(Serialize)]
struct Network {
    name: String,
    unit_count: usize,
    parameters: usize,
    macs: u64,
    /// The names of the trained networks of this architecture.
    trained: Vec<String>,
    /// The same networks with their training and error.
    weights: Vec<Weights>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Vec<UnitRow>>,
}

/// A trained network that ships; the error is a fraction of all 10,000 test images.
#[derive(Serialize)]
struct Weights {
    name: String,
    recipe: String,
    paths: String,
    backward: String,
    epochs: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_epochs: Option<u32>,
    seed: u64,
    test_error: f64,
}

#[derive(Serialize)]
struct UnitRow {
    index: usize,
    name: String,
    stage: usize,
    /// Height, width, channels.
    input: [usize; 3],
    output: [usize; 3],
    deletable: bool,
    movable: bool,
    boundary: bool,
    macs: u64,
}

pub(crate) fn run(args: &ModelsArgs) -> Result<()> {
    let catalogue = catalogue()?;
    match args.model.as_deref() {
        Some(name) if !name.contains(['*', '?']) => {
            let model = arch(name, &catalogue)?.build::<f32>(0);
            let rows = model.units.iter().enumerate().map(unit_row);
            let network = Network { units: Some(rows.collect()), ..network(&model, &catalogue) };
            print_as(args.json, &network, unit_table)
        }
        pattern => {
            let fits = |name: &str| pattern.is_none_or(|pattern| matches(pattern, name));
            let mut shown = catalogue.clone();
            shown.networks.retain(|network| fits(&network.name) || fits(&network.model));
            let mut archs = Arch::listed();
            // Those that only a trained network has.
            for network in &shown.networks {
                let arch = Arch::parse(&network.model)?;
                if !archs.contains(&arch) {
                    archs.push(arch);
                }
            }
            archs.retain(|arch| {
                let name = arch.to_string();
                fits(&name) || shown.networks.iter().any(|network| network.model == name)
            });
            let pattern = pattern.unwrap_or_default();
            ensure!(!archs.is_empty(), "no network fits {pattern}; `cargo xtask models` lists all");
            let listed = archs.into_iter().map(|arch| network(&arch.build(0), &shown));
            print_as(args.json, &listed.collect::<Vec<_>>(), |networks| {
                network_table(networks) + "\n" + &trained_table(&shown.networks)
            })
        }
    }
}

/// The architecture called `name`.
fn arch(name: &str, catalogue: &Catalogue) -> Result<Arch> {
    if let Some(TrainedNetwork { model, .. }) = catalogue.named(name)
        && model != name
    {
        bail!("{name} is a trained {model}; its units: cargo xtask models {model}");
    }
    Ok(Arch::parse(name)?)
}

/// Whether a name fits a pattern: `*` stands for any characters, `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => name
            .char_indices()
            .map(|(at, _)| at)
            .chain([name.len()])
            .any(|at| matches(rest.as_str(), &name[at..])),
        Some(first) => {
            let mut name = name.chars();
            name.next().is_some_and(|c| first == '?' || first == c)
                && matches(rest.as_str(), name.as_str())
        }
    }
}

fn print_as<T: Serialize>(json: bool, value: &T, table: impl Fn(&T) -> String) -> Result<()> {
    if json { print_line(serde_json::to_string(value)?) } else { print(table(value)) }
}

fn network(model: &Model<f32>, catalogue: &Catalogue) -> Network {
    let trained = || catalogue.networks.iter().filter(|network| network.model == model.name);
    Network {
        name: model.name.clone(),
        unit_count: model.units.len(),
        parameters: model.params.count_trained(),
        macs: model.macs(),
        trained: trained().map(|network| network.name.clone()).collect(),
        weights: trained().map(weights).collect(),
        units: None,
    }
}

fn weights(network: &TrainedNetwork) -> Weights {
    let TrainedNetwork {
        name, recipe, paths, backward, epochs, of_epochs, seed, test_error, ..
    } = network.clone();
    Weights { name, recipe, paths, backward, epochs, of_epochs, seed, test_error }
}

fn unit_row((index, unit): (usize, &Unit)) -> UnitRow {
    let shape = |UnitShape { h, w, c }| [h, w, c];
    UnitRow {
        index,
        name: unit.name.clone(),
        stage: unit.stage,
        input: shape(unit.input),
        output: shape(unit.output),
        deletable: unit.is_deletable(),
        movable: unit.is_movable(),
        boundary: unit.is_boundary(),
        macs: unit.macs(),
    }
}

fn network_table(networks: &[Network]) -> String {
    let mut text = format!("{:14} {:>5} {:>10} {:>12}\n", "model", "units", "parameters", "MACs");
    for Network { name, unit_count, parameters, macs, .. } in networks {
        text += &format!("{name:14} {unit_count:5} {parameters:10} {macs:12}\n");
    }
    text += "\nMACs: multiplications for one image. `cargo xtask models NAME` lists the units.\n\n";
    for family in models::FAMILIES {
        text += &format!("{}:\n    {}\n", family.names, family.source);
    }
    text
}

fn trained_table(networks: &[TrainedNetwork]) -> String {
    if networks.is_empty() {
        return "No trained network of these ships with the repository.\n".to_owned();
    }
    let mut text = format!(
        "{:14} {:14} {:10} {:8} {:>6} {:>4} {:>12}\n",
        "trained", "model", "recipe", "paths", "epochs", "seed", "test error %"
    );
    for network in networks {
        let TrainedNetwork { name, model, recipe, seed, test_error, .. } = network;
        text += &format!(
            "{name:14} {model:14} {recipe:10} {:8} {:>6} {seed:4} {:12.2}\n",
            network.paths_in_words(),
            network.epochs_in_words(),
            100.0 * test_error
        );
    }
    text + "\nTrained networks ship with the repository; `--weights NAME` takes their names.\n"
}

fn unit_table(network: &Network) -> String {
    let Network { name, parameters, macs, .. } = network;
    let mut text = format!("{name}: {parameters} parameters, {macs} MACs\n\n");
    let shape = |[h, w, c]: [usize; 3]| format!("{h} x {w} x {c}");
    text += &format!(
        "unit  {:12} {:>5}  {:13} {:13} {:>10}\n",
        "name", "stage", "input", "output", "MACs"
    );
    for unit in network.units.iter().flatten() {
        let remark = match (unit.boundary, unit.deletable) {
            (true, _) => "  boundary",
            (_, false) => "  cannot be deleted",
            _ => "",
        };
        text += &format!(
            "{:4}  {:12} {:5}  {:13} {:13} {:10}{remark}\n",
            unit.index,
            unit.name,
            unit.stage,
            shape(unit.input),
            shape(unit.output),
            unit.macs
        );
    }
    for Weights { name, recipe, epochs, of_epochs, test_error, .. } in &network.weights {
        let of = of_epochs.map_or_else(String::new, |of| format!(" of {of}"));
        let error = 100.0 * test_error;
        text +=
            &format!("\ntrained: {name} ({recipe}, {epochs}{of} epochs), test error {error:.2} %");
    }
    let end = if network.weights.is_empty() { "" } else { "\n" };
    text + end + "\nUnits and stages count from 0.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "vgg15", true),
            ("resnet*", "resnet20", true),
            ("resnet*", "preresnet20", false),
            ("*-v1", "resnet20-v1", true),
            ("*-v1", "resnet20", false),
            ("resnet?0", "resnet20", true),
            ("resnet?0", "resnet110", false),
            ("r*t*0", "resnet110", true),
            ("r*t*0", "resnet112", false),
            ("[r]*", "resnet20", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
