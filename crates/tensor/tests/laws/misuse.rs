//! What does not fit is refused, with a message that says what and why.

use tensor::Shape;
use tensor::gemm::{Gemm, gemm};
use tensor::kernel::average_pool::{average_pool, average_pool_grad};
use tensor::kernel::batch_norm::{self, Moments};
use tensor::kernel::conv2d::{self, Conv2dGeom};
use tensor::kernel::pool::{self, PoolGeom};
use tensor::kernel::shortcut::{self, ShortcutGeom};
use tensor::kernel::{channelwise, elementwise, softmax};
use testkit::refusal::refused;

/// Half of the bits of a length: the square wraps round to 0.
const HALF: usize = 1 << (usize::BITS / 2);

#[test]
fn a_product_that_does_not_fit_is_not_a_length() {
    for dims in [[HALF, HALF, 1], [5, 0x9999_9999_9999_999D, 1], [0, HALF, HALF]] {
        refused("more elements than can be counted", move || {
            Shape::from(dims).len();
        });
    }
    assert_eq!(Shape::from([HALF - 1, HALF, 1]).len(), (HALF - 1) * HALF);
    refused("more elements than can be counted", || {
        gemm(&mut [0.0f32; 0], &[], &[], &Gemm::new(HALF, HALF, 0));
    });
}

const POINTWISE: Conv2dGeom = Conv2dGeom::valid([1, 5, 5, 1], 16, 1);

#[test]
fn a_convolution_without_an_output_has_no_output_size() {
    let fits = "the kernel must fit into the padded image";
    for (message, g) in [
        (fits, POINTWISE.with_stride(0)),
        (fits, Conv2dGeom { kernel: 0, ..POINTWISE }),
        (fits, Conv2dGeom { kernel: 6, ..POINTWISE }),
        ("padding is more than can", POINTWISE.with_padding(usize::MAX / 2 + 1)),
    ] {
        refused(message, move || assert!(g.out_h() > 0));
        refused(message, move || assert!(g.out_w() > 0));
    }
}

#[test]
fn groups_that_do_not_divide_the_channels_are_refused() {
    for (c_in, c_out, groups) in [(12, 24, 8), (12, 20, 6), (10, 12, 6), (4, 4, 0), (2, 2, 4)] {
        let g = Conv2dGeom::same([1, 4, 4, c_in], c_out, 3).with_groups(groups);
        let words = format!("{groups} groups do not divide {c_in} input and {c_out} output");
        let (x, y) = (vec![0.0f32; 16 * c_in], vec![0.0f32; 16 * c_out]);
        let w = vec![0.0f32; 9 * c_in * c_out / groups.max(1)];
        refused(&words, || assert!(!g.weight_shape().is_empty()));
        refused(&words, || assert!(g.macs() > 0));
        refused(&words, || conv2d::forward(&mut y.clone(), &x, &w, &g));
        refused(&words, || conv2d::input_grad(&mut x.clone(), &y, &w, &g));
        refused(&words, || conv2d::weight_grad(&mut w.clone(), &x, &y, &g));
    }
    // Weights of the ordinary convolution are no weights of groups.
    let g = Conv2dGeom::same([1, 4, 4, 4], 4, 3).with_groups(2);
    refused("lengths of input, weight and output must be", || {
        conv2d::forward(&mut [0.0f32; 64], &[0.0; 64], &[0.0; 144], &g);
    });
}

#[test]
fn a_convolution_of_other_sizes_is_refused() {
    let pixel = Conv2dGeom { h: 1, w: 1, ..POINTWISE };
    for (message, g) in [
        // One pixel and 16 channels, if products wrapped: `5 w = 1`.
        ("more elements than can be", Conv2dGeom { w: 0x9999_9999_9999_999D, ..POINTWISE }),
        ("more elements than can be", pixel.with_padding(HALF).with_stride(usize::MAX)),
        ("channels must not be 0", Conv2dGeom { c_in: 0, ..pixel }),
        ("channels must not be 0", Conv2dGeom { c_out: 0, ..pixel }),
        ("height, width and", Conv2dGeom { h: 0, padding: 1, ..pixel }),
        ("lengths of input, weight and output must be", pixel.with_batch(2)),
    ] {
        let (x, w) = (vec![0.0f32; g.c_in], vec![0.0; g.c_in * g.c_out]);
        refused(message, move || conv2d::forward(&mut vec![0.0; g.c_out], &x, &w, &g));
    }
}

#[test]
fn a_pooling_of_other_sizes_is_refused() {
    let pixels = PoolGeom { batch: 1, h: 2, w: 2, c: 1, kernel: 2, stride: 2 };
    let fits = "the window must fit into the image";
    for (message, g) in [
        (fits, PoolGeom { stride: 0, ..pixels }),
        (fits, PoolGeom { kernel: 0, ..pixels }),
        (fits, PoolGeom { h: 1, w: 1, ..pixels }),
    ] {
        refused(message, move || assert!(g.out_h() > 0));
        refused(message, move || assert!(g.out_w() > 0));
    }
    let lengths = "lengths of output and input must be";
    let places = "lengths of output and argmax differ";
    for (message, g, argmax) in [
        (places, pixels, 0),
        (places, pixels, 2),
        (lengths, PoolGeom { batch: 2, ..pixels }, 1),
        (fits, PoolGeom { w: 1, h: 4, ..pixels }, 1),
        ("channels must not be 0", PoolGeom { c: 0, ..pixels }, 1),
        ("more elements than can be", PoolGeom { h: HALF, w: HALF, ..pixels }, 1),
    ] {
        let mut indices = vec![0; argmax];
        refused(message, move || pool::max_pool(&mut [0.0f32], &mut indices, &[0.0; 4], &g));
        let indices = vec![0; argmax];
        refused(message, move || pool::max_pool_grad(&mut [0.0f32; 4], &[0.0], &indices, &g));
        if message != places {
            refused(message, move || average_pool(&mut [0.0f32], &[0.0; 4], &g));
            refused(message, move || average_pool_grad(&mut [0.0f32; 4], &[0.0], &g));
        }
    }
    refused("do not make 3 images", || pool::global_average(&mut [0.0f32; 2], &[0.0; 4], 3, 1));
}

#[test]
fn a_shortcut_of_other_sizes_is_refused_and_one_of_no_images_does_nothing() {
    let pixels = ShortcutGeom { batch: 1, h: 2, w: 2, c_in: 1, before: 0, c_out: 1, stride: 1 };
    for (message, g) in [
        ("stride must not be 0", ShortcutGeom { stride: 0, ..pixels }),
        ("channels and stride must", ShortcutGeom { c_in: 0, ..pixels }),
        ("cannot drop channels", ShortcutGeom { c_in: 2, ..pixels }),
        ("cannot drop channels", ShortcutGeom { before: 1, ..pixels }),
        ("cannot drop channels", ShortcutGeom { before: usize::MAX, ..pixels }),
        ("lengths of output and input must be", ShortcutGeom { batch: 2, ..pixels }),
        ("lengths of output and input must be", ShortcutGeom { c_out: 2, ..pixels }),
        ("more elements than can be", ShortcutGeom { h: HALF, w: HALF, ..pixels }),
    ] {
        refused(message, move || shortcut::option_a(&mut [0.0f32; 4], &[0.0; 4], &g));
        refused(message, move || shortcut::option_a_grad(&mut [0.0f32; 4], &[0.0; 4], &g));
    }
    let none = ShortcutGeom { batch: 0, ..pixels };
    shortcut::option_a::<f32>(&mut [], &[], &none);
    shortcut::option_a_grad::<f32>(&mut [], &[], &none);
}

#[test]
fn a_pass_over_other_lengths_is_refused() {
    // Two rows of three numbers, and one number less.
    const SIX: &[f32] = &[0.0; 6];
    const FIVE: &[f32] = &[0.0; 5];
    const THREE: &[f32] = &[0.0; 3];
    let six = || [0.0f32; 6];
    let equal = "needs equal lengths";
    refused(equal, || elementwise::relu(&mut six(), FIVE));
    refused(equal, || elementwise::relu_grad(&mut six(), SIX, FIVE));
    refused(equal, || elementwise::add(&mut six(), FIVE, SIX));
    refused(equal, || elementwise::mul(&mut six(), SIX, FIVE));
    refused(equal, || elementwise::add_assign(&mut six(), FIVE));
    refused(equal, || elementwise::scale(&mut six(), FIVE, 2.0));
    refused("add_row: 6 numbers are not whole rows of 5", || {
        elementwise::add_row(&mut six(), FIVE)
    });
    refused("not whole rows of 0", || elementwise::add_row(&mut six(), &[]));
    refused("sum_rows: 5 numbers are not", || elementwise::sum_rows(&mut [0.0; 3], FIVE));
    refused("not whole rows of 0", || elementwise::sum_rows(&mut [], FIVE));

    refused(equal, || channelwise::affine(&mut six(), FIVE, THREE, THREE));
    refused(equal, || channelwise::affine_relu(&mut six(), SIX, THREE, FIVE));
    refused("not whole rows of 5", || channelwise::affine_relu_grad(&mut six(), SIX, FIVE, FIVE));
    refused(equal, || channelwise::affine_pair(&mut six(), SIX, [THREE, THREE, FIVE], None));
    refused(equal, || channelwise::affine_pair(&mut six(), SIX, [THREE; 3], Some(FIVE)));

    let moments = |x: &'static [f32], c| move || assert_eq!(Moments::of(x, c).count, 0);
    refused("moments: 5 numbers are not whole rows of 3", moments(FIVE, 3));
    refused("not whole rows of 0", moments(FIVE, 0));
    let grad_sums = |n: usize, dy, x, mean| {
        move || batch_norm::grad_sums::<f32>(&mut vec![0.0; n], dy, x, mean)
    };
    refused("grad_sums: 5 numbers are not whole rows", grad_sums(6, FIVE, FIVE, THREE));
    refused("grad_sums: 5 gradients for 6", grad_sums(6, FIVE, SIX, THREE));
    refused("5 sums for 3 channels", grad_sums(5, SIX, SIX, THREE));
}

/// The channels of [`channelwise::affine_pair`] with vectors.
#[test]
fn a_pair_with_vectors_of_other_lengths_is_refused() {
    let x = [0.0f32; 48];
    for (rows, plus, d) in [(16, 32, 16), (48, 32, 16), (32, 16, 16), (32, 48, 16), (32, 32, 32)] {
        refused("needs equal lengths", move || {
            let factors = [&x[..16], &x[..16], &x[..d]];
            channelwise::affine_pair(&mut [0.0; 32], &x[..rows], factors, Some(&x[..plus]));
        });
    }
    refused("not whole rows of 16", move || {
        channelwise::affine_pair(&mut [0.0; 24], &x[..24], [&x[..16]; 3], None);
    });
}

#[test]
fn a_softmax_of_other_lengths_and_a_label_that_is_not_a_class_are_refused() {
    const SIX: &[f64] = &[0.0; 6];
    let softmax = |n: usize, classes| move || softmax::log_softmax(&mut vec![0.0; n], SIX, classes);
    refused("log_softmax: 5 numbers of 6 logits", softmax(5, 3));
    refused("log_softmax: 6 numbers are not whole rows of 4", softmax(6, 4));
    refused("not whole rows of 0", softmax(6, 0));
    let no_class: (&str, &[u8]) = ("label 3 is not below 3", &[0, 3]);
    let too_few: (&str, &[u8]) = ("1 labels for 2 rows", &[0]);
    for (message, labels) in [no_class, too_few] {
        refused(message, move || {
            softmax::negative_log_likelihood(SIX, labels, 3).for_each(drop);
        });
        refused(message, move || {
            softmax::cross_entropy_grad(&mut [0.0; 6], SIX, labels, 3, 1.0);
        });
    }
    refused("5 gradients of 6 logits", || {
        softmax::cross_entropy_grad(&mut [0.0; 5], SIX, &[0, 1], 3, 1.0);
    });
}
