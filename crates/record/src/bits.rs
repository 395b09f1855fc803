//! One bit for each image, packed.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// One bit for each image, in the order of the images.
///
/// In JSON it is a string: the number of images, a colon, and base64 of the bytes, the
/// first image in the lowest bit of the first byte. `10:/wM=` is ten images, all set.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bits {
    len: usize,
    bytes: Vec<u8>,
}

impl Bits {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit of image `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Bits::len`].
    pub fn get(&self, i: usize) -> bool {
        assert!(i < self.len, "bits: image {i} of {}", self.len);
        self.bytes[i / 8] >> (i % 8) & 1 == 1
    }

    /// The bits, in the order of the images.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.len).map(|i| self.get(i))
    }

    /// How many bits are set.
    pub fn count_ones(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// The bits in words of 64, the first image in the lowest bit of the first word; those
    /// beyond the last image are not set.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        })
    }

    /// How many bits are set here and not in `other`.
    ///
    /// # Panics
    /// If the two have different lengths.
    pub fn count_and_not(&self, other: &Bits) -> usize {
        assert!(self.len == other.len, "bits: {} images and {}", self.len, other.len);
        let pairs = self.bytes.iter().zip(&other.bytes);
        pairs.map(|(a, b)| (a & !b).count_ones() as usize).sum()
    }
}

impl FromIterator<bool> for Bits {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let (mut len, mut bytes) = (0, Vec::new());
        for bit in bits {
            if len % 8 == 0 {
                bytes.push(0);
            }
            *bytes.last_mut().expect("a byte was just pushed") |= u8::from(bit) << (len % 8);
            len += 1;
        }
        Bits { len, bytes }
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.len, STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bits({} of {} set)", self.count_ones(), self.len)
    }
}

impl From<Bits> for String {
    fn from(bits: Bits) -> String {
        bits.to_string()
    }
}

impl TryFrom<String> for Bits {
    type Error = BitsError;

    fn try_from(text: String) -> Result<Bits, BitsError> {
        text.parse()
    }
}

/// A text that is not [`Bits`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected LENGTH:BASE64 with one bit for each image, found {0:?}")]
pub struct BitsError(String);

impl FromStr for Bits {
    type Err = BitsError;

    fn from_str(text: &str) -> Result<Bits, BitsError> {
        let parse = || {
            let (len, bytes) = text.split_once(':')?;
            let len: usize = len.parse().ok()?;
            let bytes = STANDARD.decode(bytes).ok()?;
            // Bits beyond the last image would be counted.
            let spare = bytes.last().map_or(0, |last| last.leading_zeros() as usize);
            let unused = (8 * bytes.len()).checked_sub(len)?;
            (bytes.len() == len.div_ceil(8) && spare >= unused).then_some(Bits { len, bytes })
        };
        parse().ok_or_else(|| BitsError(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_what_they_are_made_of_and_read_back(a: Vec<bool>, seed: Vec<bool>) {
            let bits: Bits = a.iter().copied().collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), a.clone());
            prop_assert_eq!(bits.count_ones(), a.iter().filter(|bit| **bit).count());
            prop_assert_eq!(bits.to_string().parse::<Bits>().unwrap(), bits.clone());
            let b: Vec<bool> = (0..a.len()).map(|i| seed.get(i) == Some(&true)).collect();
            let expected = a.iter().zip(&b).filter(|(a, b)| **a && !**b).count();
            prop_assert_eq!(bits.count_and_not(&b.into_iter().collect()), expected);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!("10:/wM=".parse::<Bits>().unwrap().count_ones(), 10);
        for text in ["", "10", "9:/wM=", "17:/wM=", "10:/wM", "-1:", "x:/wM=", "8:/wM=", ":"] {
            assert_eq!(text.parse::<Bits>(), Err(BitsError(text.into())), "{text}");
        }
    }
}
