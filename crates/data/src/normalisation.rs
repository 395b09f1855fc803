//! Per-channel means and deviations, and the table that applies them.

use serde::{Deserialize, Serialize};

use crate::cifar10::CHANNELS;
use crate::error::DataError;

/// Maps a byte `p` of channel `c` to `(p / 255 - mean[c]) / std[c]`.
///
/// Reading one from a file refuses values that are not finite and deviations
/// that are not positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Normalisation {
    /// Mean of each channel (R, G, B) on the scale 0 to 1.
    pub mean: [f32; CHANNELS],
    /// Standard deviation of each channel on the scale 0 to 1.
    pub std: [f32; CHANNELS],
}

impl Normalisation {
    /// Channel statistics of the CIFAR-10 training split.
    pub const CIFAR10: Normalisation =
        Normalisation { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

    /// Channel statistics of ImageNet: the default of the `-v1` networks.
    pub const IMAGENET: Normalisation =
        Normalisation { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

    /// The normalised value of every byte, by channel.
    ///
    /// Computed in f32 in the order of the formula, as PyTorch's usual input
    /// pipeline does, so that both feed a network the same numbers.
    pub(crate) fn tables(&self) -> [[f32; 256]; CHANNELS] {
        let entry = |c: usize, p: usize| (p as f32 / 255.0 - self.mean[c]) / self.std[c];
        std::array::from_fn(|c| std::array::from_fn(|p| entry(c, p)))
    }
}

/// The same fields before they have been checked.
#[derive(Deserialize)]
struct Unchecked {
    mean: [f32; CHANNELS],
    std: [f32; CHANNELS],
}

impl TryFrom<Unchecked> for Normalisation {
    type Error = DataError;

    fn try_from(Unchecked { mean, std }: Unchecked) -> Result<Self, DataError> {
        for channel in 0..CHANNELS {
            if !mean[channel].is_finite() {
                let (field, value) = ("mean", mean[channel]);
                let expected = "a finite number";
                return Err(DataError::Normalisation { field, channel, value, expected });
            }
            if !(std[channel].is_finite() && std[channel] > 0.0) {
                let (field, value) = ("std", std[channel]);
                let expected = "a finite positive number";
                return Err(DataError::Normalisation { field, channel, value, expected });
            }
        }
        Ok(Normalisation { mean, std })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_formula() {
        let tables = Normalisation::CIFAR10.tables();
        // (255/255 - 0.4914) / 0.2470, (0 - 0.4822) / 0.2435, (51/255 - 0.4465) / 0.2616
        let cases = [(0, 255, 2.059_109_3), (1, 0, -1.980_287_5), (2, 51, -0.942_278_3)];
        for (channel, byte, expected) in cases {
            let found: f32 = tables[channel][byte];
            assert!((found - expected).abs() < 1e-6, "{channel} {byte}: {found}");
        }
    }

    #[test]
    fn a_normalisation_survives_json() {
        let json = serde_json::to_string(&Normalisation::IMAGENET).unwrap();
        assert_eq!(json, r#"{"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#);
        assert_eq!(serde_json::from_str::<Normalisation>(&json).unwrap(), Normalisation::IMAGENET);
    }

    #[test]
    fn useless_values_are_refused() {
        let cases = [
            (r#"{"mean":[0.5,0.5,0.5],"std":[0.2,0,0.2]}"#, "std[1] is 0"),
            (r#"{"mean":[0.5,0.5,0.5],"std":[0.2,0.2,-1]}"#, "std[2] is -1"),
        ];
        for (json, expected) in cases {
            let message = serde_json::from_str::<Normalisation>(json).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        // Whether JSON or this crate refuses it depends on how JSON reads numbers.
        let too_large = r#"{"mean":[0.5,1e60,0.5],"std":[0.2,0.2,0.2]}"#;
        assert!(serde_json::from_str::<Normalisation>(too_large).is_err());
    }
}
