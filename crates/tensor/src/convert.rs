//! To and from `ndarray`, in the same memory where the layout allows it.

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};

use crate::{Scalar, Tensor};

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

/// Takes over the elements of a row-major array; copies those of any other
/// layout into row-major order.
impl<T: Scalar> TryFrom<ArrayD<T>> for Tensor<T> {
    type Error = ConvertError;

    fn try_from(array: ArrayD<T>) -> Result<Self, ConvertError> {
        let dims = array.shape().to_vec();
        if dims.len() > 4 {
            return Err(ConvertError { rank: dims.len() });
        }
        let elements = if array.is_standard_layout() {
            let (elements, offset) = array.into_raw_vec_and_offset();
            match offset {
                None | Some(0) if elements.len() == dims.iter().product() => elements,
                // A slice of a larger array keeps the whole allocation.
                offset => {
                    let start = offset.unwrap_or(0);
                    elements[start..start + dims.iter().product::<usize>()].to_vec()
                }
            }
        } else {
            array.iter().copied().collect()
        };
        Ok(Tensor::from_vec(dims.as_slice(), elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, Slice};

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
    fn rank_five_is_refused() {
        let array = ArrayD::<f32>::zeros(IxDyn(&[1, 1, 1, 1, 1]));
        assert_eq!(Tensor::try_from(array), Err(ConvertError { rank: 5 }));
    }
}
