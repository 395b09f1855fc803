//! How the colours of an image become inputs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The affine map of each colour channel, red, green, blue, on the scale 0 to 1:
/// `(x - mean) / std`.
///
/// Means are finite; deviations are finite and positive, and so are their reciprocals.
/// Reading one from a file checks it.
///
/// ```
/// use tensor::Normalisation;
///
/// let mine = Normalisation::new([0.5; 3], [0.25; 3])?;
/// assert_eq!((0.75 - mine.mean()[0]) / mine.std()[0], 1.0);
/// // Deviations of images on the scale 0 to 255 are still deviations; 0 is not one.
/// assert!(Normalisation::new([0.5; 3], [0.25, 0.25, 0.0]).is_err());
/// # Ok::<(), tensor::NormalisationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Normalisation {
    mean: [f32; 3],
    std: [f32; 3],
}

/// Means or deviations that cannot normalise an image.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "normalisation with means {mean:?} and deviations {std:?}; expected finite numbers and \
     positive deviations"
)]
pub struct NormalisationError {
    /// The means.
    pub mean: [f32; 3],
    /// The deviations.
    pub std: [f32; 3],
}

impl Normalisation {
    /// The moments of the CIFAR-10 training images.
    pub const CIFAR10: Normalisation =
        Normalisation { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };
    /// The moments of ImageNet.
    pub const IMAGENET: Normalisation =
        Normalisation { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

    /// The map with these means and deviations.
    ///
    /// # Errors
    /// If a mean is not finite, or a deviation or its reciprocal is not finite and
    /// positive.
    pub fn new(mean: [f32; 3], std: [f32; 3]) -> Result<Normalisation, NormalisationError> {
        let divides = |std: &f32| std.is_finite() && *std > 0.0 && std.recip().is_finite();
        if mean.iter().all(|mean| mean.is_finite()) && std.iter().all(divides) {
            Ok(Normalisation { mean, std })
        } else {
            Err(NormalisationError { mean, std })
        }
    }

    /// The mean of each channel.
    pub fn mean(&self) -> [f32; 3] {
        self.mean
    }

    /// The standard deviation of each channel.
    pub fn std(&self) -> [f32; 3] {
        self.std
    }
}

/// A text that is not a normalisation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnknownNormalisation {
    /// Neither a name nor numbers.
    #[error(
        "unknown normalisation {0:?}; known are cifar10, imagenet, and means and deviations of \
         red, green, blue such as 0.4914,0.4822,0.4465/0.2023,0.1994,0.2010"
    )]
    Text(String),
    /// Numbers that cannot normalise.
    #[error(transparent)]
    Numbers(#[from] NormalisationError),
}

/// `cifar10`, `imagenet` or `R,G,B/R,G,B`: means and deviations.
impl FromStr for Normalisation {
    type Err = UnknownNormalisation;

    fn from_str(text: &str) -> Result<Normalisation, UnknownNormalisation> {
        if let Some((_, named)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*named);
        }
        let three = |part: &str| -> Option<[f32; 3]> {
            let numbers = part.split(',').map(|number| number.trim().parse().ok());
            numbers.collect::<Option<Vec<f32>>>()?.try_into().ok()
        };
        let parts = text.split_once('/').and_then(|(mean, std)| Some((three(mean)?, three(std)?)));
        let (mean, std) = parts.ok_or_else(|| UnknownNormalisation::Text(text.to_owned()))?;
        Ok(Normalisation::new(mean, std)?)
    }
}

/// As it is typed.
impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMED.iter().find(|(_, named)| named == self) {
            return f.write_str(name);
        }
        let [[r, g, b], [s, t, u]] = [self.mean, self.std];
        write!(f, "{r},{g},{b}/{s},{t},{u}")
    }
}

const NAMED: [(&str, Normalisation); 2] =
    [("cifar10", Normalisation::CIFAR10), ("imagenet", Normalisation::IMAGENET)];

/// The same fields before they have been checked.
#[derive(Deserialize)]
struct Unchecked {
    mean: [f32; 3],
    std: [f32; 3],
}

impl TryFrom<Unchecked> for Normalisation {
    type Error = NormalisationError;

    fn try_from(Unchecked { mean, std }: Unchecked) -> Result<Self, NormalisationError> {
        Normalisation::new(mean, std)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_ones_pass_their_own_check() {
        for named in [Normalisation::CIFAR10, Normalisation::IMAGENET] {
            assert_eq!(Normalisation::new(named.mean(), named.std()), Ok(named));
        }
    }

    #[test]
    fn each_is_typed_as_it_is_printed() {
        let half = Normalisation::new([0.5; 3], [0.25; 3]).unwrap();
        for (text, expected) in [
            ("cifar10", Normalisation::CIFAR10),
            ("imagenet", Normalisation::IMAGENET),
            ("0.5,0.5,0.5/0.25,0.25,0.25", half),
        ] {
            assert_eq!(text.parse(), Ok(expected));
            assert_eq!(expected.to_string(), text);
        }
        let spaced = "0.485, 0.456, 0.406/0.229, 0.224, 0.225";
        assert_eq!(spaced.parse(), Ok(Normalisation::IMAGENET));
        for text in ["", "Cifar10", "0.5/0.5", "1,2,3,4/1,2,3", "1,2,3", "a,b,c/1,2,3"] {
            assert!(matches!(text.parse::<Normalisation>(), Err(UnknownNormalisation::Text(_))));
        }
        let flat = "0,0,0/1,0,1".parse::<Normalisation>().unwrap_err();
        assert!(flat.to_string().contains("positive deviations"), "{flat}");
    }

    #[test]
    fn what_cannot_normalise_is_refused_with_both() {
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        // The reciprocal of the last one overflows.
        for std in bad.into_iter().chain([0.0, -0.0, -1.0, 1e-39]) {
            let error = Normalisation::new([0.5; 3], [0.2, std, 0.2]).unwrap_err();
            let expected = format!("means [0.5, 0.5, 0.5] and deviations [0.2, {std:?}, 0.2]");
            assert!(error.to_string().contains(&expected), "{error}");
        }
        for mean in bad {
            assert!(Normalisation::new([0.5, 0.5, mean], [0.2; 3]).is_err(), "{mean}");
        }
    }
}
