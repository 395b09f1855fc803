//! Gradient descent on a linear residual network.

use super::matrix::Matrix;

/// Where a descent has ended.
pub(super) struct Optimum {
    /// The `A_i`, from the input on.
    pub(super) blocks: Vec<Matrix>,
    /// Steps that lowered the loss.
    pub(super) steps: u64,
    /// The loss, as part of that at the start.
    pub(super) relative_loss: f64,
}

/// Where a descent may stop.
const ENOUGH: f64 = 1e-10;
/// Steps after which it is given up, those that are taken back included.
const MOST_STEPS: u64 = 100_000;

/// From all blocks at 0 to `(I + A_l) … (I + A_1) = map`.
pub(super) fn descend(map: &Matrix, depth: usize) -> Optimum {
    let mut blocks = vec![Matrix::from_fn(map.size, |_, _| 0.0); depth];
    let start = loss(&blocks, map);
    let (mut now, mut steps, mut rate) = (start, 0, 1.0 / depth as f64);
    let mut slopes = gradients(&blocks, map);
    for _ in 0..MOST_STEPS {
        if now <= ENOUGH * start {
            break;
        }
        let next: Vec<Matrix> =
            blocks.iter().zip(&slopes).map(|(block, slope)| block.plus(-rate, slope)).collect();
        let then = loss(&next, map);
        if then < now {
            slopes = gradients(&next, map);
            (blocks, now, steps, rate) = (next, then, steps + 1, 1.1 * rate);
        } else {
            rate *= 0.5;
        }
    }
    // A map that is the identity is reached without a step.
    Optimum { blocks, steps, relative_loss: if start > 0.0 { now / start } else { 0.0 } }
}

/// `|(I + A_l) … (I + A_1) - map|^2 / 2`.
fn loss(blocks: &[Matrix], map: &Matrix) -> f64 {
    let whole = blocks.iter().fold(Matrix::identity(map.size), |below, block| step(block, &below));
    0.5 * whole.plus(-1.0, map).squared()
}

/// `(I + block) below`.
fn step(block: &Matrix, below: &Matrix) -> Matrix {
    below.plus(1.0, &block.dot(below))
}

/// The gradient in each block: with the blocks above it multiplied to S, those below it to
/// Q, and the whole to P it is `S^T (P - map) Q^T`.
fn gradients(blocks: &[Matrix], map: &Matrix) -> Vec<Matrix> {
    let mut below = vec![Matrix::identity(map.size)];
    for block in blocks {
        below.push(step(block, &below[below.len() - 1]));
    }
    // S^T (P - map), from the last block down.
    let mut arriving = below[blocks.len()].plus(-1.0, map);
    let mut found: Vec<Matrix> = Vec::with_capacity(blocks.len());
    for (block, below) in blocks.iter().zip(&below).rev() {
        found.push(arriving.dot(&below.transposed()));
        arriving = step(&block.transposed(), &arriving);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(size: usize, shift: usize) -> Matrix {
        Matrix::from_fn(size, |i, j| ((5 * i + 3 * j + shift) % 7) as f64 / 20.0 - 0.15)
    }

    #[test]
    fn gradients_are_central_differences() {
        let blocks: Vec<Matrix> = (0..3).map(|shift| some(4, shift)).collect();
        let map = some(4, 5).exp();
        let found = gradients(&blocks, &map);
        for (i, gradient) in found.iter().enumerate() {
            for at in 0..16 {
                let moved = |by: f64| {
                    let mut blocks = blocks.clone();
                    blocks[i].values[at] += by;
                    loss(&blocks, &map)
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let found = gradient.values[at];
                assert!((found - expected).abs() < 1e-9, "{i}, {at}: {found}, {expected}");
            }
        }
    }

    /// The map `e^a`, a number: the optimum from zero has equal blocks `e^(a / l) - 1`.
    #[test]
    fn of_a_number_the_optimum_has_its_roots() {
        for (log, depth) in [(0.8, 4), (-0.5, 7), (0.0, 3)] {
            let map = Matrix { size: 1, values: vec![libm::exp(log)] };
            let Optimum { blocks, relative_loss, .. } = descend(&map, depth);
            assert!(relative_loss <= ENOUGH, "{relative_loss}");
            let expected = libm::exp(log / depth as f64) - 1.0;
            for block in &blocks {
                assert!((block.values[0] - expected).abs() < 1e-5, "{log}: {block:?}");
            }
        }
    }
}
