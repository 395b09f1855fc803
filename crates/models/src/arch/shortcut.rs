//! The shortcuts of post-activation networks where the resolution changes.

use std::fmt;
use std::str::FromStr;

/// How a block that changes the resolution makes more channels of its input, which is a
/// convention that published weights do not say: He et al. 2015, section 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shortcut {
    /// Option A: zero channels, half of them before the old ones and half after.
    PadAround,
    /// Option A with all zero channels after the old ones.
    PadAfter,
    /// Option B: a 1x1 convolution and batch norm.
    Projection,
}

/// A text that is not a shortcut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown shortcut {0:?}; known are pad-around, pad-after and projection")]
pub struct UnknownShortcut(String);

impl Shortcut {
    /// All of them, the default first.
    pub const ALL: [Shortcut; 3] = [Shortcut::PadAround, Shortcut::PadAfter, Shortcut::Projection];
}

impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shortcut::PadAround => "pad-around",
            Shortcut::PadAfter => "pad-after",
            Shortcut::Projection => "projection",
        })
    }
}

impl FromStr for Shortcut {
    type Err = UnknownShortcut;

    fn from_str(text: &str) -> Result<Shortcut, UnknownShortcut> {
        let known = Shortcut::ALL.into_iter().find(|shortcut| shortcut.to_string() == text);
        known.ok_or_else(|| UnknownShortcut(text.to_owned()))
    }
}
