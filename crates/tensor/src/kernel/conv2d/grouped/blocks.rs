//! How the channels of groups lie in registers.
//!
//! ```text
//! four lanes, groups of 2:   y: [a0 a1 b0 b1] [c0 c1 - -]     x permuted for i = 1: [a1 a1 b1 b1]
//! four lanes, groups of 6:   y: [a0 a1 a2 a3] [a4 a5 - -] …   x of i = 1, broadcast: [a1 a1 a1 a1]
//! ```
//!
//! A block is a register of output channels: those of as many whole groups as fit, or a
//! part of the channels of one. Its weights are packed so that those of one tap and one
//! input channel of every group lie side by side. Lanes that are left over have weights
//! of 0.

use crate::Buffer;

/// Lanes of the widest level.
pub(super) const LANES: usize = 16;

/// Cuts channels into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Lanes of a register.
    pub(super) lanes: usize,
    groups: usize,
    /// Channels of a group that are read.
    pub(super) from: usize,
    /// Channels of a group that are written.
    to: usize,
    /// Whole groups in a register; 1: at most one group.
    whole: usize,
}

/// The channels of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// The first channel that it reads.
    pub(super) read: usize,
    /// The first that it writes.
    pub(super) write: usize,
    /// How many it writes.
    pub(super) len: usize,
}

impl Blocks {
    /// For groups of so many channels read and written.
    pub(super) fn new(lanes: usize, groups: usize, [from, to]: [usize; 2]) -> Self {
        let whole = (lanes / from.max(to)).clamp(1, groups);
        Blocks { lanes, groups, from, to, whole }
    }

    /// Whether inputs are permuted to their lanes; otherwise each is broadcast to all.
    pub(super) fn is_permuted(&self) -> bool {
        self.whole > 1
    }

    /// Registers that a group is cut into.
    fn parts(&self) -> usize {
        self.to.div_ceil(self.lanes)
    }

    /// How many blocks there are.
    pub(super) fn count(&self) -> usize {
        if self.is_permuted() {
            self.groups.div_ceil(self.whole)
        } else {
            self.groups * self.parts()
        }
    }

    /// The channels of block `b`.
    pub(super) fn block(&self, b: usize) -> Block {
        if self.is_permuted() {
            let first = b * self.whole;
            let groups = self.whole.min(self.groups - first);
            Block { read: first * self.from, write: first * self.to, len: groups * self.to }
        } else {
            let (group, at) = (b / self.parts(), b % self.parts() * self.lanes);
            let len = self.lanes.min(self.to - at);
            Block { read: group * self.from, write: group * self.to + at, len }
        }
    }

    /// Numbers that a block reads of a pixel, from its first channel on.
    pub(super) fn reach(&self) -> usize {
        if self.is_permuted() { self.lanes } else { self.from }
    }

    /// For input channel `i` of every group the lanes that it is permuted from, in
    /// `places[i]`; meant for blocks that are permuted, whose groups have at most half a
    /// register of channels.
    pub(super) fn places(&self) -> [[i32; LANES]; LANES / 2] {
        let mut places = [[0; LANES]; LANES / 2];
        for (i, places) in places.iter_mut().enumerate().take(self.from) {
            for (lane, place) in places.iter_mut().enumerate().take(self.whole * self.to) {
                *place = (lane / self.to * self.from + i) as i32;
            }
        }
        places
    }

    /// Where the weights of a tap of block `b` begin.
    pub(super) fn packed_at(&self, kernel: usize, b: usize, tap: usize) -> usize {
        (b * kernel * kernel + tap) * self.from * self.lanes
    }

    /// `[block, tap, i, lane]` of `weight(tap, i, o)`: input channel `i` of the group, output
    /// channel `o` of all.
    pub(super) fn packed(
        &self,
        kernel: usize,
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Buffer<f32> {
        let mut packed = Buffer::zeros(self.packed_at(kernel, self.count(), 0));
        self.for_each_weight(kernel, packed.as_mut_slice(), |packed, [tap, i, o]| {
            *packed = weight(tap, i, o);
        });
        packed
    }

    /// Calls `f(number, [tap, i, o])` for every weight among packed ones.
    pub(super) fn for_each_weight(
        &self,
        kernel: usize,
        packed: &mut [f32],
        mut f: impl FnMut(&mut f32, [usize; 3]),
    ) {
        let taps = kernel * kernel;
        for (at, lanes) in packed.chunks_exact_mut(self.lanes).enumerate() {
            let (i, tap, b) = (at % self.from, at / self.from % taps, at / self.from / taps);
            let Block { write, len, .. } = self.block(b);
            for (lane, number) in lanes[..len].iter_mut().enumerate() {
                f(number, [tap, i, write + lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_hold_each_channel_once_with_the_inputs_of_its_group(
            lanes in prop_oneof![Just(8usize), Just(16)],
            groups in 1usize..20, from in 1usize..40, to in 1usize..40,
        ) {
            let blocks = Blocks::new(lanes, groups, [from, to]);
            let places = blocks.places();
            let mut next = 0;
            for b in 0..blocks.count() {
                let Block { read, write, len } = blocks.block(b);
                prop_assert_eq!(write, next);
                prop_assert!(0 < len && len <= lanes);
                next += len;
                for (lane, i) in (0..len).flat_map(|lane| (0..from).map(move |i| (lane, i))) {
                    let group = (write + lane) / to;
                    let channel = if blocks.is_permuted() {
                        let place = places[i][lane] as usize;
                        prop_assert!(place < lanes);
                        read + place
                    } else {
                        read + i
                    };
                    prop_assert_eq!(channel, group * from + i);
                }
            }
            prop_assert_eq!(next, groups * to);
            prop_assert!(places.iter().flatten().all(|&place| (place as usize) < lanes));
        }
    }
}
