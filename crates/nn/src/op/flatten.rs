//! Images as rows of numbers.

use tensor::{Scalar, Shape, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// Each image as one row: `[n, …]` to `[n, numbers of an image]`.
///
/// The numbers stay in their order, in images `[n, h, w, c]` the channels of a pixel side
/// by side. PyTorch flattens `[n, c, h, w]`, so a linear layer trained there behind a
/// flattened image has its columns in another order.
///
/// # Panics
/// If `x` is a single number.
#[track_caller]
pub fn flatten<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>) -> Var<T> {
    let shape = x.value().shape();
    let Some((&n, image)) = shape.dims().split_first() else {
        panic!("flatten: expected [n, …], got a single number");
    };
    let y = x.value().clone().reshape([n, image.iter().product()]);
    tape.op(y, &[x], || Saved { shape })
}

struct Saved {
    shape: Shape,
}

impl<T: Scalar> Rule<T> for Saved {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        [Some(dy.clone().reshape(self.shape))].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_becomes_one_row_with_its_channels_side_by_side() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::from_fn([2, 1, 2, 3], |i| i as f32));
        let y = flatten(&mut tape, &x);
        assert_eq!(y.value().dims(), [2, 6]);
        assert_eq!(y.value().as_slice()[6..9], [6.0, 7.0, 8.0]);
        let features = flatten(&mut tape, &y);
        assert_eq!(features.value(), y.value(), "rows stay as they are");
    }

    #[test]
    #[should_panic(expected = "flatten: expected [n, …], got a single number")]
    fn a_single_number_has_no_rows() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::full([], 1.0));
        let _ = flatten(&mut tape, &x);
    }
}
