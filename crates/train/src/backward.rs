//! Which paths a training's gradients take.

use std::fmt;
use std::str::FromStr;

use models::Model;
use nn::{Grads, Tape, Var};
use serde::{Deserialize, Serialize};
use tensor::Scalar;

use crate::TrainError;
use crate::paths::require_skips;

/// The paths along which a step's gradients reach the parameters. The forward pass is
/// the same for all of them.
///
/// As text: `ordinary` or `up-to:L`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Backward {
    /// All paths.
    #[default]
    Ordinary,
    /// Paths from a parameter to the loss through at most so many branches
    /// ([`Tape::backward_up_to`]): with 0 no parameter of a branch is trained.
    UpTo {
        /// The branches.
        branches: usize,
    },
}

impl Backward {
    /// The gradients of a loss.
    ///
    /// # Panics
    /// As [`Tape::backward`] does.
    #[track_caller]
    pub(crate) fn sweep<T: Scalar>(self, tape: Tape<T>, loss: &Var<T>) -> Grads<T> {
        match self {
            Backward::Ordinary => tape.backward(loss),
            Backward::UpTo { branches } => tape.backward_up_to(loss, branches),
        }
    }

    /// Whether a network can be trained so.
    ///
    /// # Errors
    /// If a unit has no skip and long paths are to be left out.
    pub fn check<T: Scalar>(self, model: &Model<T>) -> Result<(), TrainError> {
        match self {
            Backward::Ordinary => Ok(()),
            Backward::UpTo { .. } => require_skips(model, &format!("--backward {self}")),
        }
    }

    /// What the name of a training or of its weights says of it: `-uptoL`, or nothing.
    pub fn suffix(self) -> String {
        match self {
            Backward::Ordinary => String::new(),
            Backward::UpTo { branches } => format!("-upto{branches}"),
        }
    }
}

/// A text that names no gradients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown gradients {0:?}; known are ordinary and up-to:L (paths through at most L branches)"
)]
pub struct UnknownBackward(String);

impl FromStr for Backward {
    type Err = UnknownBackward;

    fn from_str(text: &str) -> Result<Self, UnknownBackward> {
        if text == "ordinary" {
            return Ok(Backward::Ordinary);
        }
        let branches = text.strip_prefix("up-to:").and_then(|branches| branches.parse().ok());
        let found = branches.map(|branches| Backward::UpTo { branches });
        found.ok_or_else(|| UnknownBackward(text.to_owned()))
    }
}

impl fmt::Display for Backward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backward::Ordinary => f.write_str("ordinary"),
            Backward::UpTo { branches } => write!(f, "up-to:{branches}"),
        }
    }
}

impl TryFrom<String> for Backward {
    type Error = UnknownBackward;

    fn try_from(text: String) -> Result<Self, UnknownBackward> {
        text.parse()
    }
}

impl From<Backward> for String {
    fn from(backward: Backward) -> String {
        backward.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leads_to_its_gradients_and_back() {
        for (text, backward, suffix) in [
            ("ordinary", Backward::Ordinary, ""),
            ("up-to:0", Backward::UpTo { branches: 0 }, "-upto0"),
            ("up-to:4", Backward::UpTo { branches: 4 }, "-upto4"),
        ] {
            assert_eq!(text.parse(), Ok(backward));
            assert_eq!((backward.to_string(), backward.suffix()), (text.into(), suffix.into()));
            let json = serde_json::to_string(&backward).unwrap();
            assert_eq!(serde_json::from_str::<Backward>(&json).unwrap(), backward);
        }
        for text in ["", "up-to", "up-to:", "up-to:-1", "up-to:x", "all"] {
            let error = text.parse::<Backward>().unwrap_err();
            assert!(error.to_string().contains(&format!("unknown gradients {text:?}")), "{error}");
        }
    }
}
