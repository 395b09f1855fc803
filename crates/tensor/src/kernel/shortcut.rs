//! The parameter-free shortcut "option A" of He et al. 2015, section 3.3.
//!
//! Every second pixel in both directions, starting with the first; the new
//! channels are zero, some of them before the old ones and the rest after: half and half
//! in the original, none before in many others.

use rayon::prelude::*;

use crate::{Scalar, Shape, threads};

/// The geometry of an option-A shortcut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortcutGeom {
    /// Images.
    pub batch: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Input channels.
    pub c_in: usize,
    /// Zero channels before the old ones.
    pub before: usize,
    /// Output channels, at least `before + c_in`.
    pub c_out: usize,
    /// Step between the pixels kept.
    pub stride: usize,
}

impl ShortcutGeom {
    /// `[batch, h, w, c_in]`.
    pub fn in_shape(&self) -> Shape {
        Shape::from([self.batch, self.h, self.w, self.c_in])
    }

    /// `[batch, ceil(h / stride), ceil(w / stride), c_out]`.
    ///
    /// # Panics
    /// If the stride is 0.
    #[track_caller]
    pub fn out_shape(&self) -> Shape {
        let (h, w) = (self.h.div_ceil(self.stride), self.w.div_ceil(self.stride));
        Shape::from([self.batch, h, w, self.c_out])
    }

    #[track_caller]
    fn check_channels(&self) {
        let fits = self.before.checked_add(self.c_in).is_some_and(|least| self.c_out >= least);
        assert!(fits, "shortcut: option A cannot drop channels: {self:?}");
    }

    /// Numbers in an image of the output and of the input.
    ///
    /// # Panics
    /// If channels would be dropped, anything except the batch is 0, or a slice does not
    /// fit.
    #[track_caller]
    fn check(&self, out: usize, input: usize) -> [usize; 2] {
        assert!(
            self.h > 0 && self.w > 0 && self.c_in > 0 && self.stride > 0,
            "shortcut: height, width, channels and stride must not be 0: {self:?}"
        );
        self.check_channels();
        let (found, expected) = ([out, input], [self.out_shape().len(), self.in_shape().len()]);
        assert!(
            found == expected,
            "shortcut: lengths of output and input must be {expected:?}, got {found:?}; {self:?}"
        );
        let one = ShortcutGeom { batch: 1, ..*self };
        [one.out_shape().len(), one.in_shape().len()]
    }

    /// Calls `f(output start, input start)` for each pixel kept of an image.
    fn for_pixels(&self, mut f: impl FnMut(usize, usize)) {
        let mut out = self.before;
        for y in (0..self.h).step_by(self.stride) {
            for x in (0..self.w).step_by(self.stride) {
                f(out, (y * self.w + x) * self.c_in);
                out += self.c_out;
            }
        }
    }
}

/// `y` = the shortcut of `x`.
///
/// # Panics
/// If channels would be dropped, anything except the batch is 0, or a slice does not fit.
#[track_caller]
pub fn option_a<T: Scalar>(y: &mut [T], x: &[T], g: &ShortcutGeom) {
    let [out_image, image] = g.check(y.len(), x.len());
    threads::share(y.par_chunks_mut(out_image).zip(x.par_chunks(image))).for_each(|(y, x)| {
        y.fill(T::ZERO);
        g.for_pixels(|out, at| y[out..out + g.c_in].copy_from_slice(&x[at..at + g.c_in]));
    });
}

/// `dx` = `dy` at the pixels and channels kept, 0 elsewhere.
///
/// # Panics
/// As [`option_a`].
#[track_caller]
pub fn option_a_grad<T: Scalar>(dx: &mut [T], dy: &[T], g: &ShortcutGeom) {
    let [out_image, image] = g.check(dy.len(), dx.len());
    threads::share(dx.par_chunks_mut(image).zip(dy.par_chunks(out_image))).for_each(|(dx, dy)| {
        dx.fill(T::ZERO);
        g.for_pixels(|out, at| dx[at..at + g.c_in].copy_from_slice(&dy[out..out + g.c_in]));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_pixel_is_kept_with_zeros_on_both_sides() {
        let g = ShortcutGeom { batch: 1, h: 3, w: 2, c_in: 1, before: 1, c_out: 3, stride: 2 };
        let x = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut y = [f32::NAN; 6];
        option_a(&mut y, &x, &g);
        assert_eq!(y, [0.0, 1.0, 0.0, 0.0, 5.0, 0.0]);
        let mut dx = [f32::NAN; 6];
        option_a_grad(&mut dx, &[9.0, 7.0, 9.0, 9.0, 8.0, 9.0], &g);
        assert_eq!(dx, [7.0, 0.0, 0.0, 0.0, 8.0, 0.0]);
        let after = ShortcutGeom { before: 0, ..g };
        option_a(&mut y, &x, &after);
        assert_eq!(y, [1.0, 0.0, 0.0, 5.0, 0.0, 0.0]);
        option_a_grad(&mut dx, &[7.0, 9.0, 9.0, 8.0, 9.0, 9.0], &after);
        assert_eq!(dx, [7.0, 0.0, 0.0, 0.0, 8.0, 0.0]);
    }

    #[test]
    fn the_gradient_is_the_adjoint() {
        let g = ShortcutGeom { batch: 2, h: 4, w: 5, c_in: 2, before: 1, c_out: 5, stride: 2 };
        let x: Vec<f64> = (0..80).map(|i| (i % 7) as f64).collect();
        let mut y = vec![f64::NAN; g.out_shape().len()];
        option_a(&mut y, &x, &g);
        let dy: Vec<f64> = (0..y.len()).map(|i| (i % 5) as f64).collect();
        let mut dx = vec![f64::NAN; 80];
        option_a_grad(&mut dx, &dy, &g);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(dot(&y, &dy), dot(&x, &dx));
    }
}
