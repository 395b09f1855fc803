//! What an image's logits do not depend on: its batch, and the threads.

use models::{EVAL_GROUP, Model, Plan, Predictions, Vgg15, evaluate};
use nn::layer::BatchNorm;
use nn::optim::{Sgd, SgdOptions};
use nn::{Mode, Pass, Tape, op};
use tensor::{Tensor, threads};

use crate::common::{arch, bits, images, labels, lived_in, record};

fn networks() -> [Model<f32>; 3] {
    [
        lived_in(arch("resnet8").build(5), 5),
        lived_in(arch("resnet8-v1").build(6), 6),
        lived_in(Vgg15 { width: 16, batch_norm: true, skips: false }.build("vgg15", 7), 7),
    ]
}

#[test]
fn an_image_has_the_same_logits_in_every_batch() {
    // More than two groups of an evaluation, the last one smaller.
    let n = 2 * EVAL_GROUP + 5;
    let all: Tensor<f32> = images(1, n, 32);
    for model in networks() {
        let plan = Plan::intact(&model);
        let whole = model.logits(all.clone(), &plan);
        for size in [1, 3, 7, EVAL_GROUP - 1, EVAL_GROUP, EVAL_GROUP + 1] {
            for start in (0..n).step_by(size) {
                let end = (start + size).min(n);
                let part = model.logits(all.rows(start, end), &plan);
                let name = &model.name;
                assert_eq!(bits(&part), bits(&whole.rows(start, end)), "{name}: {start}..{end}");
            }
        }
    }
}

#[test]
fn an_image_has_the_same_logits_on_any_number_of_threads() {
    let all: Tensor<f32> = images(1, 2 * EVAL_GROUP + 5, 32);
    for model in networks() {
        let plan = Plan::intact(&model);
        let run = || bits(&model.logits(all.clone(), &plan));
        let one = threads::with_threads(1, run).unwrap();
        for n in [2, 3, 8] {
            assert!(threads::with_threads(n, run).unwrap() == one, "{}: {n} threads", model.name);
        }
    }
}

#[test]
fn an_evaluation_does_not_depend_on_its_batches() {
    let (all, labels): (Tensor<f32>, _) = (images(1, 11, 32), labels(1, 11));
    let model = &networks()[0];
    let plan = Plan::intact(model);
    let outcome = |size: usize| -> Predictions {
        let starts = (0..11).step_by(size);
        let batches = starts.map(|start| {
            let end = (start + size).min(11);
            (all.rows(start, end), labels[start..end].to_vec())
        });
        evaluate(model, &plan, batches)
    };
    let whole = outcome(11);
    assert_eq!(whole.images(), 11);
    for size in [1, 4, 10] {
        assert_eq!(outcome(size), whole, "batches of {size}");
    }
    // The mean of the images' losses is the loss of the batch.
    let mut pass = Pass::new(Tape::off(), Mode::Eval, &model.params);
    let x = pass.tape.constant(all);
    let logits = model.forward(&mut pass, &x, &plan);
    let loss = op::cross_entropy(&mut pass.tape, &logits, &labels).into_value();
    assert!((whole.cross_entropy() - f64::from(loss.as_slice()[0])).abs() < 1e-6);
}

/// Enough images that the kernels have work for several threads at every resolution.
const STEP: usize = 21;

#[test]
fn threads_change_no_bit_of_a_training_step() {
    for model in networks() {
        let run = || {
            let mut model = model.clone();
            let plan = Plan::intact(&model);
            let mut sgd =
                Sgd::new(SgdOptions { momentum: 0.9, nesterov: true, weight_decay: 5e-4 });
            let mut found = Vec::new();
            for step in 0..2 {
                let mut pass = record(&model, &plan, Mode::Train, &images(step, STEP, 32));
                let loss = op::cross_entropy(&mut pass.tape, &pass.logits, &labels(step, STEP));
                let grads = pass.tape.backward(&loss);
                found.extend(
                    [pass.logits.value(), loss.value(), grads.of(&pass.x).unwrap()].map(bits),
                );
                let trained = model.params.iter().filter(|(_, p)| p.is_trained);
                found
                    .extend(trained.map(|(id, _)| bits(grads.param(id).expect("all are trained"))));
                model.params.update_running(&pass.statistics, BatchNorm::MOMENTUM);
                sgd.step(&mut model.params, &grads, 0.1);
            }
            found.extend(model.params.iter().map(|(_, p)| bits(&p.value)));
            found
        };
        let one = threads::with_threads(1, run).unwrap();
        for n in [2, 3, 8] {
            assert!(threads::with_threads(n, run).unwrap() == one, "{}: {n} threads", model.name);
        }
    }
}
