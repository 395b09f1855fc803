//! Blocks in series, with their skips or without.

use super::{BLOCK, SUM, Shape, State, WIDTH};

/// What is drawn of a chain of blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    /// How many blocks there are.
    pub(crate) blocks: usize,
    /// Whether each has a skip and a sum.
    pub(crate) skips: bool,
    /// The deleted one, from 1.
    pub(crate) deleted: Option<usize>,
    /// Height of the line, in CSS pixels.
    pub(crate) y: f64,
}

/// Left and right end of the blocks.
const ENDS: (f64, f64) = (44.0, WIDTH - 54.0);
/// How far above the line a skip runs.
const LIFT: f64 = 40.0;

/// The blocks from left to right. Without skips a deletion leaves no path.
pub(crate) fn chain(of: Chain) -> Vec<Shape> {
    let Chain { blocks, skips, deleted, y } = of;
    let pitch = (ENDS.1 - ENDS.0) / blocks as f64;
    let (mut wires, mut parts) = (Vec::new(), Vec::new());
    // Without skips a gap ends the only path.
    let state = if skips || deleted.is_none() { State::Live } else { State::Dead };
    parts.push(Shape::Value { at: (22.0, y), number: 0 });
    let mut from = 36.0;
    for number in 1..=blocks {
        let start = ENDS.0 + pitch * (number - 1) as f64;
        let [fork, block, sum] = [0.14, 0.44, 0.74].map(|part| start + part * pitch);
        let is_deleted = deleted == Some(number);
        if skips {
            let branch = if is_deleted { State::Dead } else { state };
            let wire = |through, tip, state| Shape::Wire { through, tip, state };
            wires.push(wire(vec![(block + BLOCK.0, y), (sum - SUM, y)], true, branch));
            wires.push(wire(vec![(fork, y), (block - BLOCK.0, y)], true, branch));
            wires.push(wire(vec![(from, y), (fork, y)], false, state));
            let above = y - LIFT;
            let skip = vec![(fork, y), (fork, above), (sum, above), (sum, y - SUM)];
            wires.push(wire(skip, true, state));
            parts.push(Shape::Block { at: (block, y), number, state: branch });
            parts.push(Shape::Sum { at: (sum, y), state });
            from = sum + SUM;
            if number < blocks {
                // Over the wire to the next block, which forks behind it.
                parts.push(Shape::Value { at: (start + 0.94 * pitch, y - 15.0), number });
            }
        } else {
            let end = block - BLOCK.0;
            wires.push(Shape::Wire { through: vec![(from, y), (end, y)], tip: true, state });
            parts.push(Shape::Block { at: (block, y), number, state });
            from = block + BLOCK.0;
        }
        if is_deleted {
            parts.push(Shape::Cross { at: (block, y), number });
        }
    }
    let end = WIDTH - 48.0;
    wires.push(Shape::Wire { through: vec![(from, y), (end, y)], tip: true, state });
    parts.push(Shape::Value { at: (WIDTH - 30.0, y), number: blocks });
    wires.extend(parts);
    wires
}
