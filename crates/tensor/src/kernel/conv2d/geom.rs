//! The geometry of a convolution: sizes, stride and padding in one value.

use crate::Shape;

/// The geometry of a convolution.
///
/// ```
/// use tensor::kernel::conv2d::Conv2dGeom;
///
/// // 3x3 at stride 2: 128 images of 32x32 with 16 channels become 16x16 with 32.
/// let g = Conv2dGeom::same([128, 32, 32, 16], 32, 3).with_stride(2);
/// assert_eq!(g.out_shape().dims(), [128, 16, 16, 32]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dGeom {
    /// Images.
    pub batch: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels.
    pub stride: usize,
    /// Rows and columns of zeros on each side.
    pub padding: usize,
    /// Parts into which both kinds of channels are cut, in order: output channels see the
    /// input channels of their own part alone. 1 is the ordinary convolution.
    pub groups: usize,
}

impl Conv2dGeom {
    /// From images `[batch, h, w, c_in]` to `c_out` channels, at stride 1 without
    /// padding, in one group.
    pub const fn valid(images: [usize; 4], c_out: usize, kernel: usize) -> Self {
        let [batch, h, w, c_in] = images;
        Conv2dGeom { batch, h, w, c_in, c_out, kernel, stride: 1, padding: 0, groups: 1 }
    }

    /// The same with padding `kernel / 2`, so that at stride 1 an odd kernel keeps the
    /// size of the images.
    pub const fn same(images: [usize; 4], c_out: usize, kernel: usize) -> Self {
        Conv2dGeom::valid(images, c_out, kernel).with_padding(kernel / 2)
    }

    /// With another step between output pixels.
    #[must_use]
    pub const fn with_stride(self, stride: usize) -> Self {
        Conv2dGeom { stride, ..self }
    }

    /// With another number of rows and columns of zeros on each side.
    #[must_use]
    pub const fn with_padding(self, padding: usize) -> Self {
        Conv2dGeom { padding, ..self }
    }

    /// With another number of groups, which must divide both numbers of channels.
    #[must_use]
    pub const fn with_groups(self, groups: usize) -> Self {
        Conv2dGeom { groups, ..self }
    }

    /// With another number of images.
    #[must_use]
    pub const fn with_batch(self, batch: usize) -> Self {
        Conv2dGeom { batch, ..self }
    }

    /// Output height: `(h + 2 padding - kernel) / stride + 1`, rounded down.
    ///
    /// # Panics
    /// If the kernel does not fit into the padded image, or kernel or stride are 0.
    #[track_caller]
    pub fn out_h(&self) -> usize {
        self.windows(self.h)
    }

    /// Output width, likewise.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`].
    #[track_caller]
    pub fn out_w(&self) -> usize {
        self.windows(self.w)
    }

    #[track_caller]
    fn windows(&self, extent: usize) -> usize {
        let padded = self.padded(extent);
        assert!(
            self.kernel > 0 && self.stride > 0 && self.kernel <= padded,
            "conv2d: kernel and stride must not be 0, and the kernel must fit into the padded \
             image: {self:?}"
        );
        (padded - self.kernel) / self.stride + 1
    }

    /// `extent + 2 padding`.
    #[track_caller]
    fn padded(&self, extent: usize) -> usize {
        let padded = self.padding.checked_mul(2).and_then(|margins| margins.checked_add(extent));
        padded
            .unwrap_or_else(|| panic!("conv2d: the padding is more than can be counted: {self:?}"))
    }

    /// `[batch, h, w, c_in]`.
    pub fn in_shape(&self) -> Shape {
        Shape::from([self.batch, self.h, self.w, self.c_in])
    }

    /// `[batch, out_h, out_w, c_out]`.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`].
    #[track_caller]
    pub fn out_shape(&self) -> Shape {
        Shape::from([self.batch, self.out_h(), self.out_w(), self.c_out])
    }

    /// `[kernel, kernel, c_in / groups, c_out]`.
    ///
    /// # Panics
    /// If the groups do not divide both numbers of channels.
    #[track_caller]
    pub fn weight_shape(&self) -> Shape {
        Shape::from([self.kernel, self.kernel, self.group_in(), self.c_out])
    }

    /// Input channels of a group.
    #[track_caller]
    pub(super) fn group_in(&self) -> usize {
        self.check_groups();
        self.c_in / self.groups
    }

    /// Output channels of a group.
    #[track_caller]
    pub(super) fn group_out(&self) -> usize {
        self.check_groups();
        self.c_out / self.groups
    }

    #[track_caller]
    fn check_groups(&self) {
        let Conv2dGeom { groups, c_in, c_out, .. } = *self;
        assert!(
            groups > 0 && c_in.is_multiple_of(groups) && c_out.is_multiple_of(groups),
            "conv2d: {groups} groups do not divide {c_in} input and {c_out} output channels: \
             {self:?}"
        );
    }

    /// Multiplications of one forward pass, zeros of the padding included.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`] and [`Conv2dGeom::weight_shape`].
    #[track_caller]
    pub fn macs(&self) -> u64 {
        (self.out_shape().len() * self.patch()) as u64
    }

    /// Inputs that one channel of an output pixel sees: `kernel^2 c_in / groups`.
    #[track_caller]
    pub(super) fn patch(&self) -> usize {
        self.kernel * self.kernel * self.group_in()
    }

    /// Rows of output pixels, over all images.
    pub(super) fn out_rows(&self) -> usize {
        self.batch * self.out_h()
    }

    /// # Panics
    /// If the kernel does not fit into the padded image, anything except for the batch
    /// is 0, the groups do not divide the channels, or a slice does not fit its shape.
    #[track_caller]
    pub(super) fn check(&self, what: &str, x: usize, w: usize, y: usize) {
        let Conv2dGeom { h, w: width, c_in, c_out, .. } = *self;
        assert!(
            h > 0 && width > 0 && c_in > 0 && c_out > 0,
            "{what}: height, width and channels must not be 0: {self:?}"
        );
        // Kernels that copy an image into its margin rely on its length.
        let _ = Shape::from([self.padded(h), self.padded(width), c_in]).len();
        let expected = (self.in_shape().len(), self.weight_shape().len(), self.out_shape().len());
        assert!(
            (x, w, y) == expected,
            "{what}: lengths of input, weight and output must be {expected:?}, got {:?}; {self:?}",
            (x, w, y)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_size_follows_the_formula() {
        let g = |side, kernel| Conv2dGeom::same([2, side, side, 3], 5, kernel);
        for (geom, out) in [
            (g(32, 3), 32),
            (g(32, 3).with_stride(2), 16),
            (g(7, 3).with_stride(2), 4),
            (g(32, 1).with_stride(2), 16),
            (g(32, 3).with_padding(0), 30),
            (Conv2dGeom::valid([2, 7, 7, 3], 5, 3), 5),
        ] {
            assert_eq!(geom.out_shape(), Shape::from([2, out, out, 5]), "{geom:?}");
        }
        assert_eq!(g(32, 3).macs(), 2 * 32 * 32 * 5 * 27);
        assert_eq!(g(32, 3).with_batch(7).macs(), 7 * 32 * 32 * 5 * 27);
    }

    #[test]
    fn groups_divide_weights_and_multiplications() {
        let whole = Conv2dGeom::same([2, 8, 8, 12], 24, 3);
        assert_eq!(whole.groups, 1);
        for groups in [1, 2, 3, 4, 6, 12] {
            let g = whole.with_groups(groups);
            assert_eq!(g.weight_shape(), Shape::from([3, 3, 12 / groups, 24]));
            assert_eq!(g.macs() * groups as u64, whole.macs());
            assert_eq!(g.out_shape(), whole.out_shape());
        }
    }
}
