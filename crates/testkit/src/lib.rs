//! What the tests of the other crates share: closeness with a useful message,
//! finite-difference gradient checks, made-up inputs and records, refusals, and
//! the PyTorch fixtures.
//!
//! **Must not be** a dependency of anything but tests.

pub mod close;
pub mod fixture;
pub mod gradcheck;
pub mod made_up;
pub mod noise;
pub mod refusal;
