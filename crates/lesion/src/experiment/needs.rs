//! What an experiment has to be given.

use std::fmt;

/// The inputs that an experiment uses, under certain options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// How many networks.
    pub networks: Networks,
    /// Whether it uses test images.
    pub test: bool,
    /// Whether it uses training images.
    pub training: bool,
}

/// How many networks an experiment studies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// None: a calculation, a toy problem.
    None,
    /// One.
    One,
    /// One or more: an ensemble, arms of a comparison.
    Several,
}

impl Networks {
    /// Whether so many networks are what is needed.
    pub fn admits(self, networks: usize) -> bool {
        match self {
            Networks::None => networks == 0,
            Networks::One => networks == 1,
            Networks::Several => networks > 0,
        }
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Networks::None => "no network",
            Networks::One => "one network",
            Networks::Several => "one network or more",
        })
    }
}
