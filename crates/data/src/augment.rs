//! Augmentation and order as plain data, drawn from the caller's generator.

use rand::Rng;

/// Zero pixels added on each side before a random crop.
pub const PAD: usize = 4;

/// One crop of a padded image: a 32 x 32 window of the 40 x 40 image, perhaps mirrored.
///
/// Output pixel `(y, x)` is pixel `(y + dy, x' + dx)` of the padded image, where
/// `x' = 31 - x` if `flip`, else `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crop {
    /// Columns the window lies to the right of the padded image's left edge, 0 to 8.
    pub dx: u8,
    /// Rows the window lies below the padded image's upper edge, 0 to 8.
    pub dy: u8,
    /// Whether the window is mirrored left to right.
    pub flip: bool,
}

impl Crop {
    /// The image itself.
    pub const CENTRE: Crop = Crop { dx: PAD as u8, dy: PAD as u8, flip: false };

    /// Draws a window (each of the 81 equally likely) and a flip (one half), in
    /// the order `dx`, `dy`, `flip`.
    ///
    /// Use one generator for each (epoch, sample), so that a sample's crop does
    /// not depend on batches or threads.
    pub fn draw(rng: &mut impl Rng) -> Crop {
        let offsets = 2 * PAD as u32 + 1;
        let dx = below(rng, offsets) as u8;
        let dy = below(rng, offsets) as u8;
        Crop { dx, dy, flip: below(rng, 2) == 1 }
    }
}

/// The numbers `0..n` in random order, each permutation equally likely (Fisher-Yates).
///
/// # Panics
/// If `n` does not fit `u32`.
pub fn shuffled_indices(n: usize, rng: &mut impl Rng) -> Vec<u32> {
    let n = u32::try_from(n).expect("a data set has fewer than 2^32 images");
    let mut order: Vec<u32> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i as usize, below(rng, i + 1) as usize);
    }
    order
}

/// An unbiased draw from `0..n`, by multiplication and rejection (Lemire 2019,
/// "Fast random integer generation in an interval").
///
/// It asks the generator for `next_u32` alone, so that the same stream gives the
/// same draws whatever the version of `rand`.
///
/// # Panics
/// If `n` is 0.
pub fn below(rng: &mut impl Rng, n: u32) -> u32 {
    assert!(n > 0, "below: n must be at least 1");
    // Products whose low half is under 2^32 mod n belong to the overlong last interval.
    let surplus = n.wrapping_neg() % n;
    loop {
        let product = u64::from(rng.next_u32()) * u64::from(n);
        if product as u32 >= surplus {
            return (product >> 32) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, TryRng};
    use rand_chacha::ChaCha8Rng;
    use std::convert::Infallible;

    /// A generator that plays back given words.
    struct Script<'a>(std::slice::Iter<'a, u32>);

    impl TryRng for Script<'_> {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(*self.0.next().expect("the script is long enough"))
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("only 32-bit words are asked for")
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
            unreachable!("only 32-bit words are asked for")
        }
    }

    fn script(words: &[u32]) -> Script<'_> {
        Script(words.iter())
    }

    proptest! {
        #[test]
        fn a_shuffle_is_a_permutation(n in 0..300_usize, seed: u64) {
            let mut order = shuffled_indices(n, &mut ChaCha8Rng::seed_from_u64(seed));
            order.sort_unstable();
            prop_assert_eq!(order, (0..n as u32).collect::<Vec<_>>());
        }

        #[test]
        fn draws_stay_below_their_bound(n in 1..=u32::MAX, seed: u64) {
            prop_assert!(below(&mut ChaCha8Rng::seed_from_u64(seed), n) < n);
        }
    }

    #[test]
    fn the_overlong_interval_is_rejected() {
        // 2^32 mod 3 = 1: of all words only 0 must be drawn again.
        assert_eq!(below(&mut script(&[0, 1 << 31]), 3), 1);
        assert_eq!(below(&mut script(&[1]), 3), 0);
        assert_eq!(below(&mut script(&[u32::MAX]), 3), 2);
        // Powers of two take the upper bits and reject nothing.
        assert_eq!(below(&mut script(&[0]), 4), 0);
        assert_eq!(below(&mut script(&[0xC000_0000]), 4), 3);
    }

    #[test]
    fn all_orders_of_four_are_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            *counts.entry(shuffled_indices(4, &mut rng)).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Expected 1,000 each, standard deviation 31: five deviations.
        assert!(counts.values().all(|count| (count - 1_000).abs() < 155), "{counts:?}");
    }

    #[test]
    fn crops_cover_every_window_and_both_flips() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = std::collections::HashMap::new();
        for _ in 0..162_000 {
            *counts.entry(Crop::draw(&mut rng)).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 9 * 9 * 2);
        assert!(counts.values().all(|count| (count - 1_000).abs() < 160), "{counts:?}");
        assert!(counts.keys().all(|crop| crop.dx <= 8 && crop.dy <= 8));
    }

    #[test]
    fn a_crop_uses_the_stream_in_its_stated_order() {
        let words = [0xFFFF_FFFF, 1, 0x8000_0000];
        assert_eq!(Crop::draw(&mut script(&words)), Crop { dx: 8, dy: 0, flip: true });
    }
}
