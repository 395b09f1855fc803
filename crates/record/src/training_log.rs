//! The log that a training leaves: one JSON object on a line for each epoch.

use serde::{Deserialize, Serialize};

use crate::check::expect;

/// One epoch of a training: a line of its log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochLog {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The learning rate of its last step.
    pub rate: f64,
    /// Mean cross-entropy of the batches while training on them, in nats.
    pub train_loss: f64,
    /// Part of the training images put into a wrong class at that time.
    pub train_error: f64,
    /// Part of the test images put into a wrong class after the epoch; absent where
    /// held-out images are measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_error: Option<f64>,
    /// Mean cross-entropy of the test images, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// Part of the held-out images put into a wrong class after the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_error: Option<f64>,
    /// Mean cross-entropy of the held-out images, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
}

/// Why a text is not a training's log. The line counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TrainingLogError {
    /// The line.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Reads a log: one line for each epoch, from the first on.
///
/// # Errors
/// [`TrainingLogError`] if a line is not an [`EpochLog`], an epoch is missing or out of
/// order, a number cannot be, or there is no epoch at all.
pub fn parse_training_log(text: &str) -> Result<Vec<EpochLog>, TrainingLogError> {
    let epoch = |(place, line): (usize, &str)| {
        let failed = |what| TrainingLogError { line: place + 1, what };
        let epoch: EpochLog =
            serde_json::from_str(line).map_err(|error| failed(error.to_string()))?;
        epoch.check(place).map_err(failed)?;
        Ok(epoch)
    };
    let epochs = text.lines().enumerate().map(epoch).collect::<Result<Vec<_>, _>>()?;
    if epochs.is_empty() {
        return Err(TrainingLogError { line: 1, what: "the log has no epoch".into() });
    }
    Ok(epochs)
}

impl EpochLog {
    /// Checks the epoch at this place of a log.
    pub(crate) fn check(&self, place: usize) -> Result<(), String> {
        expect(self.epoch as usize == place + 1, || {
            format!("epoch is {}, expected {}", self.epoch, place + 1)
        })?;
        let rate = Some(self.rate);
        for (field, value) in [
            ("rate", rate),
            ("train_loss", Some(self.train_loss)),
            ("test_loss", self.test_loss),
            ("validation_loss", self.validation_loss),
        ] {
            expect(value.is_none_or(|value| value.is_finite() && value >= 0.0), || {
                format!("{field} is {}, expected 0 or more", value.unwrap_or_default())
            })?;
        }
        for (field, value) in [
            ("train_error", Some(self.train_error)),
            ("test_error", self.test_error),
            ("validation_error", self.validation_error),
        ] {
            expect(value.is_none_or(|value| (0.0..=1.0).contains(&value)), || {
                format!("{field} is {}, expected a fraction", value.unwrap_or_default())
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str =
        r#"{"epoch":1,"rate":0.1,"train_loss":1.5,"train_error":0.6,"test_error":0.5}"#;
    const SECOND: &str =
        r#"{"epoch":2,"rate":0.05,"train_loss":1.0,"train_error":0.4,"validation_error":0.3}"#;

    #[test]
    fn a_log_is_read_epoch_by_epoch() {
        let epochs = parse_training_log(&format!("{FIRST}\n{SECOND}\n")).unwrap();
        assert_eq!(epochs.len(), 2);
        assert_eq!((epochs[0].test_error, epochs[0].validation_error), (Some(0.5), None));
        assert_eq!((epochs[1].rate, epochs[1].validation_error), (0.05, Some(0.3)));
    }

    #[test]
    fn what_is_not_a_log_is_refused_with_its_line() {
        let broken = |from: &str, to: &str| SECOND.replace(from, to);
        let cases = [
            (String::new(), "line 1: the log has no epoch"),
            (SECOND.into(), "line 1: epoch is 2, expected 1"),
            (format!("{FIRST}\n{FIRST}"), "line 2: epoch is 1, expected 2"),
            (format!("{FIRST}\n\n{SECOND}"), "line 2: EOF while parsing"),
            (format!("{FIRST}\n{}", &SECOND[..40]), "line 2: EOF while parsing"),
            (format!("{FIRST}\n{}", broken("rate", "lr")), "line 2: unknown field `lr`"),
            (
                format!("{FIRST}\n{}", broken("0.4", "40.0")),
                "line 2: train_error is 40, expected a fraction",
            ),
            (
                format!("{FIRST}\n{}", broken("1.0", "-1.0")),
                "line 2: train_loss is -1, expected 0 or more",
            ),
            // A number that is not finite has no JSON; serde writes null for it.
            (format!("{FIRST}\n{}", broken("1.0", "null")), "line 2: invalid type: null"),
        ];
        for (text, expected) in cases {
            let message = parse_training_log(&text).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{text}: {message}");
        }
    }
}
