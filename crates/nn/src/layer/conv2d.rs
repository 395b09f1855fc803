//! The convolution layer.

use tensor::Scalar;

use super::{BatchNorm, Builder};
use crate::op::{FusedConv, Norm};
use crate::{Joint, Mode, ParamId, Pass, Var, init, op};

/// A convolution, `NAME.weight`, and perhaps its bias, `NAME.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels.
    pub stride: usize,
    /// Parts of the channels that do not see each other; 1 is the ordinary convolution.
    pub groups: usize,
    weight: ParamId,
    bias: Option<ParamId>,
}

/// What a convolution has besides its channels, kernel and stride.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvOptions {
    /// Parts of the channels that do not see each other.
    pub groups: usize,
    /// The standard deviation of the initial weights; without it that of a layer before a
    /// rectifier, [`init::he_deviation`] of all output channels, whatever the groups.
    pub deviation: Option<f64>,
}

impl Default for ConvOptions {
    fn default() -> Self {
        ConvOptions { groups: 1, deviation: None }
    }
}

impl Conv2d {
    /// A convolution without bias, padded so that stride 1 keeps the size of
    /// the image (odd kernels).
    pub fn new<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Self {
        Conv2d::with(b, name, channels, kernel, stride, ConvOptions::default())
    }

    /// The same with options.
    ///
    /// # Panics
    /// If the groups do not divide both numbers of channels.
    #[track_caller]
    pub fn with<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        [c_in, c_out]: [usize; 2],
        kernel: usize,
        stride: usize,
        ConvOptions { groups, deviation }: ConvOptions,
    ) -> Self {
        assert!(
            groups > 0 && c_in.is_multiple_of(groups) && c_out.is_multiple_of(groups),
            "{name}: {groups} groups do not divide {c_in} input and {c_out} output channels"
        );
        let deviation = deviation.unwrap_or_else(|| init::he_deviation(kernel, c_out));
        let weight = b.random(format!("{name}.weight"), |rng| {
            init::conv([kernel, c_in / groups, c_out], deviation, rng)
        });
        Conv2d { c_in, c_out, kernel, stride, groups, weight, bias: None }
    }

    /// The same with a bias, which starts at `start` in every channel.
    pub fn with_bias<T: Scalar>(self, b: &mut Builder<T>, name: &str, start: f64) -> Self {
        let bias = b.constant(format!("{name}.bias"), self.c_out, T::from_f64(start));
        Conv2d { bias: Some(bias), ..self }
    }

    /// The place of its weights, `[kernel, kernel, c_in / groups, c_out]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// `[n, h, w, c_in]` to `[n, ceil(h / stride), ceil(w / stride), c_out]`.
    #[track_caller]
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let y = if self.fuses(pass, x) {
            self.fused(pass, x, None, None)
        } else {
            let weight = pass.param(self.weight);
            let (stride, padding) = (self.stride, self.kernel / 2);
            op::grouped_conv2d(&mut pass.tape, x, &weight, self.groups, stride, padding)
        };
        match self.bias {
            Some(bias) => {
                let bias = pass.param(bias);
                op::bias(&mut pass.tape, &y, &bias)
            }
            None => y,
        }
    }

    /// The convolution of `relu(norm(x))`, or of `x`; added `onto` the left side of a
    /// joint of a residual unit if there is one. What the kernels can do at once, they do.
    #[track_caller]
    pub fn forward_onto<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        norm: Option<&BatchNorm>,
        x: &Var<T>,
        onto: Option<(&Var<T>, Joint)>,
    ) -> Var<T> {
        if self.fuses(pass, x) && self.bias.is_none() {
            return self.fused(pass, x, norm, onto);
        }
        let y = match norm {
            Some(norm) => {
                let z = norm.forward_relu(pass, x);
                self.forward(pass, &z)
            }
            None => self.forward(pass, x),
        };
        match onto {
            Some((left, joint)) => op::join_at(&mut pass.tape, left, &y, joint),
            None => y,
        }
    }

    fn fuses<T: Scalar>(&self, pass: &Pass<'_, T>, x: &Var<T>) -> bool {
        let is_plain = self.groups == 1 && self.kernel == 3 && self.stride == 1;
        let fits = is_plain && op::fuses(x, self.c_out);
        fits && pass.fuses
    }

    #[track_caller]
    fn fused<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        norm: Option<&BatchNorm>,
        skip: Option<(&Var<T>, Joint)>,
    ) -> Var<T> {
        let weight = pass.param(self.weight);
        let params = norm.map(|norm| (norm.params(pass), norm.statistics(pass)));
        let conv = FusedConv {
            norm: params.as_ref().map(|([scale, shift], statistics)| Norm {
                scale,
                shift,
                statistics: *statistics,
            }),
            weight: &weight,
            transformed: pass.conv_weights(self.weight),
            skip,
            // A bias would change the moments after they were taken.
            takes_moments: pass.mode == Mode::Train && self.bias.is_none(),
        };
        let (y, moments) = op::fused_conv(&mut pass.tape, x, conv);
        if let Some(norm) = norm {
            norm.leave(pass, moments);
        }
        y
    }

    /// Multiplications for an output of `pixels` pixels.
    pub fn macs(&self, pixels: usize) -> u64 {
        (pixels * self.c_in / self.groups * self.c_out * self.kernel * self.kernel) as u64
    }
}
