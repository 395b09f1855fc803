//! Max pooling and global average pooling, forward and backward.

use rayon::prelude::*;

use crate::{Scalar, Shape, threads};

/// The geometry of a pooling of windows without padding over NHWC images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolGeom {
    /// Images.
    pub batch: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Channels.
    pub c: usize,
    /// Side of the window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
}

impl PoolGeom {
    /// Output height: `(h - kernel) / stride + 1`, rounded down.
    ///
    /// # Panics
    /// If the window does not fit into the image, or kernel or stride are 0.
    #[track_caller]
    pub fn out_h(&self) -> usize {
        self.windows(self.h)
    }

    /// Output width, likewise.
    ///
    /// # Panics
    /// As [`PoolGeom::out_h`].
    #[track_caller]
    pub fn out_w(&self) -> usize {
        self.windows(self.w)
    }

    #[track_caller]
    fn windows(&self, extent: usize) -> usize {
        assert!(
            self.kernel > 0 && self.stride > 0 && self.kernel <= extent,
            "pooling: kernel and stride must not be 0, and the window must fit into the image: \
             {self:?}"
        );
        (extent - self.kernel) / self.stride + 1
    }

    /// `[batch, h, w, c]`.
    pub fn in_shape(&self) -> Shape {
        Shape::from([self.batch, self.h, self.w, self.c])
    }

    /// `[batch, out_h, out_w, c]`.
    ///
    /// # Panics
    /// As [`PoolGeom::out_h`].
    #[track_caller]
    pub fn out_shape(&self) -> Shape {
        Shape::from([self.batch, self.out_h(), self.out_w(), self.c])
    }

    /// Numbers in an image of the output and of the input; `what` names the operation.
    ///
    /// # Panics
    /// If the window does not fit into the image, there are no channels, or a slice does not
    /// fit.
    #[track_caller]
    pub(super) fn check(&self, what: &str, out: usize, input: usize) -> [usize; 2] {
        assert!(self.c > 0, "{what}: channels must not be 0: {self:?}");
        let (found, expected) = ([out, input], [self.out_shape().len(), self.in_shape().len()]);
        assert!(
            found == expected,
            "{what}: lengths of output and input must be {expected:?}, got {found:?}; {self:?}"
        );
        let one = PoolGeom { batch: 1, ..*self };
        [one.out_shape(), one.in_shape()].map(|shape| shape.len())
    }

    /// The same for a maximum, whose places are indices into an image.
    ///
    /// # Panics
    /// As [`PoolGeom::check`], and if such an index is not a `u32`.
    #[track_caller]
    fn check_max(&self, out: usize, argmax: usize, input: usize) -> [usize; 2] {
        let images = self.check("max_pool", out, input);
        assert!(
            argmax == out,
            "max_pool: lengths of output and argmax differ: {out}, {argmax}; {self:?}"
        );
        assert!(u32::try_from(images[1]).is_ok(), "max_pool: too large an image: {self:?}");
        images
    }
}

/// `y` = the largest value of each window and channel; `argmax` = where it
/// lies, as an index into its image (the first of equals).
///
/// # Panics
/// If the window does not fit into the image, there are no channels, an image has 2^32
/// numbers, or a slice does not fit.
#[track_caller]
pub fn max_pool<T: Scalar>(y: &mut [T], argmax: &mut [u32], x: &[T], g: &PoolGeom) {
    let [out_image, image] = g.check_max(y.len(), argmax.len(), x.len());
    let out_w = g.out_w();
    let outputs = y.par_chunks_mut(out_image).zip(argmax.par_chunks_mut(out_image));
    threads::share(outputs.zip(x.par_chunks(image))).for_each(|((y, argmax), x)| {
        let pixels = y.chunks_exact_mut(g.c).zip(argmax.chunks_exact_mut(g.c));
        for (pixel, (y, argmax)) in pixels.enumerate() {
            let (oy, ox) = (pixel / out_w, pixel % out_w);
            for ky in 0..g.kernel {
                for kx in 0..g.kernel {
                    let at = ((oy * g.stride + ky) * g.w + ox * g.stride + kx) * g.c;
                    let first = ky + kx == 0;
                    for (c, &v) in x[at..at + g.c].iter().enumerate() {
                        // A NaN wins and stays: it must reach the loss.
                        if first || v > y[c] || v.is_nan() {
                            y[c] = v;
                            argmax[c] = (at + c) as u32;
                        }
                    }
                }
            }
        }
    });
}

/// `dx` = each `dy` added where its window had its maximum, 0 elsewhere.
///
/// # Panics
/// As [`max_pool`], and if an index lies outside its image.
#[track_caller]
pub fn max_pool_grad<T: Scalar>(dx: &mut [T], dy: &[T], argmax: &[u32], g: &PoolGeom) {
    let [out_image, image] = g.check_max(dy.len(), argmax.len(), dx.len());
    let inputs = dy.par_chunks(out_image).zip(argmax.par_chunks(out_image));
    threads::share(dx.par_chunks_mut(image).zip(inputs)).for_each(|(dx, (dy, argmax))| {
        dx.fill(T::ZERO);
        for (&dy, &at) in dy.iter().zip(argmax) {
            dx[at as usize] += dy;
        }
    });
}

/// `y[n, c] = mean over pixels of x[n, pixel, c]`.
///
/// # Panics
/// If a slice does not fit.
#[track_caller]
pub fn global_average<T: Scalar>(y: &mut [T], x: &[T], batch: usize, c: usize) {
    let pixels = pixels_per_image(y.len(), x.len(), batch, c);
    let factor = T::from_f64(1.0 / pixels as f64);
    threads::share(y.par_chunks_mut(c).zip(x.par_chunks(pixels * c))).for_each(|(y, x)| {
        y.fill(T::ZERO);
        for x in x.chunks_exact(c) {
            y.iter_mut().zip(x).for_each(|(y, &v)| *y += v);
        }
        y.iter_mut().for_each(|v| *v *= factor);
    });
}

/// `dx[n, pixel, c] = dy[n, c] / pixels`.
///
/// # Panics
/// If a slice does not fit.
#[track_caller]
pub fn global_average_grad<T: Scalar>(dx: &mut [T], dy: &[T], batch: usize, c: usize) {
    let pixels = pixels_per_image(dy.len(), dx.len(), batch, c);
    let factor = T::from_f64(1.0 / pixels as f64);
    threads::share(dx.par_chunks_mut(pixels * c).zip(dy.par_chunks(c))).for_each(|(dx, dy)| {
        for dx in dx.chunks_exact_mut(c) {
            dx.iter_mut().zip(dy).for_each(|(dx, &g)| *dx = g * factor);
        }
    });
}

#[track_caller]
fn pixels_per_image(pooled: usize, full: usize, batch: usize, c: usize) -> usize {
    assert!(
        pooled == Shape::from([batch, c]).len()
            && pooled > 0
            && full > 0
            && full.is_multiple_of(pooled),
        "global_average: {full} values do not make {batch} images of {c} channels, or {pooled} \
         is not their pooled size"
    );
    full / pooled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(len: usize) -> Vec<f64> {
        (0..len).map(|i| ((i * 7919) % 104729) as f64 / 1000.0 - 50.0).collect()
    }

    proptest! {
        #[test]
        fn max_pool_is_the_plain_maximum_and_its_gradient_goes_there(
            batch in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..5,
            kernel in 1usize..4, stride in 1usize..4, has_equals: bool,
        ) {
            prop_assume!(kernel <= h.min(w));
            let g = PoolGeom { batch, h, w, c, kernel, stride };
            let mut x = values(batch * h * w * c);
            if has_equals {
                x.iter_mut().for_each(|v| *v = v.rem_euclid(3.0).floor());
            }
            let out = g.out_shape().len();
            let (mut y, mut argmax) = (vec![f64::NAN; out], vec![0; out]);
            max_pool(&mut y, &mut argmax, &x, &g);
            let dy = values(out);
            let mut dx = vec![f64::NAN; x.len()];
            max_pool_grad(&mut dx, &dy, &argmax, &g);
            let mut expected_dx = vec![0.0; x.len()];
            for i in 0..out {
                let (ci, ox, oy) = (i % c, i / c % g.out_w(), i / c / g.out_w() % g.out_h());
                let n = i / c / g.out_w() / g.out_h();
                let window = (0..kernel * kernel).map(|k| {
                    let (iy, ix) = (oy * stride + k / kernel, ox * stride + k % kernel);
                    ((n * h + iy) * w + ix) * c + ci
                });
                let best = window.reduce(|a, b| if x[b] > x[a] { b } else { a }).unwrap();
                prop_assert_eq!(y[i], x[best]);
                expected_dx[best] += dy[i];
            }
            prop_assert_eq!(dx, expected_dx);
        }

        #[test]
        fn global_average_is_the_mean_and_its_gradient_is_spread_evenly(
            batch in 1usize..4, pixels in 1usize..30, c in 1usize..6,
        ) {
            let x = values(batch * pixels * c);
            let mut y = vec![f64::NAN; batch * c];
            global_average(&mut y, &x, batch, c);
            let mut dx = vec![f64::NAN; x.len()];
            global_average_grad(&mut dx, &y, batch, c);
            for n in 0..batch {
                for j in 0..c {
                    let sum: f64 = (0..pixels).map(|p| x[(n * pixels + p) * c + j]).sum();
                    let got = y[n * c + j];
                    prop_assert!((got - sum / pixels as f64).abs() < 1e-12);
                    for p in 0..pixels {
                        prop_assert!((dx[(n * pixels + p) * c + j] * pixels as f64 - got).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn a_nan_wins_its_window() {
        let g = PoolGeom { batch: 1, h: 2, w: 2, c: 1, kernel: 2, stride: 2 };
        for place in 0..4 {
            let mut x = [1.0f32, 2.0, 3.0, 4.0];
            x[place] = f32::NAN;
            let mut y = [0.0];
            max_pool(&mut y, &mut [0], &x, &g);
            assert!(y[0].is_nan(), "NaN at {place}");
        }
    }
}
