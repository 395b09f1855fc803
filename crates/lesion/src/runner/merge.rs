//! Putting pieces together.

use super::piece::{Part, Piece};
use crate::sorted::Sorted;
use crate::work::Predictions;
use crate::{Done, Question, Work};

/// What each work gave, from what all its pieces gave. Nothing is added up here.
pub(super) fn merge(
    question: &Question,
    pieces: &[Piece],
    done: impl Iterator<Item = Done>,
) -> Vec<Done> {
    let mut whole: Vec<Done> = question.work().iter().map(empty).collect();
    for (piece, done) in pieces.iter().zip(done) {
        let work = &question.work()[piece.work];
        match (&mut whole[piece.work], done, &piece.part, work) {
            (
                Done::Lesions(whole),
                Done::Lesions(done),
                Part::Lesions { run, images },
                Work::Lesions { images: all, .. },
            ) => {
                let images = images.start - all.start..images.end - all.start;
                for (whole, done) in whole[run.clone()].iter_mut().zip(done) {
                    whole.is_right[images.clone()].copy_from_slice(&done.is_right);
                    whole.losses[images.clone()].copy_from_slice(&done.losses);
                }
            }
            (Done::Items(whole), Done::Items(done), Part::Items(items), _) => {
                whole[items.clone()].clone_from_slice(&done);
            }
            _ => unreachable!("{piece} is not of its work"),
        }
    }
    question.work().iter().zip(whole).map(in_order).collect()
}

/// Room for what a work gives; lesions are the distinct ones, sorted.
fn empty(work: &Work) -> Done {
    match work {
        Work::Lesions { lesions, images, .. } => {
            let n = images.len();
            let empty = Predictions { is_right: vec![false; n], losses: vec![f64::NAN; n] };
            Done::Lesions(vec![empty; Sorted::new(lesions).distinct.len()])
        }
        Work::Items { count, .. } => Done::Items(vec![Vec::new(); *count]),
    }
}

/// Lesions in the order in which the experiment gave them.
fn in_order((work, whole): (&Work, Done)) -> Done {
    match (work, whole) {
        (Work::Lesions { lesions, .. }, Done::Lesions(sorted)) => {
            let places = Sorted::new(lesions).places;
            Done::Lesions(places.into_iter().map(|place| sorted[place].clone()).collect())
        }
        (_, whole) => whole,
    }
}
