//! The section of the page.

use maud::{Markup, html};
use record::{Answer, EstimationError, UnitErrors};

use super::{NEAR, initial, read, share, summary, trained};
use crate::study::{Estimate, Part, Section, one_network};
use crate::{Answers, ReportError, words};

pub(super) fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(EstimationError::EXPERIMENT) {
        all.push((&one_network(record)?.name, read(&[record])?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let percent = |estimate: Result<Estimate, ReportError>| match estimate {
        Ok(share) => words::percent(share.value / 100.0),
        Err(_) => "none".to_owned(),
    };
    let body = html! {
        p {
            "The difference between a block's output and that of the last block of its stage, over \
             the standard deviation of the latter, channel by channel: the mean over images and \
             positions and the standard deviation over both, medians over the channels. Near 0 are \
             means of at most " (NEAR) ". The control has initial weights."
        }
        @for (name, answer) in &all {
            details {
                summary {
                    (name) ": near 0 are " (percent(share(answer, trained))) " of all (block, channel); \
                    in the control " (percent(share(answer, initial)))
                }
                (rows(answer))
            }
        }
    };
    let section = Section { id: "estimation-error", title: "Estimation errors", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn rows(answer: &EstimationError) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num { "|mean|" } th.num { "Near 0" }
                        th.num { "Spread" } th.num { "Control: |mean|" } th.num { "Near 0" }
                        th.num { "Spread" }
                    }
                }
                tbody {
                    @for UnitErrors { index, name, trained, initial } in
                        answer.stages.iter().flat_map(|stage| &stage.units)
                    {
                        tr {
                            td.num { (index + 1) }
                            td { code { (name) } }
                            @for errors in [trained, initial] {
                                @if let Some([size, near, spread]) = summary(errors) {
                                    td.num { (words::decimal(size, 3)) }
                                    td.num { (words::percent(near)) }
                                    td.num { (words::decimal(spread, 3)) }
                                } @else { td {} td {} td {} }
                            }
                        }
                    }
                }
            }
        }
    }
}
