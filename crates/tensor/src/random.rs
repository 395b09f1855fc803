//! Seeded random streams, addressed by name and place.
//!
//! There is no hidden state: the numbers for, say, the augmentation of image
//! 17 in epoch 3 are a function of the seed, the name `"augment"` and the
//! place `(3, 17)`. They do not depend on threads, on batches, or on what was
//! drawn before, so a checkpoint does not have to store a generator.

use rand::{Rng, SeedableRng, rand_core};
use rand_chacha::ChaCha8Rng;

/// A named family of generators under one seed.
///
/// ```
/// use tensor::random::Stream;
///
/// let crops = Stream::new(1, "crops");
/// let drawn = crops.at(3, 17).uniform(); // epoch 3, image 17
/// let _ = crops.at(3, 16).uniform();
/// assert_eq!(crops.at(3, 17).uniform(), drawn, "whatever was drawn elsewhere");
/// assert_ne!(Stream::new(1, "masks").at(3, 17).uniform(), drawn);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    seed: u64,
    name: u64,
}

impl Stream {
    /// The stream `name` under `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        Stream { seed, name: fnv1a(name) }
    }

    /// The generator at a place of the stream, such as `(epoch, image)`.
    ///
    /// ChaCha8 with the key `seed | name | a | b`, so different places have
    /// independent numbers.
    pub fn at(&self, a: u64, b: u64) -> Random {
        let mut key = [0u8; 32];
        for (word, value) in key.chunks_exact_mut(8).zip([self.seed, self.name, a, b]) {
            word.copy_from_slice(&value.to_le_bytes());
        }
        Random(ChaCha8Rng::from_seed(key))
    }
}

/// FNV-1a, 64 bit: enough to keep the few names of a program apart.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One generator. It is also a [`rand::Rng`], for code that takes any generator.
#[derive(Debug, Clone)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// Uniform in `[0, 1)`, a multiple of `2^-53`.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (Box and Muller 1958, the cosine half).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Uniform in `0..n`, without bias (Lemire 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "no number lies below 0");
        let rejected = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= rejected {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts the items in a uniformly random order (Fisher and Yates).
    pub fn shuffle<I>(&mut self, items: &mut [I]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

impl rand_core::TryRng for Random {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0.try_next_u32()
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0.try_next_u64()
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0.try_fill_bytes(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_always_has_the_same_numbers_and_no_two_places_share_them() {
        let draw = |seed, name, a, b| Stream::new(seed, name).at(a, b).next_u64();
        assert_eq!(draw(1, "init", 2, 3), draw(1, "init", 2, 3));
        let all = [
            draw(1, "init", 2, 3),
            draw(2, "init", 2, 3),
            draw(1, "augment", 2, 3),
            draw(1, "init", 3, 3),
            draw(1, "init", 2, 4),
            draw(1, "init", 3, 2),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(!all[..i].contains(a), "place {i} repeats another");
        }
    }

    #[test]
    fn moments_are_those_of_the_distribution() {
        let mut rng = Stream::new(7, "moments").at(0, 0);
        const N: usize = 100_000;
        // Bounds at five standard errors.
        let normal: Vec<f64> = (0..N).map(|_| rng.normal()).collect();
        let mean = normal.iter().sum::<f64>() / N as f64;
        let var = normal.iter().map(|v| v * v).sum::<f64>() / N as f64;
        assert!(mean.abs() < 0.016, "mean {mean}");
        assert!((var - 1.0).abs() < 0.023, "variance {var}");
        let uniform = (0..N).map(|_| rng.uniform()).sum::<f64>() / N as f64;
        assert!((uniform - 0.5).abs() < 0.005, "uniform mean {uniform}");
    }

    #[test]
    fn below_hits_every_value_about_equally_often() {
        let mut rng = Stream::new(7, "below").at(0, 0);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[rng.below(6) as usize] += 1;
        }
        // Binomial standard deviation 91; five of them.
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 460), "{counts:?}");
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: Vec<u32> = (0..100).collect();
        Stream::new(7, "shuffle").at(0, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
