//! Do a residual network's probes fall off a cliff inside a stage, as a plain one's do? (Ours,
//! with the probes of Alain and Bengio 2016.)

use maud::html;
use record::stats::{Interval, Variance, image_bootstrap, mean, pooled_variance, t_interval};
use record::{Bits, Record};
use serde_json::json;

use super::probes::{Probing, View, draw, largest_fall, need};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure, present, seeds};
use crate::{Answers, Need, ReportError, words};

/// The residual network and its plain relative, with the seeds of each.
const NETWORKS: [(&str, usize); 2] = [("resnet32", 3), ("plain32", 1)];

/// The largest fall of the probes' error over one unit.
pub(super) const STUDY: Study = Study {
    name: "probe-falls",
    needs,
    quantities: &[Quantity { name: "ratio of largest falls", unit: "", measure: ratio }],
    figures: &[StudyFigure {
        name: "fig-probe-falls",
        needs: || needs(&NETWORKS.map(|(name, _)| name.to_owned())),
        draw: |records| {
            let all = records.iter().map(|record| {
                let probing = Probing::trained(record)?;
                let label = probing.name.to_owned();
                Ok((probing, label))
            });
            let all = all.collect::<Result<Vec<_>, ReportError>>()?;
            if all.is_empty() {
                return Err(ReportError::Networks { expected: "networks", given: 0 });
            }
            let title = "Probes with and without skips".into();
            let about = "The networks have the same units, except for the skips.".to_owned();
            draw(&all, View { name: "fig-probe-falls", title, about })
        },
        see: "If skips let the blocks of a stage share one piece of work, the residual networks' \
              curves have no step inside a stage, where the plain network's have some.",
        deviations: "Not in the paper, nor in that of Alain and Bengio.",
    }],
    form: None,
    part,
};

/// All seeds of the first network, then the second.
fn needs(networks: &[String]) -> Vec<Need> {
    let of = |(network, (_, count)): (&String, (&str, usize))| {
        let names = seeds::names(network, count);
        names.into_iter().map(|name| need(&name, json!({ "every": 1 })))
    };
    networks.iter().zip(NETWORKS).flat_map(of).collect()
}

/// The mean over seeds of the largest fall over one unit inside a stage, of the residual
/// network over that of the plain one. With `R = r / p` the variance over seeds is, to first
/// order, `s^2 (1/3 + R^2) / p^2`: the plain network has one seed and borrows the variance
/// `s^2` of the residual one. That over images comes from the bootstrap, which draws the same
/// images for all networks.
fn ratio(records: &[&Record]) -> Result<Estimate, ReportError> {
    let (all, residual) = (read(records)?, NETWORKS[0].1);
    let neighbours = all[0].neighbours();
    let falls = |errors: &[f64]| -> Option<Vec<f64>> {
        let each = errors.chunks_exact(neighbours.len());
        each.map(|errors| largest_fall(errors, &neighbours)).collect()
    };
    let statistic = |errors: &[f64]| {
        let falls = falls(errors)?;
        let (residual, plain) = falls.split_at(residual);
        (plain[0] > 0.0).then(|| mean(residual).map(|mean| mean / plain[0])).flatten()
    };
    let lacking = || ReportError::Lacking("the plain network's probes never fall".into());
    let errors: Vec<f64> = all.iter().flat_map(Probing::errors).collect();
    let right: Vec<&Bits> = all.iter().flat_map(Probing::right).collect();
    let value = statistic(&errors).ok_or_else(lacking)?;
    let Interval { low, high } = image_bootstrap(&right, statistic).ok_or_else(lacking)?;
    // Of a normal distribution 95 % lie within 1.96 deviations of its centre.
    let deviation = (high - low) / (2.0 * 1.959_963_985);
    let degrees = (right[0].len() - 1).max(1) as f64;
    let images = Variance { value: deviation * deviation, degrees };
    let falls = falls(&errors).ok_or_else(lacking)?;
    let spread = pooled_variance(&[&falls[..residual]])
        .ok_or_else(|| ReportError::Lacking("needs two seeds of the residual network".into()))?;
    let factor = (1.0 / residual as f64 + value * value).sqrt() / falls[residual];
    let Interval { low, high } = t_interval(value, &[images, spread.scaled(factor)]);
    Ok(Estimate { value, low, high })
}

/// All networks.
///
/// # Errors
/// If they are not on the same images, or have not the same units.
fn read<'a>(records: &[&'a Record]) -> Result<Vec<Probing<'a>>, ReportError> {
    let expected: usize = NETWORKS.iter().map(|(_, seeds)| seeds).sum();
    if records.len() != expected {
        return Err(ReportError::Networks { expected: "two networks", given: records.len() });
    }
    let all = records.iter().map(|record| Probing::trained(record));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    let units = |probing: &Probing| -> Vec<(usize, usize)> {
        probing.units().iter().map(|unit| (unit.index, unit.stage)).collect()
    };
    let is_same = |pair: &[Probing]| {
        let (a, b) = (&pair[0], &pair[1]);
        a.record.key.images == b.record.key.images && units(a) == units(b)
    };
    if !all.windows(2).all(is_same) || all.iter().any(|probing| probing.every != 1) {
        let what = "needs probes of every unit of networks with the same units, on the same images";
        return Err(ReportError::Lacking(what.into()));
    }
    Ok(all)
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let Ok(records) = answers.find_all(&needs(&NETWORKS.map(|(name, _)| name.to_owned()))) else {
        return Ok(Part::default());
    };
    let Some(Estimate { value, low, high }) = present(ratio(&records))? else {
        return Ok(Part::default());
    };
    let [value, low, high] = [value, low, high].map(|v| words::decimal(v, 2));
    let mut falls = Vec::new();
    for probing in read(&records)? {
        let fall = largest_fall(&probing.errors(), &probing.neighbours()).unwrap_or(0.0);
        falls.push(format!("{} {}", probing.name, words::decimal(100.0 * fall, 1)));
    }
    let body = html! {
        p {
            "The largest fall of the probes' error over one unit inside a stage, in points: "
            (words::list(&falls)) ". The mean of the residual networks over the plain one: "
            b { (value) } " (" (low) " to " (high) "; seeds and images; the plain network, trained \
            once, borrows the spread of the others)."
        }
    };
    let section = Section { id: "probe-falls", title: "Probes with and without skips", body };
    Ok(Part { finding: None, section: Some(section) })
}
