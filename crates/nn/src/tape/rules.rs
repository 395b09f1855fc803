//! The rules on a tape, in boxes that the next tape fills again.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use tensor::Scalar;

use super::{Cotangent, PerInput, Rule};

/// A rule in its box.
pub(super) struct Held<T: Scalar>(Box<dyn Holds<T>>);

impl<T: Scalar> Held<T> {
    /// The cotangents of the inputs.
    ///
    /// # Panics
    /// If the rule does not deliver one for each input that it is wanted of: a sweep would
    /// go on without it.
    #[track_caller]
    pub(super) fn cotangents(&self, dy: Cotangent<T>, wanted: &[bool]) -> PerInput<Cotangent<T>> {
        let found = self.0.rule().backward_pending(dy, wanted);
        let lacks = |(&wanted, found): (&bool, Option<&_>)| wanted && found.is_none();
        if found.inputs() != wanted.len() || wanted.iter().zip(found.iter()).any(lacks) {
            let has: Vec<bool> = found.iter().map(|found| found.is_some()).collect();
            panic!(
                "a Rule has to deliver the gradient of each input that is wanted, in the order of \
                 the inputs: wanted {wanted:?}, delivered {has:?}"
            );
        }
        found
    }
}

/// A box of one kind of rule, full or empty.
trait Holds<T: Scalar>: Any + Send + Sync {
    fn rule(&self) -> &dyn Rule<T>;
    fn empty(&mut self);
}

impl<T: Scalar, R: Rule<T> + 'static> Holds<T> for Option<R> {
    fn rule(&self) -> &dyn Rule<T> {
        self.as_ref().expect("a box on a tape is full")
    }

    fn empty(&mut self) {
        *self = None;
    }
}

/// Empty boxes by the rule that they can hold.
pub(super) struct Boxes<T: Scalar>(HashMap<TypeId, Vec<Box<dyn Holds<T>>>>);

impl<T: Scalar> Default for Boxes<T> {
    fn default() -> Self {
        Boxes(HashMap::new())
    }
}

impl<T: Scalar> Boxes<T> {
    /// Puts a rule into an empty box, or into a new one if there is none.
    pub(super) fn hold<R: Rule<T> + 'static>(&mut self, rule: R) -> Held<T> {
        let empty = self.0.get_mut(&TypeId::of::<Option<R>>()).and_then(Vec::pop);
        Held(match empty {
            Some(empty) => {
                let mut empty = (empty as Box<dyn Any>)
                    .downcast::<Option<R>>()
                    .expect("boxes are kept under the type that they hold");
                *empty = Some(rule);
                empty
            }
            None => Box::new(Some(rule)),
        })
    }

    /// Frees what a rule has saved, and keeps its box.
    pub(super) fn take_back(&mut self, held: Held<T>) {
        let Held(mut full) = held;
        full.empty();
        let kind = (&*full as &dyn Any).type_id();
        self.0.entry(kind).or_default().push(full);
    }
}
