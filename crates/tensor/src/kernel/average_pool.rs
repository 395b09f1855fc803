//! The mean of windows side by side, forward and backward.

use rayon::prelude::*;

use super::pool::PoolGeom;
use crate::{Scalar, threads};

/// `y` = the mean of each window and channel.
///
/// # Panics
/// If the window does not fit into the image, there are no channels, or a slice does not fit.
#[track_caller]
pub fn average_pool<T: Scalar>(y: &mut [T], x: &[T], g: &PoolGeom) {
    let [out_image, image] = g.check("average_pool", y.len(), x.len());
    let factor: T = share_of_window(g);
    threads::share(y.par_chunks_mut(out_image).zip(x.par_chunks(image))).for_each(|(y, x)| {
        y.fill(T::ZERO);
        for (mean, pixel) in each_pixel(g) {
            let y = &mut y[mean..mean + g.c];
            y.iter_mut().zip(&x[pixel..pixel + g.c]).for_each(|(y, &x)| *y += x);
        }
        y.iter_mut().for_each(|y| *y *= factor);
    });
}

/// `dx` = for each window that holds a pixel, `dy` divided by the pixels of the window; 0
/// where there is none.
///
/// # Panics
/// As [`average_pool`].
#[track_caller]
pub fn average_pool_grad<T: Scalar>(dx: &mut [T], dy: &[T], g: &PoolGeom) {
    let [out_image, image] = g.check("average_pool", dy.len(), dx.len());
    let factor: T = share_of_window(g);
    threads::share(dx.par_chunks_mut(image).zip(dy.par_chunks(out_image))).for_each(|(dx, dy)| {
        dx.fill(T::ZERO);
        for (mean, pixel) in each_pixel(g) {
            let dx = &mut dx[pixel..pixel + g.c];
            dx.iter_mut().zip(&dy[mean..mean + g.c]).for_each(|(dx, &dy)| *dx += dy * factor);
        }
    });
}

fn share_of_window<T: Scalar>(g: &PoolGeom) -> T {
    T::from_f64(1.0 / (g.kernel * g.kernel) as f64)
}

/// Where an output pixel begins, and where each pixel of its window does, window by window.
fn each_pixel(g: &PoolGeom) -> impl Iterator<Item = (usize, usize)> {
    let (out_h, out_w, g) = (g.out_h(), g.out_w(), *g);
    (0..out_h * out_w).flat_map(move |window| {
        let (oy, ox) = (window / out_w, window % out_w);
        (0..g.kernel * g.kernel).map(move |place| {
            let (iy, ix) = (oy * g.stride + place / g.kernel, ox * g.stride + place % g.kernel);
            (window * g.c, (iy * g.w + ix) * g.c)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::wave;

    proptest! {
        #[test]
        fn it_is_the_plain_mean_and_its_gradient_is_the_transpose(
            batch in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..5,
            kernel in 1usize..4, stride in 1usize..4,
        ) {
            prop_assume!(kernel <= h.min(w));
            let g = PoolGeom { batch, h, w, c, kernel, stride };
            let (oh, ow) = ((h - kernel) / stride + 1, (w - kernel) / stride + 1);
            let x: Vec<f64> = wave(batch * h * w * c, 3);
            let dy: Vec<f64> = wave(batch * oh * ow * c, 11);
            let (mut y, mut dx) = (vec![f64::NAN; dy.len()], vec![f64::NAN; x.len()]);
            average_pool(&mut y, &x, &g);
            average_pool_grad(&mut dx, &dy, &g);
            let (mut plain, mut spread) = (vec![0.0; y.len()], vec![0.0; x.len()]);
            for n in 0..batch {
                for (oy, ox, ci) in
                    (0..oh).flat_map(|oy| (0..ow).flat_map(move |ox| (0..c).map(move |ci| (oy, ox, ci))))
                {
                    let out = ((n * oh + oy) * ow + ox) * c + ci;
                    for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                        let (iy, ix) = (oy * stride + ky, ox * stride + kx);
                        let at = ((n * h + iy) * w + ix) * c + ci;
                        plain[out] += x[at] / (kernel * kernel) as f64;
                        spread[at] += dy[out] / (kernel * kernel) as f64;
                    }
                }
            }
            for (found, expected) in y.iter().chain(&dx).zip(plain.iter().chain(&spread)) {
                prop_assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
            }
        }
    }
}
