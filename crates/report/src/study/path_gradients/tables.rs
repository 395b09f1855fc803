//! Path gradients in the terminal, for programs, and on the page.

use maud::{Markup, html};
use record::{Answer as _, PathGradients, Record};
use serde_json::json;

use super::fig6b::mean_row;
use super::fig6c::effective_range;
use super::gradients::{Gradients, product};
use super::quantities::centre;
use crate::study::{Part, Section};
use crate::{Answers, ReportError, words};

/// One length.
struct Line {
    k: usize,
    /// Paths tried on each batch, and whether these are all.
    paths: usize,
    all: bool,
    mean: f64,
    median: f64,
    zeros: f64,
    /// The part of the product of number and mean norm.
    product: f64,
    /// The exact share, and the mean norm of all paths together; none without exact batches.
    exact: Option<(f64, f64)>,
}

fn lines(gradients: &Gradients) -> Vec<Line> {
    let answer = &gradients.answer;
    let means = mean_row(gradients);
    let parts = product(&means);
    let squared: f64 = answer.exact.iter().map(|batch| batch.squared).sum();
    let batches = answer.exact.len() as f64;
    let line = |k: usize| {
        let sum = |of: fn(&record::LengthBatch) -> &[f64]| -> f64 {
            answer.exact.iter().map(|batch| of(batch)[k]).sum()
        };
        let first = &answer.paths[0].lengths[k];
        Line {
            k,
            paths: first.at_images.len(),
            all: first.all,
            mean: means[k],
            median: gradients.quantile(k, 0.5),
            zeros: gradients.zeros(k),
            product: parts.as_ref().map_or(0.0, |parts| parts[k]),
            exact: (squared > 0.0)
                .then(|| (sum(|b| &b.products) / squared, sum(|b| &b.norms) / batches)),
        }
    };
    (0..=gradients.n()).map(line).collect()
}

/// Centre and range of the product, and the sum of the exact shares.
fn summary(gradients: &Gradients) -> String {
    let means = mean_row(gradients);
    let (from, to) = effective_range(&means);
    let centre = centre(&means).map_or_else(|| "none".to_owned(), |c| words::decimal(c, 2));
    let exact = &gradients.answer.exact;
    let squared: f64 = exact.iter().map(|batch| batch.squared).sum();
    let products: f64 = exact.iter().flat_map(|batch| &batch.products).sum();
    let shares = if squared > 0.0 {
        format!("; exact shares sum to {}", words::decimal(products / squared, 4))
    } else {
        String::new()
    };
    format!(
        "number of paths x mean norm: centre {centre} of {} branches, 95 % of it at {from} to \
         {to}{shares}; {}",
        gradients.n(),
        gradients.zeros_in_words()
    )
}

pub(super) fn table(record: &Record) -> Result<String, ReportError> {
    let gradients = Gradients::of(record)?;
    let mut text = format!(
        "path-gradients: {}; {}\n{}\n\n{:>6} {:>6} {:>10} {:>10} {:>8} {:>8} {:>12} {:>12}\n",
        gradients.label(),
        gradients.about(),
        summary(&gradients),
        "length",
        "paths",
        "mean norm",
        "median",
        "zeros",
        "product",
        "exact share",
        "norm of all"
    );
    for line in lines(&gradients) {
        let (share, norm) = line.exact.map_or_else(Default::default, |(share, norm)| {
            (format!("{} %", words::decimal(100.0 * share, 2)), format!("{norm:.3e}"))
        });
        text += &format!(
            "{:6} {:>6} {:10.3e} {:10.3e} {:6.1} % {:6.2} % {share:>12} {norm:>12}\n",
            line.k,
            format!("{}{}", line.paths, if line.all { "*" } else { "" }),
            line.mean,
            line.median,
            100.0 * line.zeros,
            100.0 * line.product,
        );
    }
    text += "\nPaths: of each length on each batch; * all there are. Norms: at the normalised \
             images.\nProduct: number of paths x mean norm, as part of the sum. Exact share: of \
             all paths of the\nlength in the whole gradient.\n";
    Ok(text)
}

pub(super) fn json(record: &Record) -> Result<String, ReportError> {
    let gradients = Gradients::of(record)?;
    let PathGradients { units, batch, paths, exact } = &gradients.answer;
    let lines = lines(&gradients);
    let list = |of: fn(&Line) -> serde_json::Value| lines.iter().map(of).collect::<Vec<_>>();
    let form = json!({
        "units": units,
        "batch": batch,
        "batches": paths.len(),
        "exact_batches": exact.len(),
        "paths": list(|line| line.paths.into()),
        "all": list(|line| line.all.into()),
        "mean_norm": list(|line| line.mean.into()),
        "median_norm": list(|line| line.median.into()),
        "zeros": list(|line| line.zeros.into()),
        "product": list(|line| line.product.into()),
        "exact_share": list(|line| line.exact.map(|(share, _)| share).into()),
        "exact_norm": list(|line| line.exact.map(|(_, norm)| norm).into()),
    });
    Ok(form.to_string())
}

pub(super) fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records = answers.of(PathGradients::EXPERIMENT).map(Gradients::of);
    let all = records.collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "The gradient of the mean cross-entropy along single paths: at the units of a path it \
             goes back through the branch alone, at the others through the skip alone. Product: the \
             number of paths of a length times their mean norm, as part of the sum; it ignores that \
             paths cancel. Exact share: \u{27e8}g" sub { "k" } ", g\u{27e9} / |g|\u{b2}, where g"
            sub { "k" } " is the total gradient of all paths of length k and g the whole one."
        }
        @for gradients in &all {
            details {
                summary { (gradients.label()) "; " (gradients.about()) }
                p { (summary(gradients)) "." }
                (rows(&lines(gradients)))
            }
        }
    };
    let section = Section { id: "path-gradients", title: "Gradients along paths", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn rows(lines: &[Line]) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "Length" } th.num { "Paths a batch" } th.num { "Mean norm" }
                        th.num { "Median" } th.num { "Zeros" } th.num { "Product" }
                        th.num { "Exact share" } th.num { "Norm of all" }
                    }
                }
                tbody {
                    @for line in lines {
                        tr {
                            td.num { (line.k) }
                            td.num { (line.paths) @if line.all { " (all)" } }
                            td.num { (format!("{:.2e}", line.mean)) }
                            td.num { (format!("{:.2e}", line.median)) }
                            td.num { (words::percent(line.zeros)) }
                            td.num { b { (words::percent(line.product)) } }
                            @if let Some((share, norm)) = line.exact {
                                td.num { b { (words::percent(share)) } }
                                td.num { (format!("{norm:.2e}")) }
                            } @else {
                                td.num {} td.num {}
                            }
                        }
                    }
                }
            }
        }
    }
}
