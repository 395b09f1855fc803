//! Convolution as plain loops: the oracle of every faster kernel.

use super::Conv2dGeom;
use crate::Scalar;

/// Calls `f(index in x, index in w, index in y)` for each product of the sum.
fn for_each_product(g: &Conv2dGeom, mut f: impl FnMut(usize, usize, usize)) {
    let inside = |at: usize, extent: usize| {
        (at >= g.padding).then(|| at - g.padding).filter(|&i| i < extent)
    };
    let (out_h, out_w) = (g.out_h(), g.out_w());
    let (group_in, group_out) = (g.group_in(), g.group_out());
    for n in 0..g.batch {
        for oy in 0..out_h {
            for ox in 0..out_w {
                for ky in 0..g.kernel {
                    for kx in 0..g.kernel {
                        let iy = inside(oy * g.stride + ky, g.h);
                        let ix = inside(ox * g.stride + kx, g.w);
                        let (Some(iy), Some(ix)) = (iy, ix) else { continue };
                        for i in 0..group_in {
                            for o in 0..g.c_out {
                                let of_group = o / group_out * group_in;
                                f(
                                    ((n * g.h + iy) * g.w + ix) * g.c_in + of_group + i,
                                    ((ky * g.kernel + kx) * group_in + i) * g.c_out + o,
                                    ((n * out_h + oy) * out_w + ox) * g.c_out + o,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `y = x * w`.
pub fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    y.fill(T::ZERO);
    for_each_product(g, |xi, wi, yi| y[yi] += x[xi] * w[wi]);
}

/// `dx` = the gradient of `<dy, x * w>` in `x`.
pub fn input_grad<T: Scalar>(dx: &mut [T], dy: &[T], w: &[T], g: &Conv2dGeom) {
    dx.fill(T::ZERO);
    for_each_product(g, |xi, wi, yi| dx[xi] += dy[yi] * w[wi]);
}

/// `dw` = the gradient of `<dy, x * w>` in `w`.
pub fn weight_grad<T: Scalar>(dw: &mut [T], x: &[T], dy: &[T], g: &Conv2dGeom) {
    dw.fill(T::ZERO);
    for_each_product(g, |xi, wi, yi| dw[wi] += x[xi] * dy[yi]);
}
