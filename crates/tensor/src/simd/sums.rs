//! Sums in registers: how many run side by side, and in which order they are joined.

use super::Vector;

/// Calls `$f::<V, R, C>` for the widest run of columns that a product takes at once when
/// `$registers` of them are left: `C` registers of columns, and `R` rows, so that the
/// `R C` sums are the level's [`ACCUMULATORS`](Vector::ACCUMULATORS).
macro_rules! with_widest_run {
    ($registers:expr, $f:ident::<$v:ident>($($argument:expr),*)) => {
        match ($registers, $v::ACCUMULATORS) {
            (4.., 16) => $f::<$v, 4, 4>($($argument),*),
            (2.., 16) => $f::<$v, 8, 2>($($argument),*),
            (_, 16) => $f::<$v, 16, 1>($($argument),*),
            (2.., 8) => $f::<$v, 4, 2>($($argument),*),
            (_, 8) => $f::<$v, 8, 1>($($argument),*),
            _ => $f::<$v, 4, 1>($($argument),*),
        }
    };
}
pub(crate) use with_widest_run;

/// Whether all `n` columns of a product are one run.
pub(crate) fn is_one_run<V: Vector>(n: usize) -> bool {
    let [_, columns] = with_widest_run!(n / V::LANES, size::<V>());
    n == columns * V::LANES
}

fn size<V: Vector, const R: usize, const C: usize>() -> [usize; 2] {
    [R, C]
}

/// Independent sums, so that an addition need not wait for the one before.
pub(crate) const CHAINS: usize = 4;

/// The sum of the chains, `(0 + 1) + (2 + 3)`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn join_chains<V: Vector>(chains: [V; CHAINS]) -> V {
    // SAFETY: the caller vouches for the instructions.
    unsafe { chains[0].add(chains[1]).add(chains[2].add(chains[3])) }
}

/// Adds each lane of the chains' sum to a wide total.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_chains<V: Vector>(totals: &mut [f64], chains: [V; CHAINS]) {
    let mut lanes = [0.0f32; 16];
    // SAFETY: the caller vouches for the instructions; no register is longer than the
    // array.
    unsafe { join_chains(chains).store(lanes.as_mut_ptr()) };
    for (total, lane) in totals.iter_mut().zip(lanes) {
        *total += f64::from(lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs_fill_the_accumulators<V: Vector>(one_run: &[usize]) {
        for registers in 1..9 {
            let [rows, columns] = with_widest_run!(registers, size::<V>());
            assert_eq!(rows * columns, V::ACCUMULATORS, "{registers} of {}", V::LANES);
            assert!(columns <= registers && 16 % rows == 0, "{rows}x{columns} of {registers}");
            let is_one = is_one_run::<V>(registers * V::LANES);
            assert_eq!(is_one, one_run.contains(&registers), "{registers} of {}", V::LANES);
        }
        assert!(!is_one_run::<V>(V::LANES + 1) && !is_one_run::<V>(0));
    }

    #[test]
    fn runs_fill_the_accumulators_at_every_level() {
        runs_fill_the_accumulators::<[f32; 8]>(&[1]);
        // Sizes only: no instruction of the level runs.
        #[cfg(target_arch = "x86_64")]
        {
            runs_fill_the_accumulators::<std::arch::x86_64::__m256>(&[1, 2]);
            runs_fill_the_accumulators::<std::arch::x86_64::__m512>(&[1, 2, 4]);
        }
    }
}
