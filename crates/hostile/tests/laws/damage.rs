//! Files cut short, with flipped bits, and spliced.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hostile::{TARGETS, Target};
use tensor::random::{Random, Stream};

use crate::seeds;

/// Damaged copies of each seed, of each kind.
const COPIES: usize = 300;

#[track_caller]
fn survive(target: &Target, bytes: &[u8], what: impl Fn() -> String) {
    let read = AssertUnwindSafe(|| (target.read)(bytes));
    assert!(catch_unwind(read).is_ok(), "{} panics on {}", target.name, what());
}

/// All places of a short file; of a long one its first and last 64, and as many others as
/// there are copies.
fn places(len: usize, random: &mut Random) -> Vec<usize> {
    if len <= COPIES {
        return (0..len).collect();
    }
    let mut places: Vec<usize> = (0..64).chain(len - 64..len).collect();
    places.extend((0..COPIES).map(|_| random.below(len as u64) as usize));
    places
}

#[test]
fn whatever_is_cut_off_the_reader_comes_back() {
    for target in &TARGETS {
        let mut random = Stream::new(1, target.name).at(0, 0);
        for (path, bytes) in seeds(target) {
            for end in places(bytes.len(), &mut random) {
                survive(target, &bytes[..end], || format!("{path} cut to {end} bytes"));
            }
        }
    }
}

#[test]
fn whichever_bit_is_flipped_the_reader_comes_back() {
    for target in &TARGETS {
        let mut random = Stream::new(2, target.name).at(0, 0);
        for (path, bytes) in seeds(target) {
            for at in places(bytes.len(), &mut random) {
                let bit = random.below(8);
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                survive(target, &damaged, || format!("{path}, bit {bit} of byte {at}"));
            }
        }
    }
}

/// Several numbers at once become the extremes that lengths and offsets overflow with.
#[test]
fn whatever_becomes_an_extreme_the_reader_comes_back() {
    const EXTREMES: [&[u8]; 6] =
        [&[0; 8], &[0xff; 8], &[0xff, 0xff, 0xff, 0x7f], &[0, 0, 0, 0x80], b"9999999999", b"-1"];
    for target in &TARGETS {
        let mut random = Stream::new(3, target.name).at(0, 0);
        for (path, bytes) in seeds(target) {
            for _ in 0..COPIES {
                let mut damaged = bytes.clone();
                let extreme = EXTREMES[random.below(EXTREMES.len() as u64) as usize];
                let at = random.below(damaged.len() as u64) as usize;
                let end = (at + extreme.len()).min(damaged.len());
                damaged[at..end].copy_from_slice(&extreme[..end - at]);
                survive(target, &damaged, || format!("{path}, {extreme:?} at byte {at}"));
            }
        }
    }
}

/// A part of a file in the place of another.
#[test]
fn whatever_is_copied_elsewhere_the_reader_comes_back() {
    for target in &TARGETS {
        let mut random = Stream::new(4, target.name).at(0, 0);
        for (path, bytes) in seeds(target) {
            for _ in 0..COPIES {
                let mut place = || random.below(bytes.len() as u64) as usize;
                let (a, b, to) = (place(), place(), place());
                let (from, end) = (a.min(b), a.max(b));
                let part = bytes[from..end].to_vec();
                let mut damaged = bytes.clone();
                damaged.splice(to..to, part);
                let what = || format!("{path}, bytes {from} to {end} also at {to}");
                survive(target, &damaged, what);
            }
        }
    }
}
