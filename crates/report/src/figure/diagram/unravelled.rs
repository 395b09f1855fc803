//! The unravelled view: every path of a residual network by itself.

use super::{BLOCK, SUM, Shape, State, WIDTH};

/// Distance of neighbouring paths.
pub(crate) const ROW: f64 = 38.0;
/// Where paths leave the input, and where the last sum lies.
const ENDS: (f64, f64) = (50.0, WIDTH - 78.0);

/// The `2^n` paths of `n` blocks as a tree that comes together at the output, the first at
/// height `top`.
///
/// `y_i = y_(i-1) + f_i(y_(i-1))` with a copy of all that makes `y_(i-1)` in either term: the
/// upper one is the skip, the lower one goes through `f_i`. So `f_i` is there `2^(n-i)`
/// times, and row `r` takes the branch of block `i` where bit `i - 1` of `r` is set. With a
/// block deleted the paths through it are dead.
pub(crate) fn unravelled(blocks: usize, deleted: Option<usize>, top: f64) -> Vec<Shape> {
    let tree = Tree { blocks, deleted, top };
    let (mut wires, mut parts) = (Vec::new(), Vec::new());
    let root = tree.grow(blocks, 0, State::Live, &mut wires, &mut parts);
    let rows = 1 << blocks;
    let is_live = |row: &usize| tree.is_live(*row);
    let height = |row: usize| top + ROW * row as f64;
    let middle = (height(0) + height(rows - 1)) / 2.0;
    // The bus from the input to the first and the last path, and as far as they live.
    let live: Vec<usize> = (0..rows).filter(is_live).collect();
    let bus = |through, state| Shape::Wire { through, tip: false, state };
    let x = ENDS.0;
    wires.push(bus(vec![(x, height(0)), (x, height(rows - 1))], State::Dead));
    if let (Some(first), Some(last)) = (live.first(), live.last()) {
        let (first, last) = (height(*first).min(middle), height(*last).max(middle));
        wires.push(bus(vec![(x, first), (x, last)], State::Live));
        wires.push(bus(vec![(x - 12.0, middle), (x, middle)], State::Live));
    }
    parts.push(Shape::Value { at: (22.0, middle), number: 0 });
    let through = vec![(ENDS.1 + SUM, root), (WIDTH - 48.0, root)];
    wires.push(Shape::Wire { through, tip: true, state: State::Live });
    parts.push(Shape::Value { at: (WIDTH - 30.0, root), number: blocks });
    wires.extend(parts);
    wires
}

struct Tree {
    blocks: usize,
    deleted: Option<usize>,
    top: f64,
}

impl Tree {
    /// Whether no deleted block lies on the path of a row.
    fn is_live(&self, row: usize) -> bool {
        self.deleted.is_none_or(|deleted| row >> (deleted - 1) & 1 == 0)
    }

    /// Where the sum of level `i` lies; level 0 is the input.
    fn column(&self, level: usize) -> f64 {
        ENDS.0 + (ENDS.1 - ENDS.0) * level as f64 / self.blocks as f64
    }

    /// All that makes `y_level`, its paths from row `first` on; the height of its end.
    fn grow(
        &self,
        level: usize,
        first: usize,
        state: State,
        wires: &mut Vec<Shape>,
        parts: &mut Vec<Shape>,
    ) -> f64 {
        if level == 0 {
            return self.top + ROW * first as f64;
        }
        let is_deleted = self.deleted == Some(level);
        let branch = if is_deleted { State::Dead } else { state };
        let upper = self.grow(level - 1, first, state, wires, parts);
        let lower = self.grow(level - 1, first + (1 << (level - 1)), branch, wires, parts);
        let (x, y) = (self.column(level), (upper + lower) / 2.0);
        let before = self.column(level - 1);
        let start = if level == 1 { before } else { before + SUM };
        let block = before + 0.5 * (x - before);
        let mut wire = |through, state| wires.push(Shape::Wire { through, tip: true, state });
        wire(vec![(start, upper), (x, upper), (x, y - SUM)], state);
        wire(vec![(start, lower), (block - BLOCK.0, lower)], branch);
        wire(vec![(block + BLOCK.0, lower), (x, lower), (x, y + SUM)], branch);
        parts.push(Shape::Block { at: (block, lower), number: level, state: branch });
        if is_deleted && state == State::Live {
            parts.push(Shape::Cross { at: (block, lower), number: level });
        }
        parts.push(Shape::Sum { at: (x, y), state });
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(shapes: &[Shape], is: impl Fn(&Shape) -> bool) -> usize {
        shapes.iter().filter(|shape| is(shape)).count()
    }

    /// Of `n` blocks there are `2^n` paths, `f_i` is there `2^(n-i)` times, and a deletion
    /// kills every second path whichever block it takes.
    #[test]
    fn the_paths_are_those_of_the_equation() {
        for blocks in 1..5 {
            let shapes = unravelled(blocks, None, 100.0);
            for number in 1..=blocks {
                let is =
                    |shape: &Shape| matches!(shape, Shape::Block { number: n, .. } if *n == number);
                assert_eq!(count(&shapes, is), 1 << (blocks - number));
            }
            assert_eq!(count(&shapes, |s| matches!(s, Shape::Sum { .. })), (1 << blocks) - 1);
            for deleted in 1..=blocks {
                let shapes = unravelled(blocks, Some(deleted), 100.0);
                let starts = |shape: &Shape| match shape {
                    Shape::Wire { through, state: State::Live, tip: true } => {
                        through[0].0 == ENDS.0
                    }
                    _ => false,
                };
                assert_eq!(count(&shapes, starts), 1 << (blocks - 1), "{deleted} of {blocks}");
                let crosses = count(&shapes, |s| matches!(s, Shape::Cross { .. }));
                assert_eq!(crosses, 1 << (blocks - deleted));
            }
        }
    }
}
