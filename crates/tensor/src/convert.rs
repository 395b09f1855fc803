//! To and from `ndarray`, in the same memory where the layout allows it.

use ndarray::{Array, ArrayD, ArrayView, ArrayViewD, ArrayViewMutD, Dimension, IxDyn};

use crate::{Scalar, Shape, Tensor};

/// An array that cannot become a tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an array of rank {rank} cannot become a tensor: the rank is at most 4; reshape it first")]
pub struct ConvertError {
    /// The rank of the array.
    pub rank: usize,
}

impl<T: Scalar> Tensor<T> {
    /// A view of the elements as an `ndarray`; never copies.
    pub fn view(&self) -> ArrayViewD<'_, T> {
        ArrayViewD::from_shape(IxDyn(self.dims()), self.as_slice())
            .expect("a tensor is contiguous and row-major")
    }

    /// A mutable view of the elements as an `ndarray`; copies only what a
    /// clone of this tensor shares.
    pub fn view_mut(&mut self) -> ArrayViewMutD<'_, T> {
        let shape = self.shape();
        ArrayViewMutD::from_shape(IxDyn(shape.dims()), self.as_mut_slice())
            .expect("a tensor is contiguous and row-major")
    }

    /// An owned `ndarray`, in the memory of [`Tensor::into_vec`]: copied if a clone of
    /// this tensor shares the elements, moved down by up to a cache line unless they
    /// came from a vector.
    pub fn into_ndarray(self) -> ArrayD<T> {
        let shape = self.shape();
        ArrayD::from_shape_vec(IxDyn(shape.dims()), self.into_vec())
            .expect("a tensor is contiguous and row-major")
    }
}

/// Takes over the elements of a row-major array of any type of dimension; copies those of
/// any other layout into row-major order.
///
/// ```
/// use tensor::{Tensor, ndarray::Array4};
///
/// // Images as PyTorch has them: [n, c, h, w].
/// let images = Array4::<f32>::zeros([2, 3, 8, 8]);
/// let images = Tensor::try_from(images.permuted_axes([0, 2, 3, 1])).unwrap();
/// assert_eq!(images.dims(), [2, 8, 8, 3]);
/// ```
impl<T: Scalar, D: Dimension> TryFrom<Array<T, D>> for Tensor<T> {
    type Error = ConvertError;

    fn try_from(array: Array<T, D>) -> Result<Self, ConvertError> {
        if !array.is_standard_layout() {
            return Tensor::try_from(array.view());
        }
        let dims = dims(array.shape())?;
        let (elements, offset) = array.into_raw_vec_and_offset();
        let elements = match offset {
            None | Some(0) if elements.len() == dims.len() => elements,
            // A slice of a larger array keeps the whole allocation.
            offset => {
                let start = offset.unwrap_or(0);
                elements[start..start + dims.len()].to_vec()
            }
        };
        Ok(Tensor::from_vec(dims, elements))
    }
}

/// Copies the elements of a view into row-major order.
impl<T: Scalar, D: Dimension> TryFrom<ArrayView<'_, T, D>> for Tensor<T> {
    type Error = ConvertError;

    fn try_from(view: ArrayView<'_, T, D>) -> Result<Self, ConvertError> {
        let dims = dims(view.shape())?;
        Ok(match view.as_slice() {
            Some(elements) => Tensor::copy_of(dims, elements),
            None => Tensor::from_vec(dims, view.iter().copied().collect()),
        })
    }
}

fn dims(dims: &[usize]) -> Result<Shape, ConvertError> {
    match dims.len() {
        0..=4 => Ok(Shape::new(dims)),
        rank => Err(ConvertError { rank }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array0, Array1, Array2, Array4, Array5, Axis, Slice, s};

    fn counting() -> Tensor<f32> {
        Tensor::from_vec([2, 3, 4], (0..24).map(|i| i as f32).collect())
    }

    #[test]
    fn a_view_shares_the_elements() {
        let t = counting();
        assert_eq!(t.view().as_ptr(), t.as_slice().as_ptr());
        assert_eq!(t.view()[[1, 2, 3]], 23.0);
    }

    #[test]
    fn a_write_through_a_view_reaches_the_tensor_alone() {
        let t = counting();
        let mut changed = t.clone();
        changed.view_mut()[[1, 2, 3]] = -1.0;
        assert_eq!((changed.as_slice()[23], t.as_slice()[23]), (-1.0, 23.0));
    }

    #[test]
    fn there_and_back_keeps_the_buffer() {
        let t = counting();
        let address = t.as_slice().as_ptr();
        let back = Tensor::try_from(t.into_ndarray()).unwrap();
        assert_eq!(back.as_slice().as_ptr(), address);
        assert_eq!(back, counting());
    }

    #[test]
    fn any_layout_arrives_in_row_major_order() {
        let permuted = counting().into_ndarray().permuted_axes(IxDyn(&[2, 0, 1]));
        let t = Tensor::try_from(permuted.clone()).unwrap();
        assert_eq!(t.dims(), [4, 2, 3]);
        assert_eq!(t.view(), permuted);

        let mut sliced = counting().into_ndarray();
        sliced.slice_axis_inplace(Axis(0), Slice::from(1..));
        let t = Tensor::try_from(sliced.clone()).unwrap();
        assert_eq!(t.view(), sliced);
    }

    #[test]
    fn every_type_of_dimension_becomes_a_tensor() {
        let count = |n: usize| (0..n).map(|i| i as f32).collect::<Vec<_>>();
        let two = Array2::from_shape_vec([2, 3], count(6)).unwrap();
        let four = Array4::from_shape_vec([2, 3, 2, 2], count(24)).unwrap();
        assert_eq!(Tensor::try_from(Array0::from_elem((), 7.0f32)).unwrap().dims(), []);
        assert_eq!(Tensor::try_from(Array1::from_vec(count(3))).unwrap().dims(), [3]);
        assert_eq!(Tensor::try_from(two.clone()).unwrap(), Tensor::from_vec([2, 3], count(6)));
        // A transposition is read, not reinterpreted.
        let transposed = Tensor::try_from(two.t()).unwrap();
        assert_eq!(transposed, Tensor::from_vec([3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(Tensor::try_from(two.reversed_axes()).unwrap(), transposed);
        let nhwc = Tensor::try_from(four.clone().permuted_axes([0, 2, 3, 1])).unwrap();
        for ((n, c, h, w), &v) in four.indexed_iter() {
            assert_eq!(nhwc.as_slice()[((n * 2 + h) * 2 + w) * 3 + c], v);
        }
        // A view of a part, backwards, and a part of an owned array.
        let part = four.slice(s![1, .., ..;-1, 1..]);
        let tensor = Tensor::try_from(part).unwrap();
        assert_eq!((tensor.dims(), tensor.view()), (&[3, 2, 1][..], part.into_dyn()));
        let owned = four.clone().slice_move(s![1.., 1.., .., ..]);
        assert_eq!(Tensor::try_from(owned.clone()).unwrap().view(), owned.into_dyn());
        let empty = Array2::<f32>::zeros([0, 3]);
        assert_eq!(Tensor::try_from(empty).unwrap().dims(), [0, 3]);
    }

    #[test]
    fn rank_five_is_refused_in_every_layout() {
        let array = Array5::<f32>::zeros([1, 2, 1, 2, 1]);
        let refused = Err(ConvertError { rank: 5 });
        assert_eq!(Tensor::try_from(array.view()), refused);
        assert_eq!(Tensor::try_from(array.clone().reversed_axes()), refused);
        assert_eq!(Tensor::try_from(array.clone().into_dyn()), refused);
        assert_eq!(Tensor::try_from(array), refused);
    }
}
