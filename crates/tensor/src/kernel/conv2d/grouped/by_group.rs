//! The general way: each group by itself, as an ordinary convolution.

use crate::kernel::conv2d::{self, Conv2dGeom};
use crate::{Buffer, Scalar};

/// The channels `at..at + len` of rows of `c`.
#[derive(Clone, Copy)]
struct Columns {
    c: usize,
    at: usize,
    len: usize,
}

impl Columns {
    /// A copy of these columns.
    fn take<T: Scalar>(self, from: &[T]) -> Buffer<T> {
        let Columns { c, at, len } = self;
        let mut taken = Buffer::for_overwrite(from.len() / c * len);
        for (to, row) in taken.as_mut_slice().chunks_exact_mut(len).zip(from.chunks_exact(c)) {
            to.copy_from_slice(&row[at..at + len]);
        }
        taken
    }

    /// Writes these columns.
    fn put<T: Scalar>(self, to: &mut [T], from: &[T]) {
        let Columns { c, at, len } = self;
        for (row, from) in to.chunks_exact_mut(c).zip(from.chunks_exact(len)) {
            row[at..at + len].copy_from_slice(from);
        }
    }
}

/// The geometry of one group, its channels among those of the input and of the output;
/// weights have the columns of the output.
fn groups(g: &Conv2dGeom) -> impl Iterator<Item = (Conv2dGeom, Columns, Columns)> {
    let [c_in, c_out] = [g.group_in(), g.group_out()];
    let (one, all) = (Conv2dGeom { c_in, c_out, groups: 1, ..*g }, *g);
    (0..g.groups).map(move |group| {
        let of_input = Columns { c: all.c_in, at: group * c_in, len: c_in };
        (one, of_input, Columns { c: all.c_out, at: group * c_out, len: c_out })
    })
}

/// `y = x * w`.
pub(super) fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    for (one, of_input, of_output) in groups(g) {
        let (x, w) = (of_input.take(x), of_output.take(w));
        let mut part = Buffer::for_overwrite(one.out_shape().len());
        conv2d::forward(part.as_mut_slice(), &x, &w, &one);
        of_output.put(y, &part);
    }
}

/// `dx` = the gradient of `<dy, x * w>` in `x`.
pub(super) fn input_grad<T: Scalar>(dx: &mut [T], dy: &[T], w: &[T], g: &Conv2dGeom) {
    for (one, of_input, of_output) in groups(g) {
        let (dy, w) = (of_output.take(dy), of_output.take(w));
        let mut part = Buffer::for_overwrite(one.in_shape().len());
        conv2d::input_grad(part.as_mut_slice(), &dy, &w, &one);
        of_input.put(dx, &part);
    }
}

/// `dw` = the gradient of `<dy, x * w>` in `w`.
pub(super) fn weight_grad<T: Scalar>(dw: &mut [T], x: &[T], dy: &[T], g: &Conv2dGeom) {
    for (one, of_input, of_output) in groups(g) {
        let (x, dy) = (of_input.take(x), of_output.take(dy));
        let mut part = Buffer::for_overwrite(one.weight_shape().len());
        conv2d::weight_grad(part.as_mut_slice(), &x, &dy, &one);
        of_output.put(dw, &part);
    }
}
