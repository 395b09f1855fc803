//! Pooling: the maximum or the mean of windows, the mean of whole images.

use tensor::kernel::average_pool as windows;
use tensor::kernel::pool::{self, PoolGeom};
use tensor::{Buffer, Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// The maximum of each `kernel x kernel` window, `stride` apart, unpadded.
///
/// # Shapes
/// `x`: `[n, h, w, c]`; result: `[n, (h - kernel) / stride + 1, …, c]`.
///
/// # Panics
/// If the window does not fit into the image.
#[track_caller]
pub fn max_pool<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, kernel: usize, stride: usize) -> Var<T> {
    let [batch, h, w, c] = x.value().shape().nhwc("max_pool");
    let geom = PoolGeom { batch, h, w, c, kernel, stride };
    let mut y = Tensor::for_overwrite(geom.out_shape());
    let mut argmax = Buffer::for_overwrite(y.len());
    pool::max_pool(y.as_mut_slice(), argmax.as_mut_slice(), x.value().as_slice(), &geom);
    tape.op(y, &[x], || SavedMax { geom, argmax })
}

struct SavedMax {
    geom: PoolGeom,
    argmax: Buffer<u32>,
}

impl<T: Scalar> Rule<T> for SavedMax {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let g = &self.geom;
        let mut dx = Tensor::for_overwrite([g.batch, g.h, g.w, g.c]);
        pool::max_pool_grad(dx.as_mut_slice(), dy.as_slice(), &self.argmax, g);
        [Some(dx)].into()
    }
}

/// The mean of each `kernel x kernel` window, `stride` apart, unpadded.
///
/// # Shapes
/// As [`max_pool`].
///
/// # Panics
/// If the window does not fit into the image.
#[track_caller]
pub fn average_pool<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    kernel: usize,
    stride: usize,
) -> Var<T> {
    let [batch, h, w, c] = x.value().shape().nhwc("average_pool");
    let geom = PoolGeom { batch, h, w, c, kernel, stride };
    let mut y = Tensor::for_overwrite(geom.out_shape());
    windows::average_pool(y.as_mut_slice(), x.value().as_slice(), &geom);
    tape.op(y, &[x], || SavedMean { geom })
}

struct SavedMean {
    geom: PoolGeom,
}

impl<T: Scalar> Rule<T> for SavedMean {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(self.geom.in_shape());
        windows::average_pool_grad(dx.as_mut_slice(), dy.as_slice(), &self.geom);
        [Some(dx)].into()
    }
}

/// The mean over all pixels: `[n, h, w, c]` to `[n, c]`.
///
/// # Panics
/// If `x` is not an image batch.
#[track_caller]
pub fn global_average<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>) -> Var<T> {
    let dims @ [batch, _, _, c] = x.value().shape().nhwc("global_average");
    let mut y = Tensor::for_overwrite([batch, c]);
    pool::global_average(y.as_mut_slice(), x.value().as_slice(), batch, c);
    tape.op(y, &[x], || SavedAverage { dims })
}

struct SavedAverage {
    dims: [usize; 4],
}

impl<T: Scalar> Rule<T> for SavedAverage {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let [batch, _, _, c] = self.dims;
        let mut dx = Tensor::for_overwrite(self.dims);
        pool::global_average_grad(dx.as_mut_slice(), dy.as_slice(), batch, c);
        [Some(dx)].into()
    }
}
