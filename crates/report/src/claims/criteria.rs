//! The claims file: statements, criteria and thresholds.

use serde::{Deserialize, Serialize};

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
    /// The study that measures the quantities, except where a condition names another.
    pub study: String,
    /// The networks they are measured on, in order, except where a condition names others.
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
    /// Conditions under which the claim cannot be judged, if all of them hold.
    #[serde(default)]
    pub undecided_if: Vec<Condition>,
}

/// A threshold on one quantity.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The study that measures it, if not the claim's.
    pub study: Option<String>,
    /// The networks it is measured on, if not the claim's.
    pub networks: Option<Vec<String>>,
    /// The quantity's name.
    pub quantity: String,
    /// Its unit, in which `value` is given; may be empty.
    pub unit: String,
    /// How it must compare with `value`.
    pub op: Operator,
    /// The threshold.
    pub value: f64,
    /// Whether the whole 95 % interval must compare so: for bare inequalities such as
    /// "better" or "below 1".
    #[serde(default)]
    pub bare: bool,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// All must hold.
    #[default]
    All,
    /// One is enough.
    Any,
}

/// What a condition asks to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ask<'a> {
    /// The study.
    pub study: &'a str,
    /// The networks, in order.
    pub networks: &'a [String],
    /// The quantity.
    pub quantity: &'a str,
    /// Its unit.
    pub unit: &'a str,
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
    /// What is to be measured, each quantity once.
    pub fn asks(&self) -> Vec<Ask<'_>> {
        let mut asks = Vec::new();
        for condition in self.conditions() {
            let ask = self.ask(condition);
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        asks
    }

    /// sha-256 of everything that decides the verdict: conditions and how they are joined,
    /// on which networks, and what the words say of measure and criterion.
    ///
    /// `docs/claims.lock` holds it, so that no criterion moves unnoticed.
    pub fn criteria_sha256(&self) -> String {
        type Threshold<'a> = (Ask<'a>, Operator, f64, bool);
        fn thresholds<'a>(claim: &'a Claim, conditions: &'a [Condition]) -> Vec<Threshold<'a>> {
            conditions.iter().map(|c| (claim.ask(c), c.op, c.value, c.bare)).collect()
        }
        let deciding = (
            (&self.measure, &self.criterion),
            ("reproduced", thresholds(self, &self.reproduced)),
            ("partly", thresholds(self, &self.partly), self.partly_rule),
            ("undecided_if", thresholds(self, &self.undecided_if)),
        );
        record::sha256_hex(&serde_json::to_vec(&deciding).expect("criteria are plain data"))
    }

    /// What `condition` asks to be measured.
    pub(super) fn ask<'a>(&'a self, condition: &'a Condition) -> Ask<'a> {
        Ask {
            study: condition.study.as_deref().unwrap_or(&self.study),
            networks: condition.networks.as_deref().unwrap_or(&self.networks),
            quantity: &condition.quantity,
            unit: &condition.unit,
        }
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.reproduced.iter().chain(&self.partly).chain(&self.undecided_if)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[claim]]
        id = "c1"
        figure = "f"
        statement = "s"
        paper = "p"
        measure = "m"
        study = "e"
        networks = []
        criterion = "c"
        reproduced = [{ quantity = "q", unit = "", op = ">=", value = 1.0 }]
        partly = [{ quantity = "q", unit = "", op = ">=", value = 0.5 }]
    "#;

    #[test]
    fn mistakes_in_the_file_are_named() {
        Claims::parse(GOOD).unwrap();
        let cases = [
            (GOOD.replace(">=", "=>"), "unknown variant `=>`"),
            (GOOD.replace("paper", "papers"), "unknown field `papers`"),
            (GOOD.replace("paper = \"p\"", ""), "missing field `paper`"),
            (GOOD.repeat(2), "c1: the id is used twice"),
            (GOOD.replace("{ quantity = \"q\", unit = \"\", op = \">=\", value = 0.5 }", ""), "c1"),
        ];
        for (text, reason) in cases {
            let message = Claims::parse(&text).unwrap_err().to_string();
            assert!(message.contains(reason), "expected {reason:?} in {message:?}");
        }
    }

    #[test]
    fn the_sum_covers_what_decides_and_nothing_else() {
        let sum = |text: &str| Claims::parse(text).unwrap().claims[0].criteria_sha256();
        let same = [
            GOOD.replace("paper = \"p\"", "paper = \"about 1\""),
            GOOD.replace("statement = \"s\"", "statement = \"in other words\""),
            GOOD.replace("value = 0.5", "value = 0.5, study = \"e\""),
            format!("# a comment\n{GOOD}partly_rule = \"all\"\n"),
        ];
        for text in same {
            assert_eq!(sum(&text), sum(GOOD), "{text}");
        }
        let others = [
            GOOD.replace("0.5", "0.6"),
            GOOD.replace("value = 0.5", "value = 0.5, bare = true"),
            GOOD.replace("value = 0.5", "value = 0.5, networks = [\"n\"]"),
            GOOD.replacen(">=", ">", 1),
            GOOD.replace("study = \"e\"", "study = \"d\""),
            GOOD.replace("networks = []", "networks = [\"n\"]"),
            GOOD.replace("criterion = \"c\"", "criterion = \"d\""),
            GOOD.replace("measure = \"m\"", "measure = \"n\""),
            format!("{GOOD}partly_rule = \"any\"\n"),
            format!(
                "{GOOD}undecided_if = [{{ quantity = \"q\", unit = \"\", op = \"<\", value = 0.1 }}]"
            ),
        ];
        let mut sums: Vec<_> = others.iter().map(|text| sum(text)).collect();
        sums.push(sum(GOOD));
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), others.len() + 1);
    }
}
