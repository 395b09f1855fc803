//! Small square matrices in f64, by plain loops: the same bits on every machine.

/// A square matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    pub(super) size: usize,
    pub(super) values: Vec<f64>,
}

impl Matrix {
    pub(super) fn from_fn(size: usize, mut f: impl FnMut(usize, usize) -> f64) -> Matrix {
        let values = (0..size * size).map(|at| f(at / size, at % size)).collect();
        Matrix { size, values }
    }

    pub(super) fn identity(size: usize) -> Matrix {
        Matrix::from_fn(size, |i, j| f64::from(u8::from(i == j)))
    }

    pub(super) fn times(&self, factor: f64) -> Matrix {
        Matrix { size: self.size, values: self.values.iter().map(|v| v * factor).collect() }
    }

    /// `self + factor other`.
    pub(super) fn plus(&self, factor: f64, other: &Matrix) -> Matrix {
        let pairs = self.values.iter().zip(&other.values);
        Matrix { size: self.size, values: pairs.map(|(a, b)| a + factor * b).collect() }
    }

    /// `self other`.
    pub(super) fn dot(&self, other: &Matrix) -> Matrix {
        let n = self.size;
        let mut values = vec![0.0; n * n];
        for (out, row) in values.chunks_exact_mut(n).zip(self.values.chunks_exact(n)) {
            for (&a, other) in row.iter().zip(other.values.chunks_exact(n)) {
                out.iter_mut().zip(other).for_each(|(out, b)| *out += a * b);
            }
        }
        Matrix { size: n, values }
    }

    pub(super) fn transposed(&self) -> Matrix {
        Matrix::from_fn(self.size, |i, j| self.values[j * self.size + i])
    }

    /// The sum of the squares of all entries.
    pub(super) fn squared(&self) -> f64 {
        self.values.iter().map(|v| v * v).sum()
    }

    /// The exponential: `exp(M / 2^k)` by its series, squared k times.
    pub(super) fn exp(&self) -> Matrix {
        let halvings = libm::log2(self.squared().sqrt().max(1.0)).ceil() as i32 + 4;
        let small = self.times(libm::exp2(-f64::from(halvings)));
        let (mut sum, mut term) = (Matrix::identity(self.size), Matrix::identity(self.size));
        for k in 1..=16 {
            term = term.dot(&small).times(1.0 / f64::from(k));
            sum = sum.plus(1.0, &term);
        }
        (0..halvings).fold(sum, |root, _| root.dot(&root))
    }

    /// The singular values, the largest first, by one-sided Jacobi rotations (Hestenes 1958):
    /// the lengths of the rows after rotations that make these orthogonal.
    pub(super) fn singular_values(&self) -> Vec<f64> {
        let n = self.size;
        let mut rows: Vec<Vec<f64>> = self.values.chunks_exact(n).map(<[f64]>::to_vec).collect();
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        for _ in 0..60 {
            let mut largest = 0.0_f64;
            for i in 0..n {
                for j in i + 1..n {
                    let (aa, bb) = (dot(&rows[i], &rows[i]), dot(&rows[j], &rows[j]));
                    let ab = dot(&rows[i], &rows[j]);
                    if ab == 0.0 {
                        continue;
                    }
                    largest = largest.max(ab.abs() / (aa * bb).sqrt());
                    let zeta = (bb - aa) / (2.0 * ab);
                    let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                    let c = 1.0 / (1.0 + t * t).sqrt();
                    let (above, below) = rows.split_at_mut(j);
                    for (x, y) in above[i].iter_mut().zip(&mut below[0]) {
                        (*x, *y) = (c * (*x - t * *y), c * (*y + t * *x));
                    }
                }
            }
            if largest < 1e-14 {
                break;
            }
        }
        let mut lengths: Vec<f64> = rows.iter().map(|row| dot(row, row).sqrt()).collect();
        lengths.sort_by(|a, b| b.total_cmp(a));
        lengths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(size: usize) -> Matrix {
        Matrix::from_fn(size, |i, j| ((7 * i + 3 * j + i * j) % 11) as f64 / 5.0 - 1.0)
    }

    /// A rotation in the plane of two axes.
    fn rotation(size: usize, [i, j]: [usize; 2], angle: f64) -> Matrix {
        let mut matrix = Matrix::identity(size);
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        for (row, column, value) in [(i, i, cos), (i, j, -sin), (j, i, sin), (j, j, cos)] {
            matrix.values[row * size + column] = value;
        }
        matrix
    }

    fn distance(a: &Matrix, b: &Matrix) -> f64 {
        a.plus(-1.0, b).squared().sqrt()
    }

    #[test]
    fn exponentials_are_those_of_known_matrices() {
        let diagonal = Matrix::from_fn(3, |i, j| if i == j { i as f64 - 1.0 } else { 0.0 });
        let expected =
            Matrix::from_fn(3, |i, j| if i == j { libm::exp(i as f64 - 1.0) } else { 0.0 });
        assert!(distance(&diagonal.exp(), &expected) < 1e-13);
        // The generator of a rotation.
        let mut turn = Matrix::from_fn(4, |_, _| 0.0);
        (turn.values[4 + 2], turn.values[2 * 4 + 1]) = (-2.0, 2.0);
        assert!(distance(&turn.exp(), &rotation(4, [1, 2], 2.0)) < 1e-13);
        let m = wave(6);
        let product = m.exp().dot(&m.times(-1.0).exp());
        assert!(distance(&product, &Matrix::identity(6)) < 1e-10);
    }

    #[test]
    fn singular_values_are_those_between_two_rotations() {
        let values = [3.0, 2.0, 2.0, 0.5, 0.0];
        let diagonal = Matrix::from_fn(5, |i, j| if i == j { values[i] } else { 0.0 });
        let turn = |angles: [f64; 3]| {
            let planes = [[0, 1], [1, 3], [2, 4]];
            planes.into_iter().zip(angles).fold(Matrix::identity(5), |turn, (plane, angle)| {
                turn.dot(&rotation(5, plane, angle))
            })
        };
        let matrix = turn([0.3, 1.1, -0.7]).dot(&diagonal).dot(&turn([2.0, -0.4, 0.9]));
        for (found, expected) in matrix.singular_values().iter().zip(values) {
            assert!((found - expected).abs() < 1e-13, "{found}, expected {expected}");
        }
        assert_eq!(Matrix::from_fn(3, |_, _| 0.0).singular_values(), [0.0; 3]);
    }

    #[test]
    fn products_are_row_by_column() {
        let (a, b) = (wave(4), wave(4).transposed().plus(2.0, &Matrix::identity(4)));
        let entry = |i: usize, j: usize| -> f64 {
            (0..4).map(|k| a.values[4 * i + k] * b.values[4 * k + j]).sum()
        };
        assert!(distance(&a.dot(&b), &Matrix::from_fn(4, entry)) < 1e-14);
    }
}
