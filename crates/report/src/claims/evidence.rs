//! What verdicts say of rival readings: which reading a result supports or contradicts.
//!
//! `docs/evidence.toml` states for each claim and reading which verdicts support it and
//! which contradict it; [`Evidence::rows`] looks the verdicts up. A claim that was not run
//! is open, one that is undecided tells nothing.

use serde::Deserialize;

use super::{ClaimResult, Level};
use crate::ReportError;

/// The committed file.
const TEXT: &str = include_str!("../../../../docs/evidence.toml");

/// Readings, and what each claim's verdict says of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The rival readings, in the order of the table's columns.
    #[serde(rename = "reading")]
    pub readings: Vec<Reading>,
    /// What claims say of them.
    #[serde(rename = "bearing")]
    pub bearings: Vec<Bearing>,
    /// Claims that bear on no reading.
    #[serde(default)]
    pub silent: Vec<Silent>,
}

/// One way to read residual networks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Its name in this file.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub source: String,
    /// What it says.
    pub says: String,
}

/// What a claim's verdict says of one reading.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearing {
    /// The claim.
    pub claim: String,
    /// The reading.
    pub reading: String,
    /// The verdicts that support it.
    #[serde(default)]
    pub supports: Vec<Came>,
    /// The verdicts that contradict it.
    #[serde(default)]
    pub contradicts: Vec<Came>,
    /// The reason, in a sentence.
    pub why: String,
}

/// Claims that bear on no reading.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// The claims.
    pub claims: Vec<String>,
    /// The reason, in a sentence.
    pub why: String,
}

/// The verdicts that say something of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Came {
    /// As [`Level::Reproduced`].
    Reproduced,
    /// As [`Level::Partly`].
    Partly,
    /// As [`Level::Not`].
    Not,
}

/// What a result says of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The reading expects it.
    Supports,
    /// The reading could not have predicted it.
    Contradicts,
    /// Neither.
    Silent,
    /// The claim was not run, and its result can say something.
    Open,
}

/// A claim that bears on a reading.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRow<'a> {
    /// The claim's id.
    pub claim: &'a str,
    /// What came out; `None` for a claim that is not among the results.
    pub result: Option<&'a ClaimResult>,
    /// One cell for each reading, in their order.
    pub cells: Vec<EvidenceCell<'a>>,
}

/// What one result says of one reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvidenceCell<'a> {
    /// Which of them.
    pub effect: Effect,
    /// The reason; `None` if the claim does not bear on the reading at all.
    pub why: Option<&'a str>,
}

impl EvidenceRow<'_> {
    /// Whether there is a verdict.
    pub fn is_run(&self) -> bool {
        self.result.is_some_and(|result| result.verdict.level != Level::NotRun)
    }

    /// Whether another verdict lies within the interval.
    pub fn is_borderline(&self) -> bool {
        self.is_run() && self.result.is_some_and(|result| result.verdict.borderline)
    }

    /// Whether the result supports one reading and contradicts another.
    pub fn separates(&self) -> bool {
        let has = |effect| self.cells.iter().any(|cell| cell.effect == effect);
        has(Effect::Supports) && has(Effect::Contradicts)
    }
}

impl Evidence {
    /// The file of this version.
    ///
    /// # Errors
    /// As [`Evidence::parse`]; a test holds that there are none.
    pub fn committed() -> Result<Evidence, ReportError> {
        Evidence::parse(TEXT)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`ReportError::Evidence`] with line and column, or naming the claim, when a field is
    /// missing, unknown or of the wrong kind, when a reading is unknown or defined twice, when
    /// a claim has two bearings on one reading or is both silent and bearing, or when a
    /// verdict supports and contradicts.
    pub fn parse(text: &str) -> Result<Evidence, ReportError> {
        let evidence: Evidence =
            toml::from_str(text).map_err(|error| ReportError::Evidence(error.to_string()))?;
        match evidence.mistake() {
            Some(what) => Err(ReportError::Evidence(what)),
            None => Ok(evidence),
        }
    }

    fn mistake(&self) -> Option<String> {
        let Evidence { readings, bearings, silent } = self;
        for (place, reading) in readings.iter().enumerate() {
            if readings[..place].iter().any(|other| other.id == reading.id) {
                return Some(format!("the reading {} is there twice", reading.id));
            }
        }
        for (place, one) in bearings.iter().enumerate() {
            let Bearing { claim, reading, .. } = one;
            if !readings.iter().any(|known| known.id == *reading) {
                return Some(format!("{claim}: unknown reading {reading}"));
            }
            let is_same = |other: &&Bearing| (&other.claim, &other.reading) == (claim, reading);
            if bearings[..place].iter().any(|other| is_same(&other)) {
                return Some(format!("{claim}: bears on {reading} twice"));
            }
            if let Some(both) = one.supports.iter().find(|came| one.contradicts.contains(came)) {
                return Some(format!("{claim}: {both:?} supports {reading} and contradicts it"));
            }
        }
        let mut silent: Vec<&String> = silent.iter().flat_map(|one| &one.claims).collect();
        if let Some(both) = silent.iter().find(|id| bearings.iter().any(|one| one.claim == ***id)) {
            return Some(format!("{both}: bears on a reading and on none"));
        }
        silent.sort_unstable();
        let twice = silent.windows(2).find(|two| two[0] == two[1])?;
        Some(format!("{}: is silent twice", twice[0]))
    }

    /// The ids of the claims that bear on a reading, each once, by id.
    pub fn claims(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.bearings.iter().map(|one| one.claim.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What `results` say of each reading, a row for each claim that bears on one, by id.
    pub fn rows<'a>(&'a self, results: &'a [ClaimResult]) -> Vec<EvidenceRow<'a>> {
        let row = |claim: &'a str| {
            let result = results.iter().find(|result| result.id == claim);
            let level = result.map_or(Level::NotRun, |result| result.verdict.level);
            let cell = |reading: &Reading| {
                let is_of = |one: &&Bearing| one.claim == claim && one.reading == reading.id;
                match self.bearings.iter().find(is_of) {
                    Some(one) => EvidenceCell { effect: one.effect(level), why: Some(&one.why) },
                    None => EvidenceCell { effect: Effect::Silent, why: None },
                }
            };
            EvidenceRow { claim, result, cells: self.readings.iter().map(cell).collect() }
        };
        self.claims().into_iter().map(row).collect()
    }
}

impl Bearing {
    /// What a verdict says.
    fn effect(&self, level: Level) -> Effect {
        let came = match level {
            Level::Reproduced => Came::Reproduced,
            Level::Partly => Came::Partly,
            Level::Not => Came::Not,
            Level::Undecided => return Effect::Silent,
            // Where no verdict says anything there is nothing to wait for.
            Level::NotRun if self.supports.is_empty() && self.contradicts.is_empty() => {
                return Effect::Silent;
            }
            Level::NotRun => return Effect::Open,
        };
        if self.supports.contains(&came) {
            Effect::Supports
        } else if self.contradicts.contains(&came) {
            Effect::Contradicts
        } else {
            Effect::Silent
        }
    }
}

impl Effect {
    /// In words, as the table shows it.
    pub fn words(self) -> &'static str {
        match self {
            Effect::Supports => "supports",
            Effect::Contradicts => "contradicts",
            Effect::Silent => "does not tell",
            Effect::Open => "open",
        }
    }
}
