//! The paper's claims, judged by criteria fixed beforehand.
//!
//! `docs/claims.toml` states every claim with its criterion, in terms of quantities that
//! studies measure; [`results`] measures them on records and applies the criteria. Nothing
//! here knows which claims or studies there are. A claim without the study or the records
//! that it needs is `not run`.

mod criteria;
mod deviation;
mod evidence;
mod judge;
mod table;
mod verdict;

use serde::Serialize;

use crate::study::Study;
use crate::{Answers, ReportError};

pub use criteria::{Ask, Claim, Claims, Condition, Operator, Rule};
pub use deviation::{FullRun, deviations};
pub use evidence::{Bearing, Came, Effect, Evidence, EvidenceCell, EvidenceRow, Reading, Silent};
pub use table::table;
pub use verdict::{Level, Verdict};

/// The committed claims file.
pub const TEXT: &str = include_str!("../../../docs/claims.toml");

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
    /// Number of images; the smallest where several records are judged.
    pub n: Option<usize>,
    /// The networks the claim is judged on.
    pub networks: Vec<String>,
    /// The rule in words.
    pub criterion: String,
    /// The study that measures it; not in the file.
    #[serde(skip)]
    pub study: String,
    /// What came out.
    pub verdict: Verdict,
    /// Names of the records judged, separated by `; `.
    pub record: Option<String>,
}

/// Judges every claim by the quantities of `studies`, measured on `answers`.
///
/// # Errors
/// [`ReportError::Claims`], naming the claim, if a condition names a quantity that its
/// study does not have, in another unit, or on another number of networks.
/// [`ReportError::Record`] and [`ReportError::Unfit`] if a record is not as it should be.
pub fn results(
    claims: &Claims,
    studies: &[&Study],
    answers: &Answers,
) -> Result<Vec<ClaimResult>, ReportError> {
    claims.claims.iter().map(|claim| judge::result(claim, studies, answers)).collect()
}

/// The rows as JSON, indented, ending with a newline.
pub fn to_json(results: &[ClaimResult]) -> String {
    serde_json::to_string_pretty(results).expect("rows are plain data") + "\n"
}
