//! The tensor: a shape over a shared, contiguous, row-major buffer.

use std::fmt;

use crate::buffer::Buffer;
use crate::{Scalar, Shape};

/// A dense, contiguous, row-major array of rank 0 to 4.
///
/// A clone shares the elements with its original; they are copied when one of
/// the two is first written to. So saving an activation for the backward pass
/// costs nothing.
///
/// ```
/// use tensor::Tensor;
///
/// // A batch of two images of 1 x 2 pixels with 3 channels, which lie side by side.
/// let images = Tensor::<f32>::from_fn([2, 1, 2, 3], |i| i as f32);
/// assert_eq!(images.rows(1, 2).as_slice()[..3], [6.0, 7.0, 8.0]);
///
/// let mut brighter = images.clone(); // shares the elements until it is written to
/// brighter.as_mut_slice().iter_mut().for_each(|v| *v += 1.0);
/// assert_eq!((images.as_slice()[0], brighter.as_slice()[0]), (0.0, 1.0));
/// assert_eq!(images.view()[[1, 0, 1, 2]], 11.0); // as an ndarray, without a copy
/// ```
#[derive(Clone)]
pub struct Tensor<T: Scalar> {
    shape: Shape,
    elements: Buffer<T>,
}

impl<T: Scalar> Tensor<T> {
    /// All zeros.
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        Tensor { shape, elements: Buffer::zeros(shape.len()) }
    }

    /// Elements that the caller overwrites before reading any; they start out
    /// arbitrary (NaN in builds with debug assertions).
    pub fn for_overwrite(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        Tensor { shape, elements: Buffer::for_overwrite(shape.len()) }
    }

    /// Every element `value`.
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let mut t = Self::for_overwrite(shape);
        t.as_mut_slice().fill(value);
        t
    }

    /// Element `i` (row-major) is `f(i)`.
    pub fn from_fn(shape: impl Into<Shape>, mut f: impl FnMut(usize) -> T) -> Self {
        let mut t = Self::for_overwrite(shape);
        t.as_mut_slice().iter_mut().enumerate().for_each(|(i, v)| *v = f(i));
        t
    }

    /// The given elements, row-major.
    ///
    /// # Panics
    /// If their number is not that of the shape.
    #[track_caller]
    pub fn from_vec(shape: impl Into<Shape>, elements: Vec<T>) -> Self {
        let shape = shape.into();
        assert!(
            elements.len() == shape.len(),
            "shape {shape} has {} elements, got {}",
            shape.len(),
            elements.len()
        );
        Tensor { shape, elements: Buffer::from_vec(elements) }
    }

    /// A copy of the given elements, row-major.
    ///
    /// # Panics
    /// If their number is not that of the shape.
    #[track_caller]
    pub fn copy_of(shape: impl Into<Shape>, elements: &[T]) -> Self {
        let mut t = Self::for_overwrite(shape);
        t.as_mut_slice().copy_from_slice(elements);
        t
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        self.shape.dims()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements, row-major.
    pub fn as_slice(&self) -> &[T] {
        &self.elements
    }

    /// The elements for writing; copies them first if a clone shares them.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.elements.as_mut_slice()
    }

    /// The elements as a vector: in the same memory if no clone shares them, moved down
    /// there by up to a cache line unless they came from a vector.
    pub fn into_vec(self) -> Vec<T> {
        self.elements.into_vec()
    }

    /// The same elements under another shape.
    ///
    /// # Panics
    /// If the shapes differ in their number of elements.
    #[track_caller]
    pub fn reshape(mut self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(shape.len() == self.len(), "cannot reshape {} to {shape}", self.shape);
        self.shape = shape;
        self
    }

    /// Rows `start..end` of the outermost dimension, copied.
    ///
    /// # Panics
    /// If the range does not lie within the outermost dimension.
    #[track_caller]
    pub fn rows(&self, start: usize, end: usize) -> Self {
        let dims = self.dims();
        assert!(
            start <= end && end <= dims[0],
            "rows {start}..{end} do not lie within {}",
            self.shape
        );
        let row: usize = dims[1..].iter().product();
        let mut shape = dims.to_vec();
        shape[0] = end - start;
        let mut out = Self::for_overwrite(shape.as_slice());
        out.as_mut_slice().copy_from_slice(&self.as_slice()[start * row..end * row]);
        out
    }

    /// The rows of all tensors, one after the other.
    ///
    /// # Panics
    /// If there is none, or they differ in more than their outermost dimension.
    #[track_caller]
    pub fn concat(parts: &[Self]) -> Self {
        let first = parts.first().expect("concat: no tensor to take the shape from");
        let mut shape = first.dims().to_vec();
        shape[0] = parts.iter().map(|part| part.dims()[0]).sum();
        let mut out = Self::for_overwrite(shape.as_slice());
        let mut rest = out.as_mut_slice();
        for part in parts {
            assert!(
                part.dims()[1..] == first.dims()[1..],
                "concat: rows of {} and of {}",
                first.shape,
                part.shape
            );
            let (to, behind) = rest.split_at_mut(part.len());
            to.copy_from_slice(part.as_slice());
            rest = behind;
        }
        out
    }

    /// `f` of each element.
    pub fn map<U: Scalar>(&self, f: impl Fn(T) -> U) -> Tensor<U> {
        let mut out = Tensor::for_overwrite(self.shape);
        for (o, &v) in out.as_mut_slice().iter_mut().zip(self.as_slice()) {
            *o = f(v);
        }
        out
    }

    /// Each element in another precision.
    pub fn cast<U: Scalar>(&self) -> Tensor<U> {
        self.map(|v| U::from_f64(v.to_f64()))
    }

    /// `sqrt(sum x^2)`, summed in `f64`.
    pub fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    /// `sum x y`, summed in `f64`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dot(&self, other: &Self) -> f64 {
        assert!(self.shape == other.shape, "dot of {} and {}", self.shape, other.shape);
        let pairs = self.as_slice().iter().zip(other.as_slice());
        pairs.map(|(&a, &b)| a.to_f64() * b.to_f64()).sum()
    }
}

impl<T: Scalar> PartialEq for Tensor<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.as_slice() == other.as_slice()
    }
}

impl<T: Scalar> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self.as_slice()[..self.len().min(8)];
        let dots = if self.len() > head.len() { ", …" } else { "" };
        write!(f, "Tensor<{}>{} {head:?}{dots}", T::NAME, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_to_a_clone_leaves_the_original_alone() {
        let a = Tensor::<f32>::full([2, 2], 1.0);
        let mut b = a.clone();
        b.as_mut_slice()[0] = 5.0;
        assert_eq!(a.as_slice(), [1.0; 4]);
        assert_eq!(b.as_slice(), [5.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn rows_take_from_the_outermost_dimension() {
        let t = Tensor::<f64>::from_fn([3, 2], |i| i as f64);
        assert_eq!(t.rows(1, 3), Tensor::from_vec([2, 2], vec![2.0, 3.0, 4.0, 5.0]));
        assert_eq!(Tensor::concat(&[t.rows(0, 1), t.rows(1, 1), t.rows(1, 3)]), t);
    }

    #[test]
    #[should_panic(expected = "cannot reshape [2, 3] to [4]")]
    fn reshape_keeps_the_number_of_elements() {
        let _ = Tensor::<f32>::zeros([2, 3]).reshape([4]);
    }

    #[test]
    #[should_panic(expected = "shape [2, 2] has 4 elements, got 3")]
    fn from_vec_counts_the_elements() {
        let _ = Tensor::<f32>::from_vec([2, 2], vec![0.0; 3]);
    }
}
