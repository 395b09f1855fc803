//! The extents of an image between units.

use std::fmt;

/// Height, width and channels of an image; features are images of one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitShape {
    /// Height.
    pub h: usize,
    /// Width.
    pub w: usize,
    /// Channels.
    pub c: usize,
}

impl UnitShape {
    /// How many pixels there are.
    pub(crate) fn pixels(&self) -> usize {
        self.h * self.w
    }
}

/// As `h x w x c`.
impl fmt::Display for UnitShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} x {}", self.h, self.w, self.c)
    }
}
