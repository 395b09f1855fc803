//! What a tape refuses, because a sweep would deliver something else than was meant.

use tensor::Scalar;

use super::{SumOf, Tape, Var};

impl<T: Scalar> Tape<T> {
    /// # Panics
    /// If `var` belongs to another tape, where its node has another meaning.
    #[track_caller]
    pub(super) fn require(&self, var: &Var<T>) {
        if var.tape != self.id {
            panic!(
                "a variable of {} is used on {}, where it would not have a gradient; take its \
                 value over: tape.constant(var.value().clone()), or tape.input(…) if its gradient \
                 is wanted there",
                var.tape, self.id
            );
        }
    }

    /// # Panics
    /// If a sum of `unit` is on the tape, and one of the two does not share its route.
    #[track_caller]
    pub(super) fn note_sum(&mut self, unit: usize, sum: SumOf) {
        if !self.is_recording {
            return;
        }
        let before = self.sums.insert(unit, sum);
        if before.is_some_and(|before| [before, sum].contains(&SumOf::Once)) {
            panic!(
                "join: unit {unit} has a sum on {} already, and one route would steer both; give \
                 each unit an id of its own. A sum that is not a unit's is op::add; several sums \
                 of one unit (with several branches, or run several times) are op::join_at",
                self.id
            );
        }
    }
}
