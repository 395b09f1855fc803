//! Do more groups at equal parameters learn better, and do the groups of a block share its
//! work additively? (Xie et al. 2017, "Aggregated Residual Transformations".)

mod groups;
mod losses;

use maud::{Markup, html};
use record::stats::mean;
use record::{Answer, DeleteBranches, TrainingLog};

use super::{Estimate, Part, Quantity, Section, Study, StudyFigure, delete_one, present, seeds};
use crate::{Answers, Need, ReportError, words};
use groups::{Network, left_out, median_share};
use losses::{Arm, Difference};

/// Networks of as many parameters. The last is shown and not judged: its groups of two
/// channels are narrower than any of the source.
const NETWORKS: [&str; 3] = ["resnext29-4x6", "resnext29-1x16", "resnext29-15x2"];

/// The network whose groups are deleted.
const DELETED: &str = NETWORKS[2];

/// Seeds of each network.
const SEEDS: usize = 3;

/// Groups of convolutions: what they are worth while training, and what their loss costs.
pub(super) const STUDY: Study = Study {
    name: "cardinality",
    needs,
    quantities: &[
        Quantity {
            name: "difference of losses",
            unit: "",
            measure: |records| Ok(Difference::of(records)?.estimate()),
        },
        Quantity {
            name: "difference in standard errors",
            unit: "",
            measure: |records| Difference::of(records)?.in_standard_errors(),
        },
        Quantity { name: "median share of single groups", unit: "", measure: median_share },
    ],
    figures: &[
        StudyFigure {
            name: "fig-cardinality",
            needs: || logs(&NETWORKS.map(str::to_owned)),
            draw: losses::draw,
            see: "If more cardinality learns better, the curves lie lower the more groups a network \
                  has.",
            deviations: "Not in the paper. The networks have a quarter of the width of those of Xie \
                         et al. (2017) and are trained for 10 epochs instead of 300.",
        },
        StudyFigure {
            name: "fig-groups",
            needs: || deletions(DELETED),
            draw: groups::draw,
            see: "If the groups share a block's work additively, the two marks of each block lie at \
                  the same height. If groups stand in for each other, the sum lies below the block.",
            deviations: "Not in the paper, nor in that of Xie et al., who delete nothing.",
        },
    ],
    form: None,
    part,
};

/// Of one network the deletions of its groups and blocks; of several the logs of their
/// trainings.
fn needs(networks: &[String]) -> Vec<Need> {
    match networks {
        [network] => deletions(network),
        networks => logs(networks),
    }
}

fn logs(networks: &[String]) -> Vec<Need> {
    let of = |network: &String| seeds::names(network, SEEDS);
    let names = networks.iter().flat_map(of);
    names.map(|name| Need::of(TrainingLog::EXPERIMENT, &name)).collect()
}

/// For each seed the groups, then the blocks.
fn deletions(network: &str) -> Vec<Need> {
    let names = seeds::names(network, SEEDS).into_iter();
    let of = |name: String| [Need::of(DeleteBranches::EXPERIMENT, &name), delete_one::need(&name)];
    names.flat_map(of).collect()
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut body = Vec::new();
    let mut arms = Vec::new();
    for network in NETWORKS {
        let Ok(records) = answers.find_all(&logs(&[network.to_owned()])) else { continue };
        arms.extend(Arm::all(&records)?);
    }
    if !arms.is_empty() {
        body.push(loss_table(&arms));
    }
    if let Ok(records) = answers.find_all(&logs(&[NETWORKS[0], NETWORKS[1]].map(str::to_owned))) {
        let Estimate { value, low, high } = Difference::of(&records)?.estimate();
        let [value, low, high] = [value, low, high].map(|loss| words::decimal(loss, 4));
        body.push(html! {
            p {
                (NETWORKS[0]) " minus " (NETWORKS[1]) ", mean training loss of the last epoch: "
                b { (value) } " nats (" (low) " to " (high) ", over seeds)."
            }
        });
    }
    if let Ok(records) = answers.find_all(&deletions(DELETED)) {
        let networks = groups::networks(&records)?;
        body.push(group_table(&networks));
        let text = match present(median_share(&records))? {
            Some(Estimate { value, low, high }) => {
                let [value, low, high] = [value, low, high].map(|share| words::decimal(share, 2));
                format!(
                    "Median share over the blocks that are not boundaries, mean over the seeds: \
                     {value} ({low} to {high}; seeds and images). 1 is additive."
                )
            }
            None => "Too few blocks have a D that the images can tell from 0, so there is no \
                     median share."
                .into(),
        };
        let out = networks.iter().map(|one| format!("{}: {}", one.name, left_out(one)));
        let out = out.collect::<Vec<_>>().join("; ");
        body.push(html! {
            p { (text) " Blocks left out, since the interval of their D reaches 0: " (out) "." }
        });
    }
    if body.is_empty() {
        return Ok(Part::default());
    }
    let (title, body) = ("Groups of a block", html! { @for one in &body { (one) } });
    Ok(Part { finding: None, section: Some(Section { id: "cardinality", title, body }) })
}

fn loss_table(arms: &[Arm]) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" } th.num { "Training loss, last epoch" }
                        th.num { "Each seed" }
                    }
                }
                tbody {
                    @for arm in arms {
                        @let each = arm.last();
                        @let texts: Vec<String> =
                            each.iter().map(|loss| words::decimal(*loss, 4)).collect();
                        tr {
                            td { (arm.name) }
                            td.num { b { (words::decimal(mean(&each).unwrap_or(f64::NAN), 4)) } }
                            td.num { (texts.join(", ")) }
                        }
                    }
                }
            }
        }
    }
}

fn group_table(networks: &[Network]) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" } th.num { "Block" } th.num { "D of the block (points)" }
                        th.num { "Sum of D over its groups" } th.num { "Share" }
                    }
                }
                tbody {
                    @for network in networks {
                        @for block in &network.blocks {
                            tr {
                                td { (network.name) }
                                td.num {
                                    (block.index + 1) @if block.boundary { " (boundary)" }
                                }
                                td.num { (words::points(network.damage(block).difference())) }
                                td.num { (words::points(network.sum(block))) }
                                td.num {
                                    @match network.share(block) {
                                        Some(share) => (words::decimal(share, 2)),
                                        None => "left out",
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
