//! How far the numbers of a preview are from those of a full run.

use serde::Deserialize;

use super::ClaimResult;
use super::criteria::{Ask, Claims};
use super::judge::{number, with_unit};
use crate::ReportError;

/// The claims of a run on all test images, read from its `claims.json`.
#[derive(Clone, Debug)]
pub struct FullRun {
    rows: Vec<Row>,
}

/// What matters of a row; other fields are left alone.
#[derive(Clone, Debug, Deserialize)]
struct Row {
    id: String,
    ours: Option<String>,
    verdict: String,
}

impl FullRun {
    /// Reads the content of a `claims.json`.
    ///
    /// # Errors
    /// [`ReportError::Claims`] if it is not a list of claims, or of a preview itself.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let rows: Vec<Row> = serde_json::from_str(text)
            .map_err(|error| ReportError::Claims(format!("not a list of claims: {error}")))?;
        if let Some(row) = rows.iter().find(|row| row.verdict.contains("preview")) {
            let what = format!("{} is {:?}, expected a full run", row.id, row.verdict);
            return Err(ReportError::Claims(what));
        }
        Ok(FullRun { rows })
    }
}

/// A line for every quantity of a claim that both the preview and the full run answer, such
/// as `c02  min error: sample 70.35 %, full 71.00 %, deviation -0.65`, each ending with a
/// newline. Claims that are not previews, such as pure arithmetic, are left out.
///
/// # Errors
/// [`ReportError::Claims`] if the full run states a claim in other quantities: it is of
/// another version.
pub fn deviations(
    claims: &Claims,
    preview: &[ClaimResult],
    full: &FullRun,
) -> Result<String, ReportError> {
    let mut text = String::new();
    for result in preview {
        let row = full.rows.iter().find(|row| row.id == result.id);
        let claim = claims.claims.iter().find(|claim| claim.id == result.id);
        let (Some(claim), Some(ours), Some(theirs)) =
            (claim, &result.ours, row.and_then(|row| row.ours.as_ref()))
        else {
            continue;
        };
        if result.verdict.preview.is_none() {
            continue;
        }
        let asks = claim.asks();
        let (here, there) = (values(&asks, ours), values(&asks, theirs));
        let (Some(here), Some(there)) = (here, there) else {
            let what = format!("{} is stated as {theirs:?}, expected as {ours:?}", result.id);
            return Err(ReportError::Claims(what));
        };
        for ((ask, here), there) in asks.iter().zip(here).zip(there) {
            let shown = |value| with_unit(number(value, ask.unit), ask.unit);
            text += &format!(
                "  {}  {}: sample {}, full {}, deviation {}\n",
                result.id,
                ask.quantity,
                shown(here),
                shown(there),
                signed(here - there, ask.unit)
            );
        }
    }
    Ok(text)
}

/// The values in a row's text, one for each quantity; `None` if it is of others.
fn values(asks: &[Ask], text: &str) -> Option<Vec<f64>> {
    let parts: Vec<&str> = text.split("; ").collect();
    let value = |(ask, part): (&Ask, &&str)| {
        let number = part.strip_prefix(ask.quantity)?.strip_suffix(ask.unit)?.trim();
        number.replace('\u{2212}', "-").parse().ok()
    };
    (parts.len() == asks.len()).then(|| asks.iter().zip(&parts).map(value).collect())?
}

/// With a plus sign unless it is 0 as shown.
fn signed(value: f64, unit: &str) -> String {
    let text = number(value, unit);
    let is_above = value > 0.0 && text.contains(|c| ('1'..='9').contains(&c));
    if is_above { format!("+{text}") } else { text }
}
