//! A convolution with what surrounds it in a network: batch norm and ReLU on the
//! way in, the residual sum and the output's moments on the way out.
//!
//! `y = z * w + skip` with `z = relu(x scale + shift)`. Each of these is a pass
//! over memory when it stands alone; here an image is in the cache anyway. The
//! geometries are those of [`fits`]; for all others the single kernels do the
//! same, and are the oracle of the tests.

use super::{Conv2dGeom, swap_channels, winograd};
use crate::kernel::batch_norm::{Moments, PartialMoments};
use crate::{Scalar, Shape, Tensor};

/// Batch norm as an affine map, then ReLU: `relu(x scale[c] + shift[c])`.
#[derive(Debug, Clone, Copy)]
pub struct NormRelu<'a, T> {
    /// `[c]`.
    pub scale: &'a [T],
    /// `[c]`.
    pub shift: &'a [T],
}

/// A gradient in an output.
#[derive(Debug, Clone, Copy)]
pub enum Cotangent<'a, T> {
    /// As it is.
    Whole(&'a [T]),
    /// What is still to be computed from the gradient behind a batch norm:
    /// `a[c] dz + b[c] x + d[c]`.
    Pending {
        /// The gradient in the batch norm's output.
        dz: &'a [T],
        /// The batch norm's input.
        x: &'a [T],
        /// `a`, `b` and `d`, `[c]` each.
        factors: [&'a [T]; 3],
    },
}

impl<T> Cotangent<'_, T> {
    /// Numbers of the gradient.
    fn len(&self) -> usize {
        match self {
            Cotangent::Whole(dy) => dy.len(),
            Cotangent::Pending { dz, .. } => dz.len(),
        }
    }
}

/// Whether the fused kernels compute this geometry in this precision; none where
/// [`set_path`](super::set_path) forces the general path.
pub fn fits<T: Scalar>(g: &Conv2dGeom) -> bool {
    T::as_f32(&[]).is_some() && winograd::fits(g)
}

/// Weights, transformed for the fused kernels.
#[derive(Debug, Clone)]
pub struct TransformedWeights {
    u: Tensor<f32>,
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

/// The inputs of [`forward`].
#[derive(Clone, Copy)]
pub struct Forward<'a> {
    /// `[n, h, w, c_in]`.
    pub x: &'a [f32],
    /// What happens to `x` first, if anything.
    pub norm_relu: Option<NormRelu<'a, f32>>,
    /// The weights.
    pub weights: &'a TransformedWeights,
    /// `[n, h, w, c_out]`, added to the result.
    pub skip: Option<&'a [f32]>,
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
    check(g, y.len(), f.x.len(), f.weights);
    check_norm(f.norm_relu, g);
    check_len("skip", f.skip.map_or(y.len(), <[f32]>::len), y.len(), g);
    let mut moments = wants_moments.then(|| PartialMoments::new(y.len() / g.c_out, g.c_out));
    let work = winograd::Forward {
        x: f.x,
        norm_relu: f.norm_relu,
        u: f.weights.u.as_slice(),
        skip: f.skip,
    };
    winograd::forward(y, moments.as_mut(), &work, g);
    moments.map(PartialMoments::join)
}

/// The inputs of [`backward`].
#[derive(Clone, Copy)]
pub struct Backward<'a> {
    /// The input of the forward pass.
    pub x: &'a [f32],
    /// What happened to it first.
    pub norm_relu: Option<NormRelu<'a, f32>>,
    /// The gradient in the output.
    pub dy: Cotangent<'a, f32>,
    /// The weights, [transposed](TransformedWeights::transposed).
    pub weights: &'a TransformedWeights,
}

/// The outputs of [`backward`].
pub struct Gradients<'a> {
    /// The gradient in `x scale + shift`, or in `x` where nothing happened to it.
    pub dz: &'a mut [f32],
    /// The gradient in the weights, if it is wanted.
    pub dw: Option<&'a mut [f32]>,
    /// If wanted: `[2, c_in]`, `sum dz` and `sum dz (x - mean)`; and the means.
    pub sums: Option<(&'a mut [f64], &'a [f32])>,
}

/// The gradients of [`forward`].
///
/// # Panics
/// If the geometry has no fused kernel, or a slice does not fit it.
#[track_caller]
pub fn backward(out: Gradients<'_>, f: &Backward<'_>, g: &Conv2dGeom) {
    check(g, f.dy.len(), out.dz.len(), f.weights);
    check_len("the input", f.x.len(), out.dz.len(), g);
    check_norm(f.norm_relu, g);
    if let Cotangent::Pending { x, factors, .. } = f.dy {
        check_len("the batch norm's input", x.len(), f.dy.len(), g);
        factors.iter().for_each(|factor| check_len("a factor", factor.len(), g.c_out, g));
    }
    if let Some(dw) = &out.dw {
        check_len("dw", dw.len(), g.weight_shape().len(), g);
    }
    if let Some((sums, mean)) = &out.sums {
        check_len("the sums", sums.len(), 2 * g.c_in, g);
        check_len("the means", mean.len(), g.c_in, g);
    }
    let work = winograd::Backward { x: f.x, norm_relu: f.norm_relu, dy: f.dy };
    let Gradients { dz, dw, sums } = out;
    let out = winograd::Gradients { dz: Some((dz, f.weights.u.as_slice())), dw, sums };
    winograd::backward(out, &work, g);
}

/// The gradient in the weights alone, with nothing around the convolution.
pub(super) fn weight_grad(dw: &mut [f32], x: &[f32], dy: &[f32], g: &Conv2dGeom) {
    let work = winograd::Backward { x, norm_relu: None, dy: Cotangent::Whole(dy) };
    winograd::backward(winograd::Gradients { dz: None, dw: Some(dw), sums: None }, &work, g);
}

#[track_caller]
fn check(g: &Conv2dGeom, y: usize, x: usize, weights: &TransformedWeights) {
    assert!(winograd::covers(g), "no fused kernel for {g:?}");
    g.check("fused convolution", x, g.weight_shape().len(), y);
    let transformed = Shape::from([winograd::COEFFICIENTS, g.c_in, g.c_out]).len();
    check_len("the transformed weights", weights.u.len(), transformed, g);
}

#[track_caller]
fn check_weights(w: &[f32], g: &Conv2dGeom) {
    assert!(winograd::covers(g), "no fused kernel for {g:?}");
    check_len("the weights", w.len(), g.weight_shape().len(), g);
}

#[track_caller]
fn check_norm(norm_relu: Option<NormRelu<'_, f32>>, g: &Conv2dGeom) {
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
