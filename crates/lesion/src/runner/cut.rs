//! Cutting work into pieces, by shape alone.

use std::ops::Range;

use models::EVAL_GROUP;

use super::piece::{Part, Piece};
use crate::sorted::{Sorted, macs};
use crate::{Lesion, Question, Subject, Work};

/// How large a piece may be: its result is lost when a run is killed, and one thread
/// computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Multiplications of a piece. What cannot be cut further may have more: one lesion
    /// on a group of [`EVAL_GROUP`] images, one with re-estimated statistics, one item.
    pub macs: u64,
    /// A piece is at most one of so many equal parts of the whole, as far as images and
    /// items can be cut. Lesions are not cut for it: prefixes on either side of a
    /// cut are run twice.
    pub parts: u64,
}

impl Default for Limits {
    /// 2^40 multiplications, some ten seconds of one thread, and 1/64 of the whole.
    fn default() -> Self {
        Limits { macs: 1 << 40, parts: 64 }
    }
}

/// All pieces of a question.
pub(super) fn pieces(question: &Question, limits: &Limits) -> Vec<Piece> {
    let share = (question.cost().macs / limits.parts.max(1)).min(limits.macs);
    let mut pieces = Vec::new();
    for (place, work) in question.work().iter().enumerate() {
        let add = |part, macs| pieces.push(Piece { work: place, part, macs });
        match work {
            Work::Lesions { network, lesions, images } => {
                let subject = &question.inputs().networks[*network];
                cut_lesions(subject, lesions, images, limits.macs, share, add);
            }
            Work::Items { count, macs, .. } => cut_items(*count, *macs, share, add),
        }
    }
    pieces
}

/// Images first, in multiples of a group, then runs of the sorted lesions where one group
/// is too much under all of them.
fn cut_lesions(
    subject: &Subject,
    lesions: &[Lesion],
    images: &Range<usize>,
    limit: u64,
    share: u64,
    mut add: impl FnMut(Part, u64),
) {
    if images.is_empty() {
        return;
    }
    let lesions = Sorted::new(lesions).distinct;
    let cost = |run: Range<usize>, images: usize| macs(subject, &lesions[run], images);
    let running = lesions.partition_point(|lesion| lesion.training_images() == 0);
    halve(0..running, &|run| cost(run, EVAL_GROUP) <= limit, &mut |run| {
        let image = cost(run.clone(), 1);
        let group = (image * EVAL_GROUP as u64).max(1);
        let at_once = usize::try_from(share / group).unwrap_or(usize::MAX);
        let at_once = at_once.clamp(1, images.len().div_ceil(EVAL_GROUP)) * EVAL_GROUP;
        for start in images.clone().step_by(at_once) {
            let images = start..images.end.min(start + at_once);
            let macs = image * images.len() as u64;
            add(Part::Lesions { run: run.clone(), images }, macs);
        }
    });
    // Each piece would estimate the statistics again, so these keep their images together.
    let of_all = |run| cost(run, images.len());
    halve(running..lesions.len(), &|run| of_all(run) <= share, &mut |run| {
        let macs = of_all(run.clone());
        add(Part::Lesions { run, images: images.clone() }, macs);
    });
}

fn cut_items(count: usize, macs: u64, share: u64, mut add: impl FnMut(Part, u64)) {
    let at_once = usize::try_from(share / macs.max(1)).unwrap_or(usize::MAX).clamp(1, count.max(1));
    for start in (0..count).step_by(at_once) {
        let items = start..count.min(start + at_once);
        let macs = macs * items.len() as u64;
        add(Part::Items(items), macs);
    }
}

/// Calls `each` on parts of the run that fit, or that cannot be halved any more.
fn halve(
    run: Range<usize>,
    fits: &dyn Fn(Range<usize>) -> bool,
    each: &mut dyn FnMut(Range<usize>),
) {
    if run.is_empty() {
        return;
    }
    if run.len() == 1 || fits(run.clone()) {
        return each(run);
    }
    let middle = run.start + run.len() / 2;
    halve(run.start..middle, fits, each);
    halve(middle..run.end, fits, each);
}

#[cfg(test)]
mod tests {
    use models::{Arch, Plan};
    use proptest::prelude::*;

    use super::*;
    use crate::Statistics;
    use crate::experiment::delete_one;

    fn subject() -> Subject {
        let arch = Arch::parse("resnet14").unwrap();
        let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
        Subject::from_bytes(arch, "resnet14.safetensors".as_ref(), &bytes).unwrap()
    }

    /// Every single deletion, and the intact network with re-estimated statistics.
    fn lesions(subject: &Subject) -> Vec<Lesion> {
        let statistics = Statistics::Reestimated { batches: 2 };
        let reestimated = Lesion { statistics, ..Plan::intact(&subject.model).into() };
        let plans = delete_one::plans(&subject.model).into_iter().map(Lesion::from);
        plans.chain([reestimated]).collect()
    }

    proptest! {
        #[test]
        fn each_lesion_sees_each_image_once_in_pieces_of_the_size_allowed(
            start in 0..100_usize, n in 0..300_usize, limit in 0..34_u32, parts in 0..7_u32,
        ) {
            let (subject, limit) = (subject(), 1 << limit);
            let (lesions, images) = (lesions(&subject), start..start + n);
            let distinct = Sorted::new(&lesions).distinct;
            let share = (macs(&subject, &distinct, n) >> parts).min(limit);
            let mut seen = vec![vec![0; n]; distinct.len()];
            cut_lesions(&subject, &lesions, &images, limit, share, |part, macs| {
                let Part::Lesions { run, images } = part else { panic!("{part:?}") };
                for seen in &mut seen[run.clone()] {
                    for image in images.clone() {
                        seen[image - start] += 1;
                    }
                }
                let is_group = images.len() <= EVAL_GROUP;
                let is_running = distinct[run.start].training_images() == 0;
                let fits = match (is_running, is_group) {
                    (true, false) => macs <= share && (images.start - start) % EVAL_GROUP == 0,
                    (true, true) => macs <= limit || run.len() == 1,
                    (false, _) => macs <= share || run.len() == 1,
                };
                assert!(fits, "{run:?} on {images:?}: {macs} of {limit}, {share}");
            });
            prop_assert!(seen.iter().flatten().all(|&times| times == 1), "{:?}", seen);
        }

        #[test]
        fn each_item_is_in_one_piece_of_the_size_allowed(
            count in 0..200_usize, macs in 0..50_u64, share in 0..1000_u64,
        ) {
            let mut next = 0;
            cut_items(count, macs, share, |part, all| {
                let Part::Items(items) = part else { panic!("{part:?}") };
                assert_eq!((items.start, all), (next, macs * items.len() as u64));
                assert!(all <= share || items.len() == 1, "{items:?}");
                next = items.end;
            });
            prop_assert_eq!(next, count);
        }
    }

    /// Cuts of lesions run prefixes twice, so small questions are cut by images alone.
    #[test]
    fn single_deletions_of_a_small_question_stay_together() {
        let subject = subject();
        let lesions: Vec<Lesion> =
            delete_one::plans(&subject.model).into_iter().map(Lesion::from).collect();
        let (all, Limits { macs: limit, parts }) =
            (macs(&subject, &Sorted::new(&lesions).distinct, 128), Limits::default());
        let mut pieces = Vec::new();
        cut_lesions(&subject, &lesions, &(0..128), limit, all / parts, |part, macs| {
            pieces.push((part, macs))
        });
        assert_eq!(pieces.len(), 4, "{pieces:?}");
        assert_eq!(pieces.iter().map(|(_, macs)| macs).sum::<u64>(), all);
    }
}
