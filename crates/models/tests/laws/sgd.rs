//! Ten steps of SGD on a ResNet-8 against PyTorch's.

use models::{Model, Plan};
use nn::layer::BatchNorm;
use nn::optim::{Sgd, SgdOptions};
use nn::state::to_torch_layout;
use nn::{Mode, op};
use tensor::{Scalar, Tensor};
use testkit::fixture::Fixture;

use crate::common::{Recorded, arch, record};

/// The losses before each of ten steps, and the network after them.
fn train<T: Scalar>(fixture: &Fixture, nesterov: bool) -> (Tensor<T>, Model<T>) {
    let mut model = arch("resnet8").build::<T>(0);
    model.params.load_state(&Fixture::load("resnet8-preact").state("init.")).unwrap();
    let pixel = |&v: &i64| T::from_f64((v - 128) as f64 / 64.0);
    let pixels: Vec<T> = fixture.integers("images").iter().map(pixel).collect();
    let labels = fixture.labels("labels");
    let intact = Plan::intact(&model);
    let mut sgd = Sgd::new(SgdOptions { momentum: 0.9, nesterov, weight_decay: 1e-4 });
    let mut losses = Vec::new();
    for (images, labels) in pixels.chunks(8 * 16 * 16 * 3).zip(labels.chunks(8)) {
        let images = Tensor::from_vec([8, 16, 16, 3], images.to_vec());
        let Recorded { mut tape, logits, statistics, .. } =
            record(&model, &intact, Mode::Train, &images);
        let loss = op::cross_entropy(&mut tape, &logits, labels);
        losses.push(loss.value().as_slice()[0]);
        let grads = tape.backward(&loss);
        model.params.update_running(&statistics, BatchNorm::MOMENTUM);
        sgd.step(&mut model.params, &grads, 0.05);
    }
    (Tensor::from_vec([losses.len()], losses), model)
}

/// Sum, norm and the first eight entries in PyTorch's order.
fn summary<T: Scalar>(value: &Tensor<T>) -> Tensor<f64> {
    let sum = value.as_slice().iter().map(|v| v.to_f64()).sum();
    let torch = to_torch_layout(&value.cast());
    let first = torch.as_slice()[..8].iter().map(|&v| f64::from(v));
    Tensor::from_vec([10], [sum, value.norm()].into_iter().chain(first).collect())
}

fn check<T: Scalar>() {
    let fixture = Fixture::load("resnet8-preact-sgd");
    let (losses, _) = train::<T>(&fixture, false);
    fixture.check("plain.losses", &losses);
    let (losses, model) = train::<T>(&fixture, true);
    fixture.check("nesterov.losses", &losses);
    for (_, p) in model.params.iter() {
        let whole = format!("final.{}", p.name);
        if fixture.has(&whole) {
            fixture.check_weight(&whole, &p.value);
        } else {
            fixture.check(&format!("check.{}", p.name), &summary(&p.value));
        }
    }
    let unused = fixture.unused();
    assert!(unused.iter().all(|key| key.ends_with("num_batches_tracked")), "{unused:?}");
}

#[test]
fn ten_steps_are_pytorchs_in_f64() {
    check::<f64>();
}

#[test]
fn ten_steps_are_pytorchs_in_f32() {
    check::<f32>();
}
