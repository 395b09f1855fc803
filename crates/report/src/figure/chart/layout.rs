//! Where things go: the legend's rows, the room for labels, labels that would overlap.

use super::{Level, Outline};
use crate::figure::canvas::{Failure, Point, Type, measure, px};
use crate::figure::palette::{INK, QUIET};

/// The picture's width in CSS pixels.
pub(super) const WIDTH: u32 = 860;
/// Where headings and legend begin.
pub(super) const MARGIN: f64 = 16.0;
/// The plot's left edge.
pub(super) const LEFT: f64 = 52.0;
const FIRST_ROW: f64 = 74.0;
const ROW: f64 = 20.0;
/// The legend has room for so many rows without moving the plot down.
const ROWS: i32 = 2;
pub(super) const TOP: f64 = 132.0;
const HEIGHT: f64 = 324.0;
/// Below the plot: numbers and name of the horizontal axis.
const FOOT: f64 = 58.0;

pub(super) const SMALL: Type = Type::regular(12.0, QUIET);
pub(super) const LEGEND: Type = Type::regular(12.5, INK);

/// The places of a chart's parts, in drawing pixels.
pub(super) struct Layout {
    /// The left end of each legend entry.
    pub(super) entries: Vec<Point>,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Layout {
    pub(super) fn of(outline: &Outline, entries: &[&str]) -> Result<Layout, Failure> {
        let (entries, moved) = legend_places(entries)?;
        let top = TOP + moved;
        Ok(Layout { entries, right: right_edge(outline.levels)?, top, bottom: top + HEIGHT })
    }

    /// The picture's height in CSS pixels.
    pub(super) fn height(&self) -> u32 {
        (self.bottom + FOOT) as u32
    }
}

/// The left end of each entry of a legend, and how far its rows move the plot down.
pub(super) fn legend_places(entries: &[&str]) -> Result<(Vec<Point>, f64), Failure> {
    let (start, first) = (px(MARGIN), px(FIRST_ROW));
    let (mut x, mut y) = (start, first);
    let mut places = Vec::new();
    for text in entries {
        let width = measure(text, LEGEND)? + px(44.0);
        if x + width > px(f64::from(WIDTH)) && x > start {
            (x, y) = (start, y + px(ROW));
        }
        places.push((x, y));
        x += width;
    }
    let rows = (y - first) / px(ROW) + 1;
    Ok((places, ROW * f64::from((rows - ROWS).max(0))))
}

/// Leaves room for the labels of the horizontal lines.
fn right_edge(levels: &[Level]) -> Result<f64, Failure> {
    let mut widest = 0;
    for level in levels {
        widest = widest.max(measure(&level.label, SMALL)?);
    }
    // An SVG's reader may lack the font and set the labels in a wider one.
    let room = (1.12 * f64::from(widest) / f64::from(px(1.0))).min(300.0);
    Ok(f64::from(WIDTH) - room - 14.0)
}

/// Moves heights apart until neighbours are `gap` apart and none exceeds `lowest`,
/// keeping their order.
pub(super) fn spread(heights: &[i32], gap: i32, lowest: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|&place| (heights[place], place));
    let mut moved = heights.to_vec();
    for pair in order.windows(2) {
        moved[pair[1]] = moved[pair[1]].max(moved[pair[0]] + gap);
    }
    let mut limit = lowest;
    for &place in order.iter().rev() {
        moved[place] = moved[place].min(limit);
        limit = moved[place] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_spread_apart_and_keep_their_order() {
        let cases: [(&[i32], &[i32]); 4] = [
            (&[10, 50], &[10, 50]),
            (&[50, 48], &[63, 48]),
            (&[95, 99, 97], &[70, 100, 85]),
            (&[], &[]),
        ];
        for (heights, expected) in cases {
            assert_eq!(spread(heights, 15, 100), expected);
        }
    }
}
