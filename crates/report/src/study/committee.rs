//! What several classifiers say together, as rows of a table: ensembles and sub-networks
//! have the same columns.

use maud::{Markup, html};
use record::Committee;
use record::stats::quantile;
use serde_json::{Value, json};

use crate::words;

/// Committees with their labels.
pub(super) type Labelled<'a> = (String, &'a Committee);

/// The smallest and the largest error of a member.
pub(super) fn ends(committee: &Committee) -> [f64; 2] {
    let images = committee.mean.len() as f64;
    let errors: Vec<f64> =
        committee.member_wrong.iter().map(|&wrong| f64::from(wrong) / images).collect();
    [0.0, 1.0].map(|p| quantile(&errors, p).unwrap_or(0.0))
}

fn correlation(committee: &Committee) -> String {
    committee.correlation.map_or_else(|| "–".to_owned(), |r| words::decimal(r, 2))
}

/// For the terminal, one a line.
pub(super) fn lines(committees: &[Labelled]) -> String {
    let mut text = format!(
        "{:>16} {:>7} {:>8} {:>15} {:>8} {:>8} {:>11} {:>7} {:>9} {:>7}\n",
        "",
        "members",
        "error %",
        "lowest, highest",
        "mean p %",
        "vote %",
        "correlation",
        "Brier",
        "ambiguity",
        "mean p"
    );
    for (label, committee) in committees {
        let [low, high] = ends(committee).map(|error| 100.0 * error);
        text += &format!(
            "{label:>16} {:>7} {:>8.2} {:>15} {:>8.2} {:>8.2} {:>11} {:>7.4} {:>9.4} {:>7.4}\n",
            committee.member_wrong.len(),
            100.0 * committee.member_error(),
            format!("{low:.2}, {high:.2}"),
            100.0 * committee.mean_error(),
            100.0 * committee.vote_error(),
            correlation(committee),
            committee.member_brier,
            committee.ambiguity,
            committee.brier
        );
    }
    text + "\nError: mean over the members. Mean p: of the mean softmax. Correlation: of two \
            members' errors.\nBrier scores: a member's, minus the ambiguity, is that of the mean \
            softmax.\n"
}

/// For the page, one a row.
pub(super) fn table(committees: &[Labelled]) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Members" } th.num { "A member’s error" } th.num { "Mean softmax" }
                        th.num { "Vote" } th.num { "Correlation of errors" }
                        th.num { "A member’s Brier score" } th.num { "− ambiguity" }
                        th.num { "= mean softmax’s" }
                    }
                }
                tbody {
                    @for (label, committee) in committees {
                        @let [low, high] = ends(committee);
                        tr {
                            td { (label) }
                            td.num {
                                b { (words::percent(committee.member_error())) }
                                small { (words::percent(low)) " to " (words::percent(high)) }
                            }
                            td.num { b { (words::percent(committee.mean_error())) } }
                            td.num { (words::percent(committee.vote_error())) }
                            td.num { (correlation(committee)) }
                            td.num { (words::decimal(committee.member_brier, 3)) }
                            td.num { (words::decimal(committee.ambiguity, 3)) }
                            td.num { (words::decimal(committee.brier, 3)) }
                        }
                    }
                }
            }
        }
    }
}

/// For programs.
pub(super) fn json(committee: &Committee) -> Value {
    json!({
        "member_wrong": committee.member_wrong,
        "mean_wrong": committee.mean.len() - committee.mean.count_ones(),
        "vote_wrong": committee.vote.len() - committee.vote.count_ones(),
        "correlation": committee.correlation,
        "member_brier": committee.member_brier,
        "ambiguity": committee.ambiguity,
        "brier": committee.brier,
    })
}
