//! What does not fit is refused, with a message that says what and why.

use std::panic::{UnwindSafe, catch_unwind};

use tensor::Shape;
use tensor::gemm::{Gemm, gemm};
use tensor::kernel::conv2d::{self, Conv2dGeom};

/// Half of the bits of a length: the square wraps round to 0.
const HALF: usize = 1 << (usize::BITS / 2);

/// `f` must panic, with `message` as a part of what it says.
#[track_caller]
fn refused(message: &str, f: impl FnOnce() + UnwindSafe) {
    let Err(panic) = catch_unwind(f) else { panic!("not refused: {message}") };
    let said = match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(panic) => panic.downcast_ref::<&str>().unwrap_or(&"").to_string(),
    };
    assert!(said.contains(message), "{said:?} does not say {message:?}");
}

#[test]
fn a_product_that_does_not_fit_is_no_length() {
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

const POINTWISE: Conv2dGeom =
    Conv2dGeom { batch: 1, h: 5, w: 5, c_in: 1, c_out: 16, kernel: 1, stride: 1, padding: 0 };

#[test]
fn a_convolution_without_an_output_has_no_output_size() {
    let fits = "the kernel must fit into the padded image";
    for (message, g) in [
        (fits, Conv2dGeom { stride: 0, ..POINTWISE }),
        (fits, Conv2dGeom { kernel: 0, ..POINTWISE }),
        (fits, Conv2dGeom { kernel: 6, ..POINTWISE }),
        ("padding is more than can", Conv2dGeom { padding: usize::MAX / 2 + 1, ..POINTWISE }),
    ] {
        refused(message, move || assert!(g.out_h() > 0));
        refused(message, move || assert!(g.out_w() > 0));
    }
}

#[test]
fn a_convolution_of_other_sizes_is_refused() {
    let pixel = Conv2dGeom { h: 1, w: 1, ..POINTWISE };
    for (message, g) in [
        // One pixel and 16 channels, if products wrapped: `5 w = 1`.
        ("more elements than can be", Conv2dGeom { w: 0x9999_9999_9999_999D, ..POINTWISE }),
        ("more elements than can be", Conv2dGeom { padding: HALF, stride: usize::MAX, ..pixel }),
        ("channels must not be 0", Conv2dGeom { c_in: 0, ..pixel }),
        ("channels must not be 0", Conv2dGeom { c_out: 0, ..pixel }),
        ("height, width and", Conv2dGeom { h: 0, padding: 1, ..pixel }),
        ("lengths of input, weight and output must be", Conv2dGeom { batch: 2, ..pixel }),
    ] {
        let (x, w) = (vec![0.0f32; g.c_in], vec![0.0; g.c_in * g.c_out]);
        refused(message, move || conv2d::forward(&mut vec![0.0; g.c_out], &x, &w, &g));
    }
}
