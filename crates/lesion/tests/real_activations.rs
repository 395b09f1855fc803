//! The kernels in `f32` on what trained networks compute, not on random numbers:
//! every unit and every convolution of the shipped networks, on images of the sample,
//! against the plain path in `f64`.

use std::path::Path;

use data::Split;
use lesion::Subject;
use models::{Arch, Layer, Model, Plan, Unit};
use nn::layer::Conv2d;
use nn::{Grads, Mode, Pass, Sweep, Tape};
use tensor::random::Stream;
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};
use testkit::noise::normal;

/// Of the largest magnitude of each result.
const WITHIN: f64 = 2e-5;
const IMAGES: usize = 16;

/// A shipped network in `f64`, and the input of its first unit.
fn shipped(name: &str) -> (Model<f64>, Tensor<f64>) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let weights = data.join(format!("weights/{name}.safetensors"));
    let subject = Subject::load(Arch::parse(name).unwrap(), &weights).unwrap();
    let images = data::load_sample(&data, Split::Test).unwrap().take_first(IMAGES).unwrap();
    let (images, _) = subject.batches(&images, IMAGES).next().unwrap();
    let model = subject.model.cast::<f64>();
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images.cast());
    let x = model.forward_stem(&mut pass, &x).into_value();
    (model, x)
}

fn unit<T: Scalar>(model: &Model<T>, mode: Mode, x: &Tensor<T>, id: usize) -> Tensor<T> {
    let mut pass = Pass::new(Tape::off(), mode, &model.params);
    let x = pass.tape.constant(x.clone());
    model.forward_unit(&mut pass, &x, id, &Plan::intact(model)).into_value()
}

#[test]
fn every_unit_stays_close_to_f64() {
    for name in ["resnet20", "vgg15"] {
        let (model, mut x) = shipped(name);
        let single = model.cast::<f32>();
        for (id, Unit { name: unit_name, .. }) in model.units.iter().enumerate() {
            // Both start from the same numbers.
            let start = x.cast::<f32>();
            x = start.cast();
            for mode in [Mode::Eval, Mode::Train] {
                let what = format!("{name}, {unit_name}, {mode:?}");
                let got = unit(&single, mode, &start, id).cast::<f64>();
                check_close(&what, &got, &unit(&model, mode, &x, id), Tolerance::scaled(WITHIN));
            }
            x = unit(&model, Mode::Eval, &x, id);
        }
    }
}

/// The output of a convolution, and the gradients in its input and its weights.
fn conv<T: Scalar>(
    model: &Model<T>,
    conv: &Conv2d,
    weight: &str,
    [x, dy]: [&Tensor<T>; 2],
) -> [Tensor<T>; 3] {
    let mut pass = Pass::new(Tape::recording(), Mode::Eval, &model.params);
    let x = pass.tape.input(x.clone());
    let y = conv.forward(&mut pass, &x);
    let grads: Grads<T> = pass.tape.vjp(&y, dy.clone(), &Sweep::default());
    let weight = model.params.find(weight).unwrap();
    [y.value().clone(), grads.of(&x).unwrap().clone(), grads.param(weight).unwrap().clone()]
}

/// The convolutions of a unit's branches: name of the weights, layer, input.
fn convolutions(
    model: &Model<f64>,
    x: &Tensor<f64>,
    id: usize,
) -> Vec<(String, Conv2d, Tensor<f64>)> {
    let unit = &model.units[id];
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(x.clone());
    let c = unit.pre.forward(&mut pass, &x);
    let mut found = Vec::new();
    for branch in &unit.branches {
        let mut h = c.clone();
        for layer in &branch.0 {
            if let Layer::Conv(conv) = layer {
                let (_, weight) = model.params.iter().find(|(id, _)| *id == conv.weight()).unwrap();
                found.push((weight.name.clone(), conv.clone(), h.value().clone()));
            }
            h = layer.forward(&mut pass, &h);
        }
    }
    found
}

/// Convolutions alone: behind a ReLU a gradient is no continuous function, and a sum
/// next to zero falls on either side.
#[test]
fn every_convolution_and_its_gradients_stay_close_to_f64() {
    let mut seen = 0;
    for name in ["resnet20", "vgg15"] {
        let (model, mut x) = shipped(name);
        let single = model.cast::<f32>();
        for id in 0..model.units.len() {
            for (weight, layer, z) in convolutions(&model, &x, id) {
                let z = z.cast::<f32>();
                let [n, h, w, _] = <[usize; 4]>::try_from(z.dims()).unwrap();
                let out = [n, h.div_ceil(layer.stride), w.div_ceil(layer.stride), layer.c_out];
                let dy = normal::<f32>(out, &mut Stream::new(1, "dy").at(0, 0));
                let got = conv(&single, &layer, &weight, [&z, &dy]);
                let expected = conv(&model, &layer, &weight, [&z.cast(), &dy.cast()]);
                for (part, (got, expected)) in
                    ["y", "dx", "dw"].iter().zip(got.iter().zip(&expected))
                {
                    let what = format!("{name}, {weight}, {part}");
                    check_close(&what, &got.cast::<f64>(), expected, Tolerance::scaled(WITHIN));
                }
                seen += 1;
            }
            x = unit(&model, Mode::Eval, &x, id);
        }
    }
    assert_eq!(seen, 2 * 9 + 13);
}
