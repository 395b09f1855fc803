//! Passes over `[rows, c]` with their own factors for each channel: batch norm as an
//! affine map, perhaps followed by a ReLU, and the gradients of both.

use super::whole_rows;
use crate::Scalar;
use crate::simd::{Task, Vector, dispatch, vectorised};
use crate::threads::{self, chunk_rows};

/// Channels that are computed side by side: a register of the widest level.
const LANES: usize = 16;

/// `y[r, c] = x[r, c] scale[c] + shift[c]`.
///
/// # Panics
/// If the slices are not the same number of whole rows, or there is not one number
/// per channel.
#[track_caller]
pub fn affine<T: Scalar>(y: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    pass::<T, Affine>(y, [x, x], [scale, shift, shift]);
}

/// `z[r, c] = relu(x[r, c] scale[c] + shift[c])`: batch norm and ReLU as one pass.
///
/// # Panics
/// If the slices are not the same number of whole rows, or there is not one number
/// per channel.
#[track_caller]
pub fn affine_relu<T: Scalar>(z: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    pass::<T, AffineRelu>(z, [x, x], [scale, shift, shift]);
}

/// The gradient behind the ReLU of [`affine_relu`], in place: `dz = 0` where it was
/// closed.
///
/// # Panics
/// If the slices are not the same number of whole rows, or there is not one number
/// per channel.
#[track_caller]
pub fn affine_relu_grad<T: Scalar>(dz: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    pass::<T, AffineReluGrad>(dz, [x, x], [scale, shift, shift]);
}

/// `dz[r, c] = dz[r, c] a[c] + x[r, c] b[c] + d[c] + plus[r, c]`, in place: turns the
/// gradient in a batch norm's output into that in its input, and adds what else reaches
/// the input, in one pass.
///
/// In `f32`, with a multiple of 16 channels, it uses explicit vectors: of all passes in
/// a training step this is the only one that each block makes on its own.
///
/// # Panics
/// If the slices are not the same number of whole rows, or there is not one number
/// per channel.
#[track_caller]
pub fn affine_pair<T: Scalar>(dz: &mut [T], x: &[T], factors: [&[T]; 3], plus: Option<&[T]>) {
    let [a, b, d] = factors;
    check(dz.len(), [x.len(), plus.map_or(dz.len(), <[T]>::len)], factors);
    if a.len().is_multiple_of(LANES)
        && let (Some(dz), Some(x)) = (T::as_f32_mut(dz), T::as_f32(x))
        && let (Some(a), Some(b), Some(d)) = (T::as_f32(a), T::as_f32(b), T::as_f32(d))
    {
        let plus = plus.and_then(T::as_f32);
        let chunk = chunk_rows(a.len()) * a.len();
        return threads::for_chunks(dz, chunk, |i, dz| {
            let part = i * chunk..i * chunk + dz.len();
            let (x, plus) = (&x[part.clone()], plus.map(|plus| &plus[part]));
            dispatch(PairRows { dz, x, plus, factors: [a, b, d] });
        });
    }
    match plus {
        None => pass::<T, Pair>(dz, [x, x], factors),
        Some(plus) => pass::<T, PairPlus>(dz, [x, plus], factors),
    }
}

/// Rows of [`affine_pair`].
struct PairRows<'a> {
    dz: &'a mut [f32],
    x: &'a [f32],
    plus: Option<&'a [f32]>,
    factors: [&'a [f32]; 3],
}

impl Task for PairRows<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let PairRows { dz, x, plus, factors: [a, b, d] } = self;
        let (len, c) = (dz.len(), a.len());
        assert!(
            x.len() == len
                && plus.is_none_or(|plus| plus.len() == len)
                && b.len() == c
                && d.len() == c
                && len.is_multiple_of(c)
                && c.is_multiple_of(V::LANES)
        );
        let (dz, x) = (dz.as_mut_ptr(), x.as_ptr());
        for channel in (0..c).step_by(V::LANES) {
            // SAFETY: the lengths are those asserted; the caller vouches for the
            // instructions.
            unsafe {
                let a = V::load(a.as_ptr().add(channel));
                let b = V::load(b.as_ptr().add(channel));
                let d = V::load(d.as_ptr().add(channel));
                match plus.map(<[f32]>::as_ptr) {
                    None => {
                        for i in (channel..len).step_by(c) {
                            let rest = V::load(x.add(i)).mul_add(b, d);
                            V::load(dz.add(i)).mul_add(a, rest).store(dz.add(i));
                        }
                    }
                    Some(plus) => {
                        for i in (channel..len).step_by(c) {
                            let rest = V::load(x.add(i)).mul_add(b, d);
                            let sum = V::load(dz.add(i)).mul_add(a, rest);
                            sum.add(V::load(plus.add(i))).store(dz.add(i));
                        }
                    }
                }
            }
        }
    }
}

/// The formula of a pass: the new number from the old one, two inputs and three numbers
/// of the channel. A pass may ignore some of them. It is a type rather than a closure,
/// because closures are not always inlined into code of a higher SIMD level, and then
/// run without its instructions.
trait Pass<T> {
    fn number(old: T, inputs: [T; 2], channel: [T; 3]) -> T;
}

struct Affine;
struct AffineRelu;
struct AffineReluGrad;
struct Pair;
struct PairPlus;

impl<T: Scalar> Pass<T> for Affine {
    #[inline(always)]
    fn number(_: T, [x, _]: [T; 2], [scale, shift, _]: [T; 3]) -> T {
        x * scale + shift
    }
}

impl<T: Scalar> Pass<T> for AffineRelu {
    #[inline(always)]
    fn number(_: T, [x, _]: [T; 2], [scale, shift, _]: [T; 3]) -> T {
        let y = x * scale + shift;
        if y < T::ZERO { T::ZERO } else { y }
    }
}

impl<T: Scalar> Pass<T> for AffineReluGrad {
    #[inline(always)]
    fn number(dz: T, [x, _]: [T; 2], [scale, shift, _]: [T; 3]) -> T {
        if x * scale + shift > T::ZERO { dz } else { T::ZERO }
    }
}

impl<T: Scalar> Pass<T> for Pair {
    #[inline(always)]
    fn number(dz: T, [x, _]: [T; 2], [a, b, d]: [T; 3]) -> T {
        dz * a + (x * b + d)
    }
}

impl<T: Scalar> Pass<T> for PairPlus {
    #[inline(always)]
    fn number(dz: T, [x, plus]: [T; 2], [a, b, d]: [T; 3]) -> T {
        dz * a + (x * b + d) + plus
    }
}

/// The number of channels.
#[track_caller]
fn check<T>(out: usize, inputs: [usize; 2], channel: [&[T]; 3]) -> usize {
    let of_channels = channel.map(<[T]>::len);
    let c = of_channels[0];
    whole_rows("a channelwise pass", out, c);
    assert!(
        inputs == [out; 2] && of_channels == [c; 3],
        "a channelwise pass needs equal lengths, got {out} and {inputs:?}, and {of_channels:?} for \
         {c} channels"
    );
    c
}

#[track_caller]
fn pass<T: Scalar, P: Pass<T>>(out: &mut [T], inputs: [&[T]; 2], channel: [&[T]; 3]) {
    let [a, b] = inputs;
    let c = check(out.len(), [a.len(), b.len()], channel);
    let chunk = chunk_rows(c) * c;
    threads::for_chunks(out, chunk, |i, out| {
        let part = i * chunk..i * chunk + out.len();
        let (a, b) = (&a[part.clone()], &b[part]);
        vectorised(|| rows::<T, P>(out, a, b, channel));
    });
}

#[inline(always)]
fn rows<T: Scalar, P: Pass<T>>(out: &mut [T], a: &[T], b: &[T], [f, g, h]: [&[T]; 3]) {
    let c = f.len();
    let (f_lanes, f_rest) = f.as_chunks::<LANES>();
    let (g_lanes, g_rest) = g.as_chunks::<LANES>();
    let (h_lanes, h_rest) = h.as_chunks::<LANES>();
    let inputs = a.chunks_exact(c).zip(b.chunks_exact(c));
    for (out, (a, b)) in out.chunks_exact_mut(c).zip(inputs) {
        let (out, out_rest) = out.as_chunks_mut::<LANES>();
        let (a, a_rest) = a.as_chunks::<LANES>();
        let (b, b_rest) = b.as_chunks::<LANES>();
        for i in 0..out.len() {
            let (out, a, b) = (&mut out[i], &a[i], &b[i]);
            let (f, g, h) = (&f_lanes[i], &g_lanes[i], &h_lanes[i]);
            for l in 0..LANES {
                out[l] = P::number(out[l], [a[l], b[l]], [f[l], g[l], h[l]]);
            }
        }
        for i in 0..out_rest.len() {
            let channel = [f_rest[i], g_rest[i], h_rest[i]];
            out_rest[i] = P::number(out_rest[i], [a_rest[i], b_rest[i]], channel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wave;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_passes_are_their_formulas(rows in 1usize..2000, c in 1usize..40) {
            let wave = |shift| wave::<f64>(rows * c, shift);
            let (dy, x, plus) = (wave(0), wave(11), wave(3));
            let [a, b, d] = [3, 5, 8].map(|s| wave(s)[..c].to_vec());
            let mut out = vec![f64::NAN; rows * c];
            affine(&mut out, &x, &a, &b);
            prop_assert!((0..out.len()).all(|i| out[i] == x[i] * a[i % c] + b[i % c]));
            affine_relu(&mut out, &x, &a, &b);
            prop_assert!((0..out.len()).all(|i| out[i] == (x[i] * a[i % c] + b[i % c]).max(0.0)));
            let z = out.clone();
            out.copy_from_slice(&dy);
            affine_relu_grad(&mut out, &x, &a, &b);
            let open = |i: usize| if z[i] > 0.0 { dy[i] } else { 0.0 };
            prop_assert!((0..out.len()).all(|i| out[i] == open(i)));
            let pair = |i: usize| dy[i] * a[i % c] + x[i] * b[i % c] + d[i % c];
            out.copy_from_slice(&dy);
            affine_pair(&mut out, &x, [&a, &b, &d], None);
            prop_assert!((0..out.len()).all(|i| out[i] == pair(i)));
            out.copy_from_slice(&dy);
            affine_pair(&mut out, &x, [&a, &b, &d], Some(&plus));
            prop_assert!((0..out.len()).all(|i| out[i] == pair(i) + plus[i]));
        }
    }

    #[test]
    fn the_pair_with_vectors_is_its_formula() {
        for (rows, c) in [(1, 16), (700, 32), (2000, 48)] {
            let wave = |shift| wave::<f32>(rows * c, shift);
            let (dz, x, plus) = (wave(0), wave(11), wave(3));
            let [a, b, d] = [3, 5, 8].map(|s| wave(s)[..c].to_vec());
            let pair = |i: usize| dz[i] * a[i % c] + x[i] * b[i % c] + d[i % c];
            let mut out = dz.clone();
            affine_pair(&mut out, &x, [&a, &b, &d], None);
            assert!((0..out.len()).all(|i| out[i] == pair(i)), "{rows} rows of {c}");
            out.copy_from_slice(&dz);
            affine_pair(&mut out, &x, [&a, &b, &d], Some(&plus));
            assert!((0..out.len()).all(|i| out[i] == pair(i) + plus[i]), "{rows} rows of {c}");
        }
    }

    #[test]
    fn relu_lets_nan_through() {
        let mut out = [0.0f32; 2];
        affine_relu(&mut out, &[f32::NAN, -0.5], &[1.0], &[0.0]);
        assert!(out[0].is_nan() && out[1] == 0.0);
    }
}
