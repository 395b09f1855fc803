//! From one claim to its row: what it names is found, measured and judged.

use record::Record;

use super::ClaimResult;
use super::criteria::{Ask, Claim};
use super::verdict::{self, Verdict};
use crate::study::{Estimate, Study};
use crate::{Answers, ReportError, words};

/// Everything that a claim's conditions name, measured.
struct Measured<'a> {
    estimates: Vec<(Ask<'a>, Estimate)>,
    /// Each record once.
    records: Vec<&'a Record>,
}

/// The row of one claim.
pub(super) fn result(
    claim: &Claim,
    studies: &[&Study],
    answers: &Answers,
) -> Result<ClaimResult, ReportError> {
    let row = ClaimResult {
        id: claim.id.clone(),
        figure: claim.figure.clone(),
        statement: claim.statement.clone(),
        paper: claim.paper.clone(),
        ours: None,
        interval: None,
        n: None,
        networks: claim.networks.clone(),
        criterion: claim.criterion.clone(),
        study: claim.study.clone(),
        verdict: Verdict::not_run(String::new()),
        record: None,
    };
    let Measured { estimates, records } = match measure(claim, studies, answers) {
        Ok(measured) => measured,
        Err(ReportError::Lacking(reason)) => {
            return Ok(ClaimResult { verdict: Verdict::not_run(reason), ..row });
        }
        Err(error) => return Err(error),
    };
    let each = |show: fn(&Ask, &Estimate) -> String| {
        let texts: Vec<String> = estimates.iter().map(|(ask, found)| show(ask, found)).collect();
        Some(texts.join("; "))
    };
    let images = records.iter().filter_map(|record| record.key.images.first());
    let n = images.map(|images| images.images).min();
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    let is_preview = records.iter().any(|record| record.key.is_preview());
    let (level, borderline) = verdict::level(claim, &estimates);
    Ok(ClaimResult {
        ours: each(|ask, found| {
            format!("{} {}", ask.quantity, with_unit(number(found.value, ask.unit), ask.unit))
        }),
        interval: each(|ask, found| {
            let (low, high) = (number(found.low, ask.unit), number(found.high, ask.unit));
            with_unit(format!("{low} to {high}"), ask.unit)
        }),
        n,
        verdict: Verdict { level, borderline, preview: n.filter(|_| is_preview), reason: None },
        record: (!names.is_empty()).then(|| names.join("; ")),
        ..row
    })
}

/// Measures each quantity of a claim once.
///
/// Mistakes in the claims file come before anything that is not there.
fn measure<'a>(
    claim: &'a Claim,
    studies: &[&Study],
    answers: &Answers<'a>,
) -> Result<Measured<'a>, ReportError> {
    let mistake =
        |error: &dyn std::fmt::Display| ReportError::Claims(format!("{}: {error}", claim.id));
    let (mut known, mut unknown) = (Vec::new(), None);
    for ask in claim.asks() {
        let Some(study) = studies.iter().find(|study| study.name == ask.study) else {
            unknown = unknown.or(Some(ask.study));
            continue;
        };
        let quantity = study.quantity(ask.quantity).map_err(|error| mistake(&error))?;
        if quantity.unit != ask.unit {
            let (found, expected) = (ask.unit, quantity.unit);
            let what = format!("{:?} has the unit {found:?}, expected {expected:?}", ask.quantity);
            return Err(mistake(&what));
        }
        known.push((ask, *study, quantity));
    }
    if let Some(study) = unknown {
        return Err(ReportError::Lacking(format!("this version has no study {study}")));
    }
    let mut measured = Measured { estimates: Vec::new(), records: Vec::new() };
    for (ask, study, quantity) in known {
        let records = answers.find_all(&(study.needs)(ask.networks))?;
        let estimate = (quantity.measure)(&records).map_err(|error| match error {
            ReportError::Networks { .. } => mistake(&format!("{:?}: {error}", ask.quantity)),
            other => other,
        })?;
        measured.estimates.push((ask, estimate));
        for record in records {
            if !measured.records.contains(&record) {
                measured.records.push(record);
            }
        }
    }
    Ok(measured)
}

/// A number as claims show it: two decimals, and none for a count.
pub(super) fn number(value: f64, unit: &str) -> String {
    let count = unit.is_empty() && value.fract() == 0.0;
    words::decimal(value, if count { 0 } else { 2 })
}

pub(super) fn with_unit(text: String, unit: &str) -> String {
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}
