//! The paper's claims, judged by criteria fixed beforehand.
//!
//! `docs/claims.toml` states every claim with its criterion; [`results`] applies the
//! criteria to records. A claim without the records it needs is `not run`.

mod criteria;
mod judge;
mod table;
mod verdict;

use record::Record;
use serde::Serialize;

use crate::ReportError;
use crate::sweep::Sweep;
use judge::Estimate;

pub use criteria::{Claim, Claims, Condition, Operator, Rule};
pub use table::table;
pub use verdict::{Level, Verdict};

/// The committed claims file.
pub const TEXT: &str = include_str!("../../../docs/claims.toml");

/// sha-256 of [`TEXT`], as records store it.
pub fn sha256() -> String {
    record::sha256_hex(TEXT.as_bytes())
}

/// One row of `claims.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimResult {
    /// `c01` to `c24`.
    pub id: String,
    /// The figure the claim is about, or `text`.
    pub figure: String,
    /// The claim.
    pub statement: String,
    /// The paper's value.
    pub paper: String,
    /// Our values, one for each quantity of the criterion, separated by `; `.
    pub ours: Option<String>,
    /// Their 95 % intervals, in the same order.
    pub interval: Option<String>,
    /// Number of images.
    pub n: Option<usize>,
    /// The networks the claim is judged on.
    pub networks: Vec<String>,
    /// The rule in words.
    pub criterion: String,
    /// What came out.
    pub verdict: Verdict,
    /// Name of the record judged.
    pub record: Option<String>,
}

/// Judges every claim on `records`.
///
/// Of several records that answer the same claim the one with most images counts, then
/// the first by name.
///
/// # Errors
/// [`ReportError::Claims`], when a condition names a quantity that is not measured.
pub fn results(claims: &Claims, records: &[Record]) -> Result<Vec<ClaimResult>, ReportError> {
    claims.claims.iter().map(|claim| result(claim, records)).collect()
}

/// The rows as JSON, indented, ending with a newline.
pub fn to_json(results: &[ClaimResult]) -> String {
    serde_json::to_string_pretty(results).expect("rows are plain data") + "\n"
}

fn result(claim: &Claim, records: &[Record]) -> Result<ClaimResult, ReportError> {
    let mut row = ClaimResult {
        id: claim.id.clone(),
        figure: claim.figure.clone(),
        statement: claim.statement.clone(),
        paper: claim.paper.clone(),
        ours: None,
        interval: None,
        n: None,
        networks: claim.networks.clone(),
        criterion: claim.criterion.clone(),
        verdict: Verdict::not_run(String::new()),
        record: None,
    };
    let sweep = match find(claim, records) {
        Ok(sweep) => sweep,
        Err(reason) => return Ok(ClaimResult { verdict: Verdict::not_run(reason), ..row }),
    };
    let estimates = match judge::quantities(&claim.id, &sweep) {
        Ok(estimates) => estimates,
        Err(reason) => return Ok(ClaimResult { verdict: Verdict::not_run(reason), ..row }),
    };
    let (level, borderline) = verdict::level(claim, &estimates).map_err(ReportError::Claims)?;
    let shown = claim.quantities();
    let each = |show: fn(&Estimate, &str) -> String| {
        let texts = shown.iter().filter_map(|(quantity, unit)| {
            let estimate = judge::find(&estimates, quantity)?;
            Some(show(estimate, unit))
        });
        texts.collect::<Vec<_>>().join("; ")
    };
    row.ours = Some(each(|estimate, unit| {
        let value = judge::number(estimate.value, unit);
        format!("{} {}", estimate.quantity, with_unit(&value, unit))
    }));
    row.interval = Some(each(|estimate, unit| {
        let (low, high) = (judge::number(estimate.low, unit), judge::number(estimate.high, unit));
        with_unit(&format!("{low} to {high}"), unit)
    }));
    row.n = Some(sweep.images());
    row.record = Some(sweep.record.name.clone());
    let preview = sweep.record.key.data.sample.then(|| sweep.images());
    row.verdict = Verdict { level, borderline, preview, reason: None };
    Ok(row)
}

fn with_unit(text: &str, unit: &str) -> String {
    if unit.is_empty() { text.into() } else { format!("{text} {unit}") }
}

/// The record that decides `claim`, or why there is none.
fn find<'a>(claim: &Claim, records: &'a [Record]) -> Result<Sweep<'a>, String> {
    let answers = |network: &str| {
        let found = records.iter().filter(|record| {
            record.key.experiment == claim.experiment && record.key.model.name == network
        });
        found.min_by_key(|record| (std::cmp::Reverse(record.key.data.images), record.name.clone()))
    };
    let lacking: Vec<_> =
        claim.networks.iter().filter(|network| answers(network).is_none()).cloned().collect();
    if !lacking.is_empty() {
        return Err(format!("needs {} of {}", claim.experiment, crate::words::list(&lacking)));
    }
    let record = match claim.networks.as_slice() {
        [network] => answers(network),
        _ => None,
    };
    let unknown = || format!("this version does not judge {}", claim.experiment);
    record.and_then(Sweep::of).ok_or_else(unknown)
}
