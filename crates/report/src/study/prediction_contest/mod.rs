//! What tells best how much a network loses without a set of its units? (The masks of
//! figure 5a of Veit et al. 2016, no new computation.)
//!
//! Each predictor makes one number of a set of deleted units; the test error under the set
//! is a function of that number, fitted on some draws and judged on the others. The path
//! reading says that the number of deleted blocks is what counts; its rivals say which
//! blocks.

mod contest;
mod figure;
mod fit;

use maud::html;
use record::{Answer, DeleteMany, Record};

use super::{
    Estimate, Part, Quantity, Section, Study, StudyFigure, damage, delete_many, delete_one,
    path_gradients, residual_norms,
};
use crate::{Answers, Need, ReportError, words};
use contest::{Contest, PREDICTORS};
use fit::Form;

/// The network of the figure.
const SHOWN: &str = "resnet110";

/// Predictors of the error under random deletions, in one network.
pub(super) const STUDY: Study = Study {
    name: "prediction-contest",
    needs: |networks| networks.iter().flat_map(|network| needs(network)).collect(),
    quantities: &[
        Quantity { name: "R2 of k", unit: "", measure: |r| r2(r, 0, Form::Monotone) },
        Quantity { name: "R2 of norms", unit: "", measure: |r| r2(r, 1, Form::Monotone) },
        Quantity { name: "R2 of single D", unit: "", measure: |r| r2(r, 2, Form::Monotone) },
        Quantity { name: "R2 of gradient", unit: "", measure: |r| r2(r, 3, Form::Monotone) },
        Quantity { name: "R2 of k, line", unit: "", measure: |r| r2(r, 0, Form::Line) },
        Quantity { name: "R2 of norms, line", unit: "", measure: |r| r2(r, 1, Form::Line) },
        Quantity { name: "R2 of single D, line", unit: "", measure: |r| r2(r, 2, Form::Line) },
        Quantity { name: "R2 of gradient, line", unit: "", measure: |r| r2(r, 3, Form::Line) },
    ],
    figures: &[StudyFigure {
        name: "fig-contest",
        needs: || needs(SHOWN).into(),
        draw: figure::fig_contest,
        see: "If only the number of lost paths matters, the number k of deleted blocks predicts \
              best, and nothing predicts the error among sets of equal size.",
        deviations: "Not in the paper. It uses the random sets of figure 5a; nothing further is run.",
    }],
    form: None,
    part,
};

/// The sets with their errors, and what predictors know of single units.
fn needs(network: &str) -> [Need; 4] {
    [
        delete_many::need(network),
        delete_one::need(network),
        residual_norms::need(network),
        path_gradients::need(network),
    ]
}

fn r2(records: &[&Record], predictor: usize, form: Form) -> Result<Estimate, ReportError> {
    Contest::of(records)?.predicted(predictor, form)?.r2()
}

/// One table for each network of which all three records are there.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(DeleteMany::EXPERIMENT) {
        let [network] = record.key.networks.as_slice() else { continue };
        let [sets, others @ ..] = needs(&network.name);
        if !sets.is_met_by(&record.key) {
            continue;
        }
        if let Ok(others) = answers.find_all(&others)
            && let records = [[record].as_slice(), &others].concat()
            && damage::same(&records[..3]).is_ok()
            && damage::have_same_weights(&records)
        {
            all.push(Contest::of(&records)?);
        }
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let mut body = html! {
        p {
            "How well one number of a set of deleted units predicts the test error under it. "
            b { "R\u{b2}" } ": the part of the variance of the error that predictions explain, each \
             made by a fit on the other draws (five folds of draws, by their number). Every \
             predictor gets the same two forms: a straight line (least squares), and any \
             function that never falls (isotonic regression), which sees the order of the \
             numbers alone. The effective gradient lost is the part of the gradient (figure 6c) that \
             came along paths which the deletion takes away. It depends on how many units are \
             deleted, not on which, so it differs from k as a straight line alone. " b { "Within k" } ": the part of the variance among sets of the same \
             size, for the second form; k itself cannot explain any of it. The 95 % intervals \
             come from drawing the sets again within their sizes, the fits held fixed \
             (bootstrap)."
        }
    };
    for contest in &all {
        let rows = contest.rows()?;
        body = html! {
            (body)
            details open[all.len() == 1] {
                summary {
                    (contest.network.name) ", " (words::plural(contest.draws.len(), "set")) " of deleted "
                    (contest.network.model.unit) "s"
                }
                div.scroll {
                    table.units {
                        thead {
                            tr {
                                th { "Predictor" } th.num { "R\u{b2}, straight line" }
                                th.num { "R\u{b2}, never falling" } th.num { "Within k" }
                            }
                        }
                        tbody {
                            @for (predictor, row) in PREDICTORS.iter().zip(&rows) {
                                tr {
                                    td { (predictor.label) }
                                    @for estimate in row { td.num { (in_words(estimate)) } }
                                }
                            }
                        }
                    }
                }
            }
        };
    }
    let title = "A contest of predictions";
    Ok(Part { finding: None, section: Some(Section { id: "prediction-contest", title, body }) })
}

/// `0.93 (0.92 to 0.94)`.
fn in_words(estimate: &Estimate) -> String {
    let [value, low, high] =
        [estimate.value, estimate.low, estimate.high].map(|value| words::decimal(value, 3));
    format!("{value} ({low} to {high})")
}
