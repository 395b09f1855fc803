//! How many images go through a network at once in evaluation.

use std::ops::Range;

use tensor::threads;

/// Images that go through a network together in evaluation, on one thread: enough
/// that reading the weights of wide layers does not take the time, few enough for the
/// threads of a desktop to share a test set evenly.
pub const EVAL_GROUP: usize = 32;

/// Images handed to an evaluation at once: groups for 32 threads, and 12 MiB. No bit of
/// a prediction depends on it.
pub const EVAL_BATCH: usize = 32 * EVAL_GROUP;

/// `work` on the places of `n` images, [`EVAL_GROUP`] of them at a time, each group on
/// one thread; results in order.
pub fn in_groups<R: Send>(n: usize, work: impl Fn(Range<usize>) -> R + Send + Sync) -> Vec<R> {
    threads::map(n.div_ceil(EVAL_GROUP), |i| {
        let group = i * EVAL_GROUP..n.min((i + 1) * EVAL_GROUP);
        threads::alone(|| work(group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_follow_each_other_and_the_last_one_is_what_is_left() {
        let groups = |n| in_groups(n, |group| (group.start, group.end));
        assert_eq!(groups(0), []);
        assert_eq!(groups(EVAL_GROUP), [(0, 32)]);
        assert_eq!(groups(2 * EVAL_GROUP + 1), [(0, 32), (32, 64), (64, 65)]);
    }
}
