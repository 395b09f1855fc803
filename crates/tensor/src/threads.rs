//! Fixed partitions of work over rayon's threads.
//!
//! The number of chunks is a function of the shape, never of the threads; each
//! chunk owns what it writes; partial results are joined in a fixed order.

use std::cell::Cell;
use std::ops::AddAssign;

use rayon::iter::MinLen;
use rayon::prelude::*;

use crate::Scalar;
use crate::simd::vectorised;

/// Elements of one chunk of an elementwise pass: 64 KiB of `f32`, large
/// against the cost of handing it to a thread, small against L2.
pub(crate) const CHUNK_ELEMENTS: usize = 16 * 1024;

/// Runs `f` on a pool of `n` threads; all kernels called inside use it.
///
/// # Errors
/// If the system cannot start the threads.
pub fn with_threads<R: Send>(
    n: usize,
    f: impl FnOnce() -> R + Send,
) -> Result<R, rayon::ThreadPoolBuildError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(n).build()?.install(f))
}

/// How many threads the kernels use here.
pub fn count() -> usize {
    rayon::current_num_threads()
}

/// `f(0..n)` in parallel; results in order.
pub fn map<R: Send>(n: usize, f: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    share((0..n).into_par_iter()).map(f).collect()
}

/// Calls `f(0..n)` in parallel.
pub fn for_each(n: usize, f: impl Fn(usize) + Send + Sync) {
    share((0..n).into_par_iter()).for_each(f);
}

/// Rows of width `c` in one chunk of a pass over `[rows, c]`.
pub(crate) fn chunk_rows(c: usize) -> usize {
    (CHUNK_ELEMENTS / c.max(1)).max(1)
}

/// Calls `f(chunk index, chunk)` on consecutive chunks of `out`, in parallel.
pub(crate) fn for_chunks<T: Send>(
    out: &mut [T],
    chunk: usize,
    f: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    share(out.par_chunks_mut(chunk.max(1)).enumerate()).for_each(|(i, out)| f(i, out));
}

/// Calls `f(chunk index, chunk, item)` on consecutive chunks of `out`, each with its
/// item, in parallel.
pub(crate) fn for_pairs<T: Send, I: IndexedParallelIterator>(
    out: &mut [T],
    chunk: usize,
    items: I,
    f: impl Fn(usize, &mut [T], I::Item) + Send + Sync,
) {
    let pairs = out.par_chunks_mut(chunk.max(1)).zip(items);
    share(pairs.enumerate()).for_each(|(i, (out, item))| f(i, out, item));
}

thread_local! {
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and all kernels that it calls on the calling thread alone. This is for work
/// that is itself one of many parallel pieces, and small enough that its data stay in
/// this processor's cache.
pub fn alone<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_ALONE.set(self.0);
        }
    }
    let _restore = Restore(IS_ALONE.replace(true));
    f()
}

/// Whether there are several threads and this one does not work [`alone`], so that a small
/// piece of work may be cut further.
pub fn has_others() -> bool {
    count() > 1 && !IS_ALONE.get()
}

/// Runs `f` on a thread of the pool, so that what it runs [`side_by_side`] does not enter the
/// pool each time.
pub fn inside<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| f())
}

/// `f(0..n)` side by side, each [`alone`] on a thread, also where the caller works alone:
/// for a few pieces of work whose caller has the threads for itself. Results in order.
pub fn side_by_side<R: Send>(n: usize, f: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    (0..n).into_par_iter().with_max_len(1).map(|i| alone(|| f(i))).collect()
}

/// Spreads the items over the threads, unless this thread works [`alone`].
pub(crate) fn share<I: IndexedParallelIterator>(items: I) -> MinLen<I> {
    items.with_min_len(if IS_ALONE.get() { usize::MAX } else { 1 })
}

/// `out` = the sum of the runs in `runs`, each as long as `out`, added in order; 0 if
/// there are none.
pub(crate) fn add_runs<T: Scalar>(out: &mut [T], runs: &[T]) {
    let len = out.len();
    let chunk = CHUNK_ELEMENTS / 4;
    for_chunks(out, chunk, |i, out| {
        out.fill(T::ZERO);
        for run in runs.chunks_exact(len) {
            let run = &run[i * chunk..];
            vectorised(|| out.iter_mut().zip(run).for_each(|(o, &v)| *o += v));
        }
    });
}

/// Adds `items` runs of equal length into the first one, by the tree of
/// [`tree_join`]; the others are left with partial sums.
pub(crate) fn tree_sum<T: Copy + AddAssign>(runs: &mut [T], items: usize) {
    tree_join(runs, items, |a, b, _| a.iter_mut().zip(b).for_each(|(a, &b)| *a += b));
}

/// Joins `items` runs of equal length into the first one, neighbours pairwise until one
/// is left: `((0 1) (2 3)) ((4 5) 6)`. The tree depends on the number of items alone.
/// `join` joins the second run to the first; they hold the items `ends[0]..ends[1]` and
/// `ends[1]..ends[2]`.
pub(crate) fn tree_join<T>(
    runs: &mut [T],
    items: usize,
    mut join: impl FnMut(&mut [T], &[T], [usize; 3]),
) {
    let len = runs.len() / items.max(1);
    let mut step = 1;
    while step < items {
        for left in (0..items - step).step_by(2 * step) {
            let (a, b) = runs[left * len..].split_at_mut(step * len);
            let (middle, end) = (left + step, items.min(left + 2 * step));
            join(&mut a[..len], &b[..len], [left, middle, end]);
        }
        step *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_keeps_the_order_and_misses_nothing() {
        for n in 0..20 {
            let mut items: Vec<String> = (0..n).map(|i| format!("{i} ")).collect();
            let whole = items.concat();
            tree_join(&mut items, n, |a, b, _| a[0] += &b[0]);
            assert_eq!(items.first().cloned().unwrap_or_default(), whole);
        }
    }

    #[test]
    fn the_tree_pairs_neighbours() {
        let mut items: Vec<String> = (0..7).map(|i| i.to_string()).collect();
        tree_join(&mut items, 7, |a, b, _| a[0] = format!("({} {})", a[0], b[0]));
        assert_eq!(items[0], "(((0 1) (2 3)) ((4 5) 6))");
    }

    #[test]
    fn runs_are_added_in_order() {
        // Rounding shows the order of additions.
        for (n, len) in [(1, 5), (8, 3), (3, 2 * CHUNK_ELEMENTS + 1)] {
            let runs: Vec<f32> = (0..n * len).map(|i| 1.0 / (i as f32 + 0.7)).collect();
            let mut sum = vec![f32::NAN; len];
            add_runs(&mut sum, &runs);
            for (i, &sum) in sum.iter().enumerate() {
                let expected = (0..n).fold(0.0, |sum, run| sum + runs[run * len + i]);
                assert_eq!(sum, expected, "number {i} of {n} runs of {len}");
            }
        }
        let mut nothing = [1.0f64; 2];
        add_runs(&mut nothing, &[]);
        assert_eq!(nothing, [0.0; 2]);
    }

    #[test]
    fn who_works_alone_stays_on_its_thread() {
        let here = || std::thread::current().id();
        with_threads(4, || {
            let ids = alone(|| map(1000, |_| here()));
            assert!(ids.iter().all(|id| *id == here()));
            // And only that long.
            assert!(!IS_ALONE.get());
        })
        .unwrap();
    }

    /// Each piece waits for the other, so one after the other they would wait in vain.
    #[test]
    fn pieces_run_side_by_side_even_where_the_caller_works_alone() {
        use std::sync::{Condvar, Mutex};
        use std::time::Duration;
        let (started, changed) = (Mutex::new(0), Condvar::new());
        let meet = |_| {
            let mut count = started.lock().unwrap();
            *count += 1;
            changed.notify_all();
            let patience = Duration::from_secs(60);
            let wait = changed.wait_timeout_while(count, patience, |count| *count < 2);
            (!wait.unwrap().1.timed_out(), has_others())
        };
        let met = with_threads(2, || inside(|| alone(|| side_by_side(2, meet)))).unwrap();
        assert_eq!(met, [(true, false); 2], "each piece works alone");
        assert!(with_threads(2, has_others).unwrap() && !with_threads(1, has_others).unwrap());
        let squares = with_threads(3, || side_by_side(7, |i| i * i)).unwrap();
        assert_eq!(squares, [0, 1, 4, 9, 16, 25, 36]);
    }

    #[test]
    fn map_keeps_the_order_for_any_number_of_threads() {
        for n in [1, 2, 3, 8] {
            let squares = with_threads(n, || map(100, |i| i * i)).unwrap();
            assert!(squares.iter().enumerate().all(|(i, &v)| v == i * i));
        }
    }
}
