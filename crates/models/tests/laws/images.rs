//! What is not a batch of images `[n, h, w, 3]` is refused where it comes in.

use models::{Arch, Model, Plan, Recording, evaluate, recalibrated};
use nn::{Mode, Pass};
use tensor::Tensor;
use testkit::refusal::refusal;

fn model() -> Model<f32> {
    Arch::parse("resnet8").unwrap().build(1)
}

#[test]
fn what_a_shape_looks_like_is_said_with_the_cure() {
    let model = model();
    let plan = Plan::intact(&model);
    let cases: &[(&[usize], &str)] = &[
        (&[2, 3, 32, 32], "looks like [n, c, h, w], PyTorch's order; bring the channels to the"),
        (&[2, 3, 32, 32], "([2, 32, 32, 3])"),
        (&[32, 32, 3], "one image [h, w, c]; give a batch [1, 32, 32, 3]"),
        (&[3, 32, 32], "one image [c, h, w]"),
        (&[2, 32, 32, 1], "grey"),
        (&[2, 1, 28, 28], "grey"),
        (&[2, 32, 32, 4], "alpha"),
        (&[2, 3072], "flattened to rows"),
        (&[0, 32, 32, 3], "nothing in it"),
        (&[2, 0, 32, 3], "nothing in it"),
        (&[2, 32, 32, 5], "got [2, 32, 32, 5]"),
        (&[3], "got [3]"),
        (&[], "got []"),
    ];
    for (dims, said) in cases {
        let images = Tensor::zeros(*dims);
        let message = refusal(|| drop(model.logits(images, &plan))).unwrap_or_default();
        assert!(message.starts_with("resnet8 takes images [n, h, w, 3], got ["), "{message}");
        assert!(message.contains(said), "{dims:?}: {message}");
    }
}

/// A batch of three rows of pixels, or of images that are three pixels wide, is a batch of
/// images, whatever else it might have been meant for.
#[test]
fn images_of_any_size_pass() {
    let model = model();
    for dims in [[2, 32, 32, 3], [1, 8, 8, 3], [2, 3, 8, 3], [3, 3, 3, 3], [1, 1, 1, 3]] {
        let logits = model.logits(Tensor::zeros(dims), &Plan::intact(&model));
        assert_eq!(logits.dims(), [dims[0], 10]);
    }
}

#[test]
fn images_too_small_for_the_pools_are_refused_by_the_unit_that_leaves_nothing() {
    let model: Model<f32> = Arch::parse("vgg15").unwrap().build(1);
    let logits = |side| drop(model.logits(Tensor::zeros([1, side, 32, 3]), &Plan::intact(&model)));
    let message = refusal(|| logits(8)).unwrap_or_default();
    assert_eq!(
        message,
        "vgg15: images [1, 8, 32, 3] are too small: no pixel is left after layer4.2"
    );
    assert_eq!(refusal(|| logits(32)), None);
}

#[test]
fn every_entry_refuses_channels_first() {
    let model = &model();
    let plan = &Plan::intact(model);
    let images = || Tensor::zeros([2, 3, 32, 32]);
    let entries: [(&str, &dyn Fn()); 6] = [
        ("forward", &|| {
            let mut pass = Pass::eval(&model.params);
            let x = pass.tape.constant(images());
            drop(model.forward(&mut pass, &x, plan));
        }),
        ("forward_stem", &|| {
            let mut pass = Pass::eval(&model.params);
            let x = pass.tape.constant(images());
            drop(model.forward_stem(&mut pass, &x));
        }),
        ("logits", &|| drop(model.logits(images(), plan))),
        ("evaluate", &|| drop(evaluate(model, plan, [(images(), vec![0, 0])]))),
        ("recalibrated", &|| drop(recalibrated(model, plan, [images()]))),
        ("recording", &|| drop(Recording::new(model, plan, Mode::Eval, images(), &[0, 0]))),
    ];
    for (what, call) in entries {
        let message = refusal(call).unwrap_or_default();
        assert!(message.contains("PyTorch's order"), "{what}: {message}");
    }
}
