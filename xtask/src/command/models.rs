//! `cargo xtask models`: architectures with their sizes and units, and trained networks.

use anyhow::Result;
use clap::Args;
use lesion::{Catalogue, TrainedNetwork};
use models::{Arch, Model, Unit, UnitShape};
use serde::Serialize;

use crate::output::{print, print_line};
use crate::weights::catalogue;

/// Options of `models`.
#[derive(Args)]
pub(crate) struct ModelsArgs {
    /// List the units of this network [default: list architectures and trained networks]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Vec<UnitRow>>,
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
    match &args.model {
        Some(name) => {
            let model = Arch::parse(name)?.build::<f32>(0);
            let rows = model.units.iter().enumerate().map(unit_row);
            let network = Network { units: Some(rows.collect()), ..network(&model, &catalogue) };
            print_as(args.json, &network, unit_table)
        }
        None => {
            let listed = Arch::listed().into_iter().map(|arch| network(&arch.build(0), &catalogue));
            print_as(args.json, &listed.collect::<Vec<_>>(), |networks| {
                network_table(networks) + "\n" + &trained_table(&catalogue.networks)
            })
        }
    }
}

fn print_as<T: Serialize>(json: bool, value: &T, table: impl Fn(&T) -> String) -> Result<()> {
    if json { print_line(serde_json::to_string(value)?) } else { print(table(value)) }
}

fn network(model: &Model<f32>, catalogue: &Catalogue) -> Network {
    let trained = catalogue.networks.iter().filter(|network| network.model == model.name);
    Network {
        name: model.name.clone(),
        unit_count: model.units.len(),
        parameters: model.params.count_trained(),
        macs: model.macs(),
        trained: trained.map(|network| network.name.clone()).collect(),
        units: None,
    }
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
    text += "\nMACs: multiplications for one image. `cargo xtask models NAME` lists the units;\n\
             resnetD and resnetD-v1 exist for every depth D = 6n + 2.\n";
    text
}

fn trained_table(networks: &[TrainedNetwork]) -> String {
    let mut text = format!(
        "{:14} {:14} {:10} {:8} {:>6} {:>4} {:>12}\n",
        "trained", "model", "recipe", "paths", "epochs", "seed", "test error %"
    );
    for network in networks {
        let TrainedNetwork { name, model, recipe, paths, epochs, seed, test_error, .. } = network;
        text += &format!(
            "{name:14} {model:14} {recipe:10} {paths:8} {epochs:6} {seed:4} {:12.2}\n",
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
    text + "\nUnits and stages count from 0.\n"
}
