//! The colours and marks of the figures.

use plotters::style::RGBColor;

/// Behind everything. The page's dark theme replaces this and the next three.
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Titles and numbers.
pub(super) const INK: RGBColor = RGBColor(0x1B, 0x1F, 0x24);
/// Secondary text and the line of chance.
pub(super) const QUIET: RGBColor = RGBColor(0x5A, 0x63, 0x6E);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xE3, 0xE7, 0xEC);

/// The middle of a scale from blue to orange. Not the colour of the paper, which the dark
/// theme replaces: its neighbours on the scale stay.
pub(super) const MIDDLE: RGBColor = RGBColor(0xF2, 0xF2, 0xF0);

/// The mark of an ordinary unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A filled circle.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle, point up.
    Triangle,
    /// A filled triangle, point down.
    Wedge,
}

/// Colour and mark of each curve. The colours are those of Okabe and Ito 2008, "Color
/// universal design", which readers with any colour vision tell apart; the marks tell
/// the curves apart without colour.
pub(super) const SERIES: [(RGBColor, Mark); 4] = [
    (RGBColor(0x00, 0x72, 0xB2), Mark::Circle),
    (RGBColor(0xD5, 0x5E, 0x00), Mark::Square),
    (RGBColor(0x00, 0x9E, 0x73), Mark::Triangle),
    (RGBColor(0xCC, 0x79, 0xA7), Mark::Wedge),
];
