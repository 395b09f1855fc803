//! A convolution with what surrounds it in a network: batch norm and ReLU on the
//! way in, the residual sum and the output's moments on the way out.
//!
//! `y = z * w + skip` with `z = relu(x scale + shift)`. Alone, each of these steps is a
//! pass over memory; here they work on an image that is in the cache anyway. The kernels
//! take the geometries that [`fits`] accepts. For all others the single kernels do the
//! same, and they are the oracle of the tests.

use super::{Conv2dGeom, swap_channels, winograd};
use crate::kernel::batch_norm::{Moments, PartialMoments};
use crate::{Scalar, Shape, Tensor};

pub use super::terms::{Backward, Cotangent, Forward, Gradients, NormRelu, TransformedWeights};

/// Whether the fused kernels compute this geometry in this precision. They compute none
/// while [`set_path`](super::set_path) forces the general path.
pub fn fits<T: Scalar>(g: &Conv2dGeom) -> bool {
    T::as_f32(&[]).is_some() && winograd::fits(g)
}

impl TransformedWeights {
    /// For [`forward`]: from `[3, 3, c_in, c_out]`.
    ///
    /// # Panics
    /// If the geometry has no fused kernel, or `w` does not fit it.
    #[track_caller]
    pub fn new(w: &[f32], g: &Conv2dGeom) -> Self {
        check_weights(w, g);
        Self::of(w, [g.c_in, g.c_out])
    }

    /// For [`backward`]: the same with the channels swapped.
    ///
    /// # Panics
    /// As [`TransformedWeights::new`].
    #[track_caller]
    pub fn transposed(w: &[f32], g: &Conv2dGeom) -> Self {
        check_weights(w, g);
        let mut swapped = Tensor::for_overwrite([w.len()]);
        let pairs = g.c_in * g.c_out;
        for (to, from) in swapped.as_mut_slice().chunks_exact_mut(pairs).zip(w.chunks_exact(pairs))
        {
            swap_channels(to, from, [g.c_in, g.c_out]);
        }
        Self::of(swapped.as_slice(), [g.c_out, g.c_in])
    }

    fn of(w: &[f32], c: [usize; 2]) -> Self {
        let mut u = Tensor::for_overwrite([winograd::COEFFICIENTS, c[0], c[1]]);
        winograd::transform_weights(u.as_mut_slice(), w, c);
        TransformedWeights { u }
    }
}

/// `y = z * w + skip`, and the moments of `y` if they are wanted.
///
/// # Panics
/// If the geometry has no fused kernel, or a slice does not fit it.
#[track_caller]
pub fn forward(
    y: &mut [f32],
    f: &Forward<'_>,
    g: &Conv2dGeom,
    wants_moments: bool,
) -> Option<Moments> {
    check_sizes(g, y.len(), f.x.len());
    check_transformed(f.weights, g);
    check_norm(f.norm_relu, g);
    check_len("skip", f.skip.map_or(y.len(), <[f32]>::len), y.len(), g);
    let mut moments = wants_moments.then(|| PartialMoments::new(y.len() / g.c_out, g.c_out));
    winograd::forward(y, moments.as_mut(), f, g);
    moments.map(PartialMoments::join)
}

/// The gradients of [`forward`].
///
/// # Panics
/// If the geometry has no fused kernel, a slice does not fit it, or sums are wanted
/// without the `dz` that they are taken over.
#[track_caller]
pub fn backward(out: Gradients<'_>, f: &Backward<'_>, g: &Conv2dGeom) {
    check_sizes(g, f.dy.len(), f.x.len());
    if let Some((dz, weights)) = &out.dz {
        check_len("dz", dz.len(), f.x.len(), g);
        check_transformed(weights, g);
    }
    check_norm(f.norm_relu, g);
    if let Cotangent::Pending { x, factors, .. } = f.dy {
        check_len("the batch norm's input", x.len(), f.dy.len(), g);
        factors.iter().for_each(|factor| check_len("a factor", factor.len(), g.c_out, g));
    }
    if let Some(dw) = &out.dw {
        check_len("dw", dw.len(), g.weight_shape().len(), g);
    }
    if let Some((sums, mean)) = &out.sums {
        assert!(out.dz.is_some(), "fused convolution: sums of a dz that is not computed; {g:?}");
        check_len("the sums", sums.len(), 2 * g.c_in, g);
        check_len("the means", mean.len(), g.c_in, g);
    }
    winograd::backward(out, f, g);
}

#[track_caller]
fn check_sizes(g: &Conv2dGeom, y: usize, x: usize) {
    assert!(winograd::covers(g), "no fused kernel for {g:?}");
    g.check("fused convolution", x, g.weight_shape().len(), y);
}

#[track_caller]
fn check_transformed(weights: &TransformedWeights, g: &Conv2dGeom) {
    let transformed = Shape::from([winograd::COEFFICIENTS, g.c_in, g.c_out]).len();
    check_len("the transformed weights", weights.u.len(), transformed, g);
}

#[track_caller]
fn check_weights(w: &[f32], g: &Conv2dGeom) {
    assert!(winograd::covers(g), "no fused kernel for {g:?}");
    check_len("the weights", w.len(), g.weight_shape().len(), g);
}

#[track_caller]
fn check_norm(norm_relu: Option<NormRelu<'_>>, g: &Conv2dGeom) {
    if let Some(NormRelu { scale, shift }) = norm_relu {
        check_len("scale", scale.len(), g.c_in, g);
        check_len("shift", shift.len(), g.c_in, g);
    }
}

#[track_caller]
fn check_len(what: &str, found: usize, expected: usize, g: &Conv2dGeom) {
    assert!(
        found == expected,
        "fused convolution: the length of {what} must be {expected}, got {found}; {g:?}"
    );
}
