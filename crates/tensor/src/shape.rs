//! Shapes of rank 0 to 4, held without an allocation.

use std::fmt;

/// The extents of a tensor, outermost first; an image batch is `[n, h, w, c]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [usize; 4],
    rank: u8,
}

impl Shape {
    /// A shape from its extents.
    ///
    /// # Panics
    /// If there are more than four.
    #[track_caller]
    pub fn new(dims: &[usize]) -> Self {
        assert!(dims.len() <= 4, "a shape has at most 4 dimensions, got {dims:?}");
        let mut held = [1; 4];
        held[..dims.len()].copy_from_slice(dims);
        Shape { dims: held, rank: dims.len() as u8 }
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank as usize]
    }

    /// How many dimensions there are.
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// How many elements there are: the product of the extents.
    ///
    /// # Panics
    /// If the product of the extents that are not 0 exceeds a `usize`. A length that
    /// wrapped round would fit slices of another size; and even an empty batch cannot be
    /// one of such images.
    #[track_caller]
    pub fn len(&self) -> usize {
        let product =
            self.dims().iter().try_fold(1, |len: usize, &extent| len.checked_mul(extent.max(1)));
        let product =
            product.unwrap_or_else(|| panic!("shape {self} has more elements than can be counted"));
        if self.is_empty() { 0 } else { product }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.dims().contains(&0)
    }

    /// The last extent: the channels of an image batch, the columns of a matrix.
    ///
    /// # Panics
    /// If the rank is 0.
    #[track_caller]
    pub fn channels(&self) -> usize {
        *self.dims().last().expect("a scalar has no channels")
    }

    /// The four extents `[n, h, w, c]` of an image batch.
    ///
    /// # Panics
    /// If the rank is not 4; `what` names the operation.
    #[track_caller]
    pub fn nhwc(&self, what: &str) -> [usize; 4] {
        assert!(self.rank == 4, "{what}: expected [n, h, w, c], got {self}");
        self.dims
    }

    /// The two extents `[rows, columns]` of a matrix.
    ///
    /// # Panics
    /// If the rank is not 2; `what` names the operation.
    #[track_caller]
    pub fn matrix(&self, what: &str) -> [usize; 2] {
        assert!(self.rank == 2, "{what}: expected [rows, columns], got {self}");
        [self.dims[0], self.dims[1]]
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    #[track_caller]
    fn from(dims: [usize; N]) -> Self {
        Shape::new(&dims)
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(dims: &[usize]) -> Self {
        Shape::new(dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_counts_its_elements_and_prints_as_a_list() {
        let shape = Shape::from([2, 3, 4]);
        assert_eq!((shape.len(), shape.rank(), shape.channels()), (24, 3, 4));
        assert_eq!(shape.to_string(), "[2, 3, 4]");
        assert_eq!(Shape::from([]).len(), 1);
        assert!(Shape::from([2, 0]).is_empty());
    }

    #[test]
    #[should_panic(expected = "conv: expected [n, h, w, c], got [2, 3]")]
    fn a_matrix_is_no_image_batch() {
        Shape::from([2, 3]).nhwc("conv");
    }
}
