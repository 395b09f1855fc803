//! What the tests of the other crates share: closeness with a useful message.
//!
//! **Must not be** a dependency of anything but tests.

pub mod close;
