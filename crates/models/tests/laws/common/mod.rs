//! What the tests share: networks in a state where every value counts, images,
//! recorded passes, bits.

pub(crate) mod kinds;
pub(crate) mod written_out;

use models::{Arch, Model, Plan};
use nn::{BatchStatistics, Mode, Pass, Tape, Var};
use tensor::random::Stream;
use tensor::{Scalar, Tensor};

/// The architecture called `name`.
pub(crate) fn arch(name: &str) -> Arch {
    Arch::parse(name).unwrap()
}

/// Normal noise as images `[n, side, side, 3]`.
pub(crate) fn images<T: Scalar>(seed: u64, n: usize, side: usize) -> Tensor<T> {
    let mut rng = Stream::new(seed, "test images").at(0, 0);
    Tensor::from_fn([n, side, side, 3], |_| T::from_f64(rng.normal()))
}

/// Labels of ten classes.
pub(crate) fn labels(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = Stream::new(seed, "test labels").at(0, 0);
    (0..n).map(|_| rng.below(10) as u8).collect()
}

/// The model with biases, batch-norm values and running statistics off their
/// initial 0 and 1, at which a swapped or forgotten one would not show.
pub(crate) fn lived_in<T: Scalar>(mut model: Model<T>, seed: u64) -> Model<T> {
    let stream = Stream::new(seed, "lived in");
    let vectors: Vec<_> = model
        .params
        .iter()
        .filter(|(_, p)| p.value.dims().len() == 1)
        .map(|(id, p)| (id, p.name.ends_with("running_var") || p.name.ends_with("weight")))
        .collect();
    for (id, is_positive) in vectors {
        let mut rng = stream.at(id.index() as u64, 0);
        for v in model.params.value_mut(id).as_mut_slice() {
            let drawn = if is_positive { 0.5 + rng.uniform() } else { 0.2 * rng.normal() };
            *v = T::from_f64(drawn);
        }
    }
    model
}

/// A recorded pass and its ends.
pub(crate) struct Recorded<T: Scalar> {
    pub(crate) tape: Tape<T>,
    pub(crate) x: Var<T>,
    pub(crate) logits: Var<T>,
    pub(crate) statistics: Vec<BatchStatistics>,
}

/// A pass whose gradients are asked for, in the images and all parameters.
pub(crate) fn record<T: Scalar>(
    model: &Model<T>,
    plan: &Plan,
    mode: Mode,
    images: &Tensor<T>,
) -> Recorded<T> {
    let mut pass = Pass::new(Tape::recording(), mode, &model.params);
    let x = pass.tape.input(images.clone());
    let logits = model.forward(&mut pass, &x, plan);
    let Pass { tape, statistics, .. } = pass;
    Recorded { tape, x, logits, statistics }
}

/// The bits of each element; equal exactly if the elements' own are, NaN aside.
pub(crate) fn bits<T: Scalar>(t: &Tensor<T>) -> Vec<u64> {
    t.as_slice().iter().map(|v| v.to_f64().to_bits()).collect()
}

/// The sum of tensors of one shape.
pub(crate) fn sum<T: Scalar>(terms: impl IntoIterator<Item = Tensor<T>>) -> Tensor<T> {
    let add = |mut a: Tensor<T>, b: Tensor<T>| {
        a.as_mut_slice().iter_mut().zip(b.as_slice()).for_each(|(a, &b)| *a += b);
        a
    };
    terms.into_iter().reduce(add).expect("there are terms")
}
