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
    /// Whether it reads the log of a training.
    pub log: bool,
}

/// How many images are enough, the first ones; all where there are fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MostImages {
    /// Test images.
    pub test: usize,
    /// Training images.
    pub training: usize,
}

impl MostImages {
    /// All that there are.
    pub const ALL: MostImages = MostImages { test: usize::MAX, training: usize::MAX };

    /// Half of the shipped sample's test images: for experiments that try many lesions, and
    /// for those whose numbers stand beside them, which have to be of the same images.
    pub const HALF_OF_SAMPLE: MostImages = MostImages { test: 1000, ..MostImages::ALL };
}

/// How many networks an experiment studies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// None: a calculation, a toy problem.
    None,
    /// One.
    One,
    /// One or more: arms of a comparison.
    Several,
    /// One to so many: an ensemble whose subsets are all tried.
    UpTo(usize),
}

impl Networks {
    /// Whether so many networks are what is needed.
    pub fn admits(self, networks: usize) -> bool {
        match self {
            Networks::None => networks == 0,
            Networks::One => networks == 1,
            Networks::Several => networks > 0,
            Networks::UpTo(most) => (1..=most).contains(&networks),
        }
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Networks::None => f.write_str("no network"),
            Networks::One => f.write_str("one network"),
            Networks::Several => f.write_str("one network or more"),
            Networks::UpTo(most) => write!(f, "1 to {most} networks"),
        }
    }
}
