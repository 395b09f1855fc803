//! `cargo xtask models`: the networks, their sizes and their units.

use anyhow::Result;
use clap::Args;
use models::{Arch, Model, Unit, UnitShape};
use serde::Serialize;

/// Options of `models`.
#[derive(Args)]
pub(crate) struct ModelsArgs {
    /// List the units of this network [default: list the networks]
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
    match &args.model {
        Some(name) => {
            let model = Arch::parse(name)?.build::<f32>(0);
            let rows = model.units.iter().enumerate().map(unit_row);
            let network = Network { units: Some(rows.collect()), ..network(&model) };
            print_as(args.json, &network, unit_table)
        }
        None => {
            let networks: Vec<Network> =
                Arch::listed().into_iter().map(|arch| network(&arch.build(0))).collect();
            print_as(args.json, &networks, |networks| network_table(networks))
        }
    }
}

fn print_as<T: Serialize>(json: bool, value: &T, table: impl Fn(&T) -> String) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(value)?);
    } else {
        print!("{}", table(value));
    }
    Ok(())
}

fn network(model: &Model<f32>) -> Network {
    Network {
        name: model.name.clone(),
        unit_count: model.units.len(),
        parameters: model.params.count_trained(),
        macs: model.macs(),
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
