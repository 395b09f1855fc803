//! A convolution with the batch norm and ReLU before it and the residual sum after it,
//! as one node. As single ops these are four passes over memory.

use std::sync::{Arc, OnceLock};

use tensor::kernel::batch_norm::Moments;
use tensor::kernel::conv2d::Conv2dGeom;
use tensor::kernel::conv2d::fused::{self as kernel, NormRelu, TransformedWeights};
use tensor::{Scalar, Tensor};

use super::normaliser::{Normaliser, Statistics};
use crate::{Cotangent, Joint, PerInput, Rule, Tape, Var};

/// The weights `[3, 3, c_in, c_out]` of one convolution, transformed for the kernels when
/// they are first needed.
#[derive(Debug, Default)]
pub struct ConvWeights {
    forward: OnceLock<TransformedWeights>,
    backward: OnceLock<TransformedWeights>,
}

impl ConvWeights {
    /// Transforms them for both passes, if there are kernels for these channels.
    pub(crate) fn prepare<T: Scalar>(&self, weight: &Tensor<T>) {
        let [kernel, _, c_in, c_out] = weight.shape().nhwc("convolution weights");
        // Larger than any tile, so that the channels alone decide.
        let g = Conv2dGeom::same([1, 64, 64, c_in], c_out, kernel);
        if kernel == 3 && kernel::fits::<T>(&g) {
            self.forward(weight, &g);
            self.backward(weight, &g);
        }
    }

    fn forward<T: Scalar>(&self, weight: &Tensor<T>, g: &Conv2dGeom) -> &TransformedWeights {
        self.forward.get_or_init(|| TransformedWeights::new(single(weight), g))
    }

    fn backward<T: Scalar>(&self, weight: &Tensor<T>, g: &Conv2dGeom) -> &TransformedWeights {
        self.backward.get_or_init(|| TransformedWeights::transposed(single(weight), g))
    }
}

/// The batch norm whose output, rectified, is convolved.
pub struct Norm<'a, T: Scalar> {
    /// `[c_in]`.
    pub scale: &'a Var<T>,
    /// `[c_in]`.
    pub shift: &'a Var<T>,
    /// The statistics that normalise.
    pub statistics: Statistics<'a, T>,
}

/// The parts of a fused convolution, apart from its input.
pub struct FusedConv<'a, T: Scalar> {
    /// Batch norm and ReLU on the way in.
    pub norm: Option<Norm<'a, T>>,
    /// The weights as a leaf of the tape.
    pub weight: &'a Var<T>,
    /// The same weights, transformed for the kernels.
    pub transformed: &'a Arc<ConvWeights>,
    /// What the result is added to in a residual sum, on the left of this joint.
    pub skip: Option<(&'a Var<T>, Joint)>,
    /// Compute the output's moments on the way, because a batch norm follows.
    pub takes_moments: bool,
}

/// Whether there are kernels for a 3x3 convolution of `x` at stride 1 to `c_out`
/// channels.
pub fn fuses<T: Scalar>(x: &Var<T>, c_out: usize) -> bool {
    kernel::fits::<T>(&geometry(x, c_out))
}

/// `y = conv2d(relu(batch_norm(x)), weight) + skip`, 3x3 at stride 1, padding 1;
/// also the moments of `x` if those of the batch normalise it.
///
/// It computes the same as [`batch_norm`](super::batch_norm), [`relu`](super::relu),
/// [`conv2d`](super::conv2d) and [`join`](super::join) in a row, but records only one
/// node for the convolution with its norm, and one for the sum. It saves `x` alone, and
/// the backward pass computes the rest again.
///
/// # Panics
/// If the shapes do not fit together, or there is no kernel for them ([`fuses`]).
#[track_caller]
pub fn fused_conv<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    conv: FusedConv<'_, T>,
) -> (Var<T>, Option<Moments>) {
    let FusedConv { norm, weight, transformed, skip, takes_moments } = conv;
    let geom = geometry(x, weight.value().shape().channels());
    let inputs: &[&Var<T>] = match norm {
        Some(Norm { scale, shift, .. }) => &[x, weight, scale, shift],
        None => &[x, weight],
    };
    let norm = norm.map(|norm| Normaliser::new(x, norm.scale, norm.shift, norm.statistics));
    let mut y = Tensor::for_overwrite(geom.out_shape());
    let forward = kernel::Forward {
        x: single(x.value()),
        norm_relu: norm.as_ref().map(norm_relu),
        weights: transformed.forward(weight.value(), &geom),
        skip: skip.map(|(skip, _)| single(skip.value())),
    };
    let out = T::as_f32_mut(y.as_mut_slice()).expect("the kernels are for f32");
    let moments = kernel::forward(out, &forward, &geom, takes_moments);
    let seen = norm.as_ref().and_then(Normaliser::moments);
    let rule = || Saved {
        geom,
        x: x.value().clone(),
        norm,
        weight: weight.value().clone(),
        transformed: Arc::clone(transformed),
    };
    let y = match skip {
        None => tape.op(y, inputs, rule),
        Some((skip, joint)) => tape.joined_op(y, skip, joint, inputs, rule),
    };
    (y.with_moments(moments), seen)
}

struct Saved<T: Scalar> {
    geom: Conv2dGeom,
    x: Tensor<T>,
    norm: Option<Normaliser<T>>,
    weight: Tensor<T>,
    transformed: Arc<ConvWeights>,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let grads = self.backward_pending(Cotangent::Whole(dy.clone()), wanted);
        grads.map(Cotangent::whole)
    }

    fn backward_pending(&self, dy: Cotangent<T>, wanted: &[bool]) -> PerInput<Cotangent<T>> {
        let (geom, norm) = (&self.geom, self.norm.as_ref());
        let dy = match dy {
            Cotangent::Pending(ref pending) if pending.plus.is_some() => {
                Cotangent::Whole(dy.whole())
            }
            dy => dy,
        };
        let dy = match &dy {
            Cotangent::Whole(dy) => kernel::Cotangent::Whole(single(dy)),
            Cotangent::Pending(p) => kernel::Cotangent::Pending {
                dz: single(&p.dz),
                x: single(&p.x),
                factors: p.rows().map(narrow),
            },
        };
        let mut dz = Tensor::<T>::for_overwrite(geom.in_shape());
        let mut dw = wanted[1].then(|| Tensor::<T>::for_overwrite(geom.weight_shape()));
        let wants_sums = |norm: &&Normaliser<T>| norm.uses_batch() || wanted[2] || wanted[3];
        let summed = norm.filter(wants_sums);
        let mut sums = summed.map(|_| Tensor::for_overwrite([2, geom.c_in]));
        let out = kernel::Gradients {
            dz: Some((
                T::as_f32_mut(dz.as_mut_slice()).expect("the kernels are for f32"),
                self.transformed.backward(&self.weight, geom),
            )),
            dw: dw.as_mut().and_then(|dw| T::as_f32_mut(dw.as_mut_slice())),
            sums: sums.as_mut().zip(summed).map(|(s, norm)| (s.as_mut_slice(), single(&norm.mean))),
        };
        let backward = kernel::Backward { x: single(&self.x), norm_relu: norm.map(norm_relu), dy };
        kernel::backward(out, &backward, geom);
        let dw = dw.map(Cotangent::Whole);
        let Some(norm) = norm else {
            return [wanted[0].then_some(Cotangent::Whole(dz)), dw].into();
        };
        let grads = match &sums {
            Some(sums) => norm.grads(sums, geom.batch * geom.h * geom.w),
            None => norm.fixed_grads(),
        };
        let dx = wanted[0].then(|| grads.input(dz, &self.x));
        let dscale = wanted[2].then_some(Cotangent::Whole(grads.dscale));
        let dshift = wanted[3].then_some(Cotangent::Whole(grads.dshift));
        [dx, dw, dscale, dshift].into()
    }
}

fn geometry<T: Scalar>(x: &Var<T>, c_out: usize) -> Conv2dGeom {
    Conv2dGeom::same(x.value().shape().nhwc("fused convolution"), c_out, 3)
}

fn norm_relu<T: Scalar>(norm: &Normaliser<T>) -> NormRelu<'_> {
    NormRelu { scale: single(&norm.factor), shift: single(&norm.offset) }
}

fn single<T: Scalar>(values: &Tensor<T>) -> &[f32] {
    narrow(values.as_slice())
}

fn narrow<T: Scalar>(values: &[T]) -> &[f32] {
    T::as_f32(values).expect("the kernels are for f32")
}
