//! What can a linear classifier tell from what each unit hands on? (Alain and Bengio 2016.)

mod curve;
mod figure;
mod shown;

use record::{Answer, Probes, Record};
use serde_json::{Value, json};

use super::{Form, Quantity, Study, StudyFigure};
use crate::figure::Figure;
use crate::{Need, ReportError};

pub(in crate::study) use curve::{Probing, largest_fall};
pub(in crate::study) use figure::{View, draw};

/// The network of the main figure.
const SHOWN: &str = "resnet110";
/// Networks beside it: trained with random blocks, plain, gated.
const MORE: [&str; 3] = ["resnet110-sd", "vgg15", "highway"];

/// The errors of linear probes along a network.
pub(super) const STUDY: Study = Study {
    name: "probes",
    needs: |networks| networks.iter().map(|network| need(network, json!({}))).collect(),
    quantities: &[
        Quantity {
            name: "largest rise",
            unit: "points",
            measure: |records| Probing::trained(one(records)?)?.largest_rise(),
        },
        Quantity {
            name: "distance of the last probe",
            unit: "points",
            measure: |records| Probing::trained(one(records)?)?.distance(),
        },
    ],
    figures: &[
        StudyFigure {
            name: "fig-probes",
            needs: || vec![need(SHOWN, json!({})), need(SHOWN, json!({ "of": "initial" }))],
            draw: depth,
            see: "If each block makes the classes easier to tell apart, the curve falls all along \
                  the network and ends near the dashed line, the error of the network itself. The \
                  control shows what the architecture does without training.",
            deviations: "Not in the paper: a question about networks of its kind, with the method \
                         of Alain and Bengio (2016), who probe a ResNet-50 on ImageNet and fit \
                         their probes by gradient descent. The pooling, the choice of the penalty \
                         and the last fit on all training images are ours.",
        },
        StudyFigure {
            name: "fig-probes-lesions",
            needs: || vec![need(SHOWN, json!({})), need(SHOWN, json!({ "of": "middle" }))],
            draw: lesions,
            see: "Where a curve lies above that of the intact network and stays there, the deleted \
                  block had made something of the image linear that no later block makes up for; \
                  where it comes back, later blocks do the same work.",
            deviations: "Not in the paper. Probes are fitted anew on the lesioned network, so they \
                         say what is there, not what the layers that follow make of it.",
        },
        StudyFigure {
            name: "fig-probes-cells",
            needs: || {
                let grid = json!({ "pool": 4, "every": 6 });
                vec![need(SHOWN, json!({})), need(SHOWN, grid)]
            },
            draw: cells,
            see: "If what averages over whole outputs hide is a matter of place, the probes on 4 x \
                  4 cells do far better in the first stages.",
            deviations: "Not in the paper. The grid has probes on every sixth unit alone.",
        },
        StudyFigure {
            name: "fig-probes-more",
            needs: || {
                let every = |name: &str| match name {
                    // As many blocks as the network of the main figure.
                    "resnet110-sd" => json!({}),
                    _ => json!({ "every": 1 }),
                };
                MORE.iter().map(|name| need(name, every(name))).collect()
            },
            draw: more,
            see: "If a smooth curve comes from residual training, that of the plain network has \
                  steps where the others have none.",
            deviations: "Not in the paper. The networks differ in depth, width and unit; only the \
                         shapes of the curves can be compared.",
        },
    ],
    form: Some(Form { experiment: Probes::EXPERIMENT, table: shown::table, json: shown::json }),
    part: shown::part,
};

/// Probes on means over whole outputs of the trained network, as far as `options` say nothing
/// else.
pub(in crate::study) fn need(network: &str, options: Value) -> Need {
    let mut all = json!({ "of": "trained", "pool": 1 });
    for (name, value) in options.as_object().into_iter().flatten() {
        all[name.as_str()] = value.clone();
    }
    Need { options: all, ..Need::of(Probes::EXPERIMENT, network) }
}

fn one<'a>(records: &[&'a Record]) -> Result<&'a Record, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    Ok(record)
}

/// The records with the labels of their curves.
fn labelled<'a>(
    records: &[&'a Record],
    label: impl Fn(&Probing<'a>) -> String,
) -> Result<Vec<(Probing<'a>, String)>, ReportError> {
    let each = records.iter().map(|record| {
        let probing = Probing::of(record)?;
        let label = label(&probing);
        Ok((probing, label))
    });
    let all: Vec<_> = each.collect::<Result<_, ReportError>>()?;
    if all.is_empty() {
        return Err(ReportError::Networks { expected: "a network", given: 0 });
    }
    Ok(all)
}

fn depth(records: &[&Record]) -> Result<Figure, ReportError> {
    let of = |probing: &Probing| match probing.of {
        "initial" => "initial weights".to_owned(),
        _ => format!("{}, trained", probing.name),
    };
    let all = labelled(records, of)?;
    let title = format!("Do the probes' errors fall with depth? {}", all[0].0.name);
    let about = "The control has initial weights of a seed of its own and batch-norm statistics \
                 from training images."
        .into();
    draw(&all, View { name: "fig-probes-depth", title, about })
}

fn lesions(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = labelled(records, |probing| format!("{}, intact", probing.name))?;
    let title = format!("Probes before and after lesions: {}", all[0].0.name);
    let about =
        "In each stage the block in the middle is deleted, in turn; probes are fitted anew \
                 from there on, and before it they are those of the intact network."
            .into();
    draw(&all, View { name: "fig-probes-lesions", title, about })
}

fn cells(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = labelled(records, |probing| format!("{0} x {0} cells", probing.pool))?;
    let title = format!("Probes on means and on a grid: {}", all[0].0.name);
    draw(&all, View { name: "fig-probes-cells", title, about: String::new() })
}

fn more(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = labelled(records, |probing| probing.name.to_owned())?;
    let title = "Probes of other networks".into();
    let about = "A layer of vgg15 is probed at what it hands on, after the ReLU and the pooling.";
    draw(&all, View { name: "fig-probes-more", title, about: about.into() })
}
