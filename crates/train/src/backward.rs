//! Which paths a training's gradients take.

use std::fmt;
use std::str::FromStr;

use models::Model;
use nn::{Grads, Sweep, Tape, Var};
use serde::{Deserialize, Serialize};
use tensor::{Scalar, Tensor};

use crate::TrainError;
use crate::paths::require_skips;

/// The lengths of the paths along which a step's gradients reach the parameters. The
/// forward pass is the same for all of them.
///
/// A path's length is the number of branches from a parameter to the loss, its own
/// included ([`Tape::backward_through`]). Layers behind the last block are trained whatever
/// the lengths. By default all paths count: the ordinary gradient.
///
/// Fewer paths give smaller gradients. Unless they are left `raw`, they are multiplied by
/// the ratio of the norms of the ordinary gradient and of theirs, over all parameters
/// together, which is taken at every 50th step of an epoch, from the first on.
///
/// As text: `ordinary`, or some of `min:L`, `max:L` and `raw`, joined by commas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Backward {
    /// The fewest branches.
    pub min: usize,
    /// The most branches; without it any number.
    pub max: Option<usize>,
    /// Whether the gradients stay as small as they are.
    pub raw: bool,
}

/// Steps of an epoch from one measurement of the ratio of norms to the next.
const RATIO_EVERY: u64 = 50;

impl Backward {
    /// Whether all paths count.
    pub fn is_ordinary(self) -> bool {
        self.min == 0 && self.max.is_none()
    }

    /// The gradients of a loss in step number `step` of an epoch. `ratio` is the ratio of
    /// norms that was taken last, and takes the new one.
    ///
    /// # Panics
    /// As [`Tape::backward`] does.
    #[track_caller]
    pub(crate) fn sweep<T: Scalar>(
        self,
        tape: Tape<T>,
        loss: &Var<T>,
        step: u64,
        ratio: &mut Option<f64>,
    ) -> Grads<T> {
        if self.is_ordinary() {
            return tape.backward(loss);
        }
        let is_due = !self.raw && step.is_multiple_of(RATIO_EVERY);
        let ordinary = is_due.then(|| {
            let one = Tensor::full(loss.value().shape(), T::ONE);
            tape.vjp(loss, one, &Sweep::default()).norm()
        });
        let mut grads = tape.backward_through(loss, self.min..=self.max.unwrap_or(usize::MAX));
        if let Some(ordinary) = ordinary {
            let norm = grads.norm();
            // Gradients of 0 have no ratio, and need none.
            *ratio = Some(if norm > 0.0 { ordinary / norm } else { 1.0 });
        }
        if let (Some(ratio), false) = (*ratio, self.raw) {
            grads.scale_params(ratio);
        }
        grads
    }

    /// Whether a network can be trained so.
    ///
    /// # Errors
    /// If a unit does not have a skip and some lengths are to be left out, or no path of the
    /// network has one of these lengths.
    pub fn check<T: Scalar>(self, model: &Model<T>) -> Result<(), TrainError> {
        if self.is_ordinary() {
            return Ok(());
        }
        require_skips(model, &format!("gradients along paths {self}"))?;
        let blocks = model.units.len();
        if self.min > blocks {
            return Err(TrainError::Lengths { backward: self, blocks });
        }
        Ok(())
    }

    /// What the name of a training or of its weights says of it, for instance `-max4` or
    /// `-min5-raw`; nothing of the ordinary gradient.
    pub fn suffix(self) -> String {
        self.parts().iter().map(|(name, value)| format!("-{name}{value}")).collect()
    }

    /// What is not as in the ordinary gradient, with numbers as text.
    fn parts(self) -> Vec<(&'static str, String)> {
        let Backward { min, max, raw } = self;
        let min = (min > 0).then(|| ("min", min.to_string()));
        let max = max.map(|max| ("max", max.to_string()));
        let raw = raw.then(|| ("raw", String::new()));
        min.into_iter().chain(max).chain(raw).collect()
    }

    /// Whether there can be such gradients.
    fn is_sound(self) -> bool {
        self.max.is_none_or(|max| self.min <= max) && !(self.raw && self.is_ordinary())
    }
}

/// A text that names no gradients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown gradients {0:?}; known are ordinary, or some of min:L and max:L (the lengths of \
     paths, the least not above the most) and then raw (not rescaled), joined by commas"
)]
pub struct UnknownBackward(String);

impl FromStr for Backward {
    type Err = UnknownBackward;

    fn from_str(text: &str) -> Result<Self, UnknownBackward> {
        let mut found = Backward::default();
        let mut read = |part: &str| -> Option<()> {
            match part.split_once(':') {
                Some(("min", length)) => found.min = length.parse().ok().filter(|min| *min > 0)?,
                Some(("max", length)) => found.max = Some(length.parse().ok()?),
                None if part == "raw" => found.raw = true,
                _ => return None,
            }
            Some(())
        };
        let unknown = || UnknownBackward(text.to_owned());
        if text != "ordinary" {
            text.split(',').try_for_each(&mut read).ok_or_else(unknown)?;
        }
        // Parts in another order or twice are refused with the rest.
        (found.is_sound() && found.to_string() == text).then_some(found).ok_or_else(unknown)
    }
}

impl fmt::Display for Backward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_ordinary() {
            return f.write_str("ordinary");
        }
        let part = |(name, value): (&str, String)| match value.as_str() {
            "" => name.to_owned(),
            value => format!("{name}:{value}"),
        };
        f.write_str(&self.parts().into_iter().map(part).collect::<Vec<_>>().join(","))
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
        let of = |min, max, raw| Backward { min, max, raw };
        for (text, backward, suffix) in [
            ("ordinary", Backward::default(), ""),
            ("max:0", of(0, Some(0), false), "-max0"),
            ("max:4", of(0, Some(4), false), "-max4"),
            ("max:2,raw", of(0, Some(2), true), "-max2-raw"),
            ("min:5", of(5, None, false), "-min5"),
            ("min:2,max:2,raw", of(2, Some(2), true), "-min2-max2-raw"),
        ] {
            assert_eq!(text.parse(), Ok(backward));
            assert_eq!((backward.to_string(), backward.suffix()), (text.into(), suffix.into()));
            let json = serde_json::to_string(&backward).unwrap();
            assert_eq!(serde_json::from_str::<Backward>(&json).unwrap(), backward);
        }
        for text in [
            "",
            "max",
            "max:",
            "max:-1",
            "max:x",
            "all",
            "raw",
            "min:0",
            "min:3,max:2",
            "max:2,min:1",
            "max:2,max:2",
            "max:02",
            "up-to:4",
            "max:2,",
            "ordinary,raw",
        ] {
            let error = text.parse::<Backward>().unwrap_err();
            assert!(error.to_string().contains(&format!("unknown gradients {text:?}")), "{error}");
        }
    }
}
