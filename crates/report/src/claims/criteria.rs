//! The claims file: statements, criteria and thresholds.

use serde::Deserialize;

use crate::ReportError;

/// The content of `docs/claims.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// All claims, in the file's order.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
}

/// One claim and the rule that judges it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `c01` to `c24`.
    pub id: String,
    /// The figure, or `text`.
    pub figure: String,
    /// What is claimed.
    pub statement: String,
    /// The paper's value.
    pub paper: String,
    /// What is measured, on which units.
    pub measure: String,
    /// The experiment whose records are needed.
    pub experiment: String,
    /// The networks of which a record is needed.
    pub networks: Vec<String>,
    /// The rule in words.
    pub criterion: String,
    /// Conditions that must all hold for "reproduced".
    pub reproduced: Vec<Condition>,
    /// Conditions for "partly".
    pub partly: Vec<Condition>,
    /// How many of `partly` must hold.
    #[serde(default)]
    pub partly_rule: Rule,
}

/// A threshold on one quantity.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The quantity's name.
    pub quantity: String,
    /// Its unit, in which `value` is given; may be empty.
    pub unit: String,
    /// How it must compare with `value`.
    pub op: Operator,
    /// The threshold.
    pub value: f64,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Operator {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// More than.
    #[serde(rename = ">")]
    Above,
    /// Less than.
    #[serde(rename = "<")]
    Below,
}

impl Operator {
    /// Whether `left` compares so with `right`.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Operator::AtLeast => left >= right,
            Operator::AtMost => left <= right,
            Operator::Above => left > right,
            Operator::Below => left < right,
        }
    }
}

/// How the conditions of a list are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// All must hold.
    #[default]
    All,
    /// One is enough.
    Any,
}

impl Claims {
    /// Reads a claims file's text.
    ///
    /// # Errors
    /// [`ReportError::Claims`] with line and column, or naming the claim, when a field
    /// is missing, unknown or of the wrong kind, when two claims share an id, or when a
    /// claim has no condition.
    pub fn parse(text: &str) -> Result<Claims, ReportError> {
        let claims: Claims =
            toml::from_str(text).map_err(|error| ReportError::Claims(error.to_string()))?;
        for (place, claim) in claims.claims.iter().enumerate() {
            let wrong = |what: &str| Err(ReportError::Claims(format!("{}: {what}", claim.id)));
            if claims.claims[..place].iter().any(|other| other.id == claim.id) {
                return wrong("the id is used twice, expected one claim for each id");
            }
            if claim.reproduced.is_empty() || claim.partly.is_empty() {
                return wrong("expected a condition in `reproduced` and one in `partly`");
            }
        }
        Ok(claims)
    }
}

impl Claim {
    /// Name and unit of every quantity in the criterion, each once.
    pub(super) fn quantities(&self) -> Vec<(&str, &str)> {
        let mut names: Vec<(&str, &str)> = Vec::new();
        for condition in self.reproduced.iter().chain(&self.partly) {
            if names.iter().all(|(name, _)| *name != condition.quantity) {
                names.push((&condition.quantity, &condition.unit));
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::TEXT;

    #[test]
    fn the_committed_file_holds_claims_1_to_24_in_order() {
        let claims = Claims::parse(TEXT).unwrap().claims;
        let ids: Vec<_> = claims.iter().map(|claim| claim.id.as_str()).collect();
        let expected: Vec<_> = (1..=24).map(|number| format!("c{number:02}")).collect();
        assert_eq!(ids, expected);
    }

    /// The words and the numbers of a criterion are written twice and must agree.
    #[test]
    fn every_threshold_appears_in_the_words_of_its_criterion() {
        for claim in Claims::parse(TEXT).unwrap().claims {
            for condition in claim.reproduced.iter().chain(&claim.partly) {
                // Bounds of intervals against 0 are said as "above 0" or "covers 0".
                let number = condition.value.to_string();
                assert!(claim.criterion.contains(&number), "{}: {condition:?}", claim.id);
            }
        }
    }

    #[test]
    fn mistakes_in_the_file_are_named() {
        let good = r#"
            [[claim]]
            id = "c1"
            figure = "f"
            statement = "s"
            paper = "p"
            measure = "m"
            experiment = "e"
            networks = []
            criterion = "c"
            reproduced = [{ quantity = "q", unit = "", op = ">=", value = 1.0 }]
            partly = [{ quantity = "q", unit = "", op = ">=", value = 0.5 }]
        "#;
        Claims::parse(good).unwrap();
        let cases = [
            (good.replace(">=", "=>"), "unknown variant `=>`"),
            (good.replace("paper", "papers"), "unknown field `papers`"),
            (good.replace("paper = \"p\"", ""), "missing field `paper`"),
            (good.repeat(2), "c1: the id is used twice"),
            (good.replace("{ quantity = \"q\", unit = \"\", op = \">=\", value = 0.5 }", ""), "c1"),
        ];
        for (text, reason) in cases {
            let message = Claims::parse(&text).unwrap_err().to_string();
            assert!(message.contains(reason), "expected {reason:?} in {message:?}");
        }
    }
}
