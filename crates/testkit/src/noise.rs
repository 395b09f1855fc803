//! Made-up tensors, images, labels and parameters, each a function of its seed.

use nn::Params;
use tensor::random::{Random, Stream};
use tensor::{Scalar, Shape, Tensor};

/// Standard normal entries, drawn in order.
pub fn normal<T: Scalar>(shape: impl Into<Shape>, rng: &mut Random) -> Tensor<T> {
    Tensor::from_fn(shape, |_| T::from_f64(rng.normal()))
}

/// Standard normal entries that depend on the shape and on `place` alone: a test that
/// needs several tensors gives each its own place.
pub fn at<T: Scalar>(shape: impl Into<Shape>, place: u64) -> Tensor<T> {
    normal(shape, &mut Stream::new(0, "noise").at(place, 0))
}

/// Standard normal entries as images `[n, side, side, 3]`.
pub fn images<T: Scalar>(seed: u64, n: usize, side: usize) -> Tensor<T> {
    normal([n, side, side, 3], &mut Stream::new(seed, "test images").at(0, 0))
}

/// Labels below `classes`.
///
/// # Panics
/// If `classes` is 0 or above 256.
#[track_caller]
pub fn labels(seed: u64, n: usize, classes: usize) -> Vec<u8> {
    assert!((1..=256).contains(&classes), "labels of {classes} classes");
    let mut rng = Stream::new(seed, "test labels").at(0, 0);
    (0..n).map(|_| rng.below(classes as u64) as u8).collect()
}

/// Moves biases, batch norm's values and running statistics away from their initial 0
/// and 1, where a swapped or forgotten one would not show. Scales and variances lie in
/// `[0.5, 1.5)`; everything else of rank 1 has a deviation of 0.2.
pub fn live_in<T: Scalar>(params: &mut Params<T>, seed: u64) {
    let stream = Stream::new(seed, "lived in");
    let vectors = params.iter().filter(|(_, p)| p.value.shape().rank() == 1);
    let vectors: Vec<_> = vectors
        .map(|(id, p)| (id, p.name.ends_with("running_var") || p.name.ends_with("weight")))
        .collect();
    for (id, is_positive) in vectors {
        let mut rng = stream.at(id.index() as u64, 0);
        for v in params.value_mut(id).as_mut_slice() {
            let drawn = if is_positive { 0.5 + rng.uniform() } else { 0.2 * rng.normal() };
            *v = T::from_f64(drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use nn::layer::{BatchNorm, Builder, Conv2d};

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_the_precision_only_rounds() {
        let wide = images::<f64>(3, 2, 4);
        assert_eq!(wide.dims(), [2, 4, 4, 3]);
        assert_eq!(images::<f32>(3, 2, 4), wide.cast());
        assert_ne!(images::<f64>(4, 2, 4), wide);
        assert_eq!(at::<f64>([5], 1), at([5], 1));
        assert_ne!(at::<f64>([5], 1), at([5], 2));
        let drawn = labels(3, 200, 7);
        assert_eq!(drawn, labels(3, 200, 7));
        assert!((0..7).all(|class| drawn.contains(&class)) && drawn.iter().all(|&l| l < 7));
    }

    #[test]
    fn no_vector_stays_at_its_initial_value_and_no_variance_becomes_negative() {
        let mut b = Builder::<f64>::new(1);
        let _ = Conv2d::new(&mut b, "conv", [3, 4], 3, 1).with_bias(&mut b, "conv", 0.0);
        let _ = BatchNorm::new(&mut b, "bn", 4);
        let mut params = b.finish();
        let before = params.clone();
        live_in(&mut params, 5);
        for ((_, old), (_, new)) in before.iter().zip(params.iter()) {
            let pairs = || old.value.as_slice().iter().zip(new.value.as_slice());
            let is_vector = old.value.shape().rank() == 1;
            assert!(pairs().all(|(old, new)| (old != new) == is_vector), "{}", old.name);
            if old.name.ends_with("running_var") {
                assert!(new.value.as_slice().iter().all(|v| (0.5..1.5).contains(v)));
            }
        }
    }
}
