//! Which tape a variable belongs to.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of a tape: a number of its own, and for messages the line that made it.
#[derive(Debug, Clone, Copy)]
pub(super) struct TapeId {
    number: u64,
    made_at: &'static Location<'static>,
}

impl TapeId {
    /// A name that no other tape has.
    #[track_caller]
    pub(super) fn new() -> TapeId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TapeId { number: NEXT.fetch_add(1, Ordering::Relaxed), made_at: Location::caller() }
    }
}

impl PartialEq for TapeId {
    fn eq(&self, other: &TapeId) -> bool {
        self.number == other.number
    }
}

impl fmt::Display for TapeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tape {} (made at {})", self.number, self.made_at)
    }
}
