//! Why a network cannot follow a plan.

/// A plan that a network cannot follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An id beyond the last unit.
    #[error("unit {id} does not exist: {model} has units 0 to {last}")]
    NoSuchUnit {
        /// The id.
        id: usize,
        /// The network.
        model: String,
        /// The id of its last unit.
        last: usize,
    },
    /// A plan with another number of units.
    #[error("the plan is for {found} units, but {model} has {expected}")]
    WrongLength {
        /// Units of the plan.
        found: usize,
        /// Units of the network.
        expected: usize,
        /// The network.
        model: String,
    },
    /// An order that is not a permutation.
    #[error("the order names unit {id} twice or not at all; it must name each unit once")]
    NotAPermutation {
        /// The first such unit.
        id: usize,
    },
    /// A unit that a list names more than once.
    #[error("unit {id} ({name}) is named twice; name each unit once")]
    NamedTwice {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
    },
    /// A unit that cannot change places.
    #[error("unit {id} ({name}) cannot change places: it turns {from} into {to}")]
    NotMovable {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// Its input, as `h x w x c`.
        from: String,
        /// Its output.
        to: String,
    },
    /// Units of different stages.
    #[error("unit {id} ({name}) cannot leave its stage for the place of unit {place}")]
    AcrossStages {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// The unit whose place it would take.
        place: usize,
    },
    /// A plain layer that the identity cannot stand in for.
    #[error("unit {id} ({name}) cannot be deleted: it turns {from} channels into {to}")]
    NotDeletable {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// Channels in.
        from: usize,
        /// Channels out.
        to: usize,
    },
    /// A route with a branch that the unit does not have.
    #[error(
        "unit {id} ({name}) does not have a branch {branch}: it has {branches}, counted from 0"
    )]
    NoSuchBranch {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// The branch.
        branch: usize,
        /// How many branches it has.
        branches: usize,
    },
    /// A route without any term.
    #[error("unit {id} ({name}): the route takes no term")]
    NoTerm {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
    },
    /// An order in which a unit does not fit to the one before it.
    #[error("unit {id} ({name}) cannot run at place {place}: it takes {takes}, not {gets}")]
    Broken {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// Its place in the order, from 0.
        place: usize,
        /// Its input, as `h x w x c`.
        takes: String,
        /// What is there.
        gets: String,
    },
    /// An order whose last unit does not fit to the head.
    #[error("the order ends with images of {gets}, but the head takes {takes}")]
    BrokenHead {
        /// What the head takes, as `h x w x c`.
        takes: String,
        /// What is there.
        gets: String,
    },
    /// A plain layer that is to take both terms.
    #[error(
        "unit {id} ({name}) is a plain layer: it has no skip to add; its intact route is branch"
    )]
    NoSkip {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
    },
}
