//! Ops on images: convolution, pooling, the option-A shortcut.

use nn::op;
use proptest::prelude::*;
use testkit::noise::normal;

use crate::{hold, image, problem};

#[test]
fn conv2d() {
    let geometry = (image(), 1usize..6, 1usize..6, 1usize..4, 0usize..4)
        .prop_filter("the kernel fits", |([_, h, w, _], _, kernel, _, padding)| {
            *kernel <= h.min(w) + 2 * padding
        });
    hold("conv2d", 16, geometry, |&(dims, c_out, kernel, stride, padding), rng| {
        let weight = normal([kernel, kernel, dims[3], c_out], rng);
        problem([normal(dims, rng), weight], move |tape, v, _| {
            op::conv2d(tape, &v[0], &v[1], stride, padding)
        })
    });
}

#[test]
fn max_pool() {
    let geometry = (image(), 1usize..5, 1usize..4)
        .prop_filter("the window fits", |([_, h, w, _], kernel, _)| kernel <= h.min(w));
    hold("max_pool", 24, geometry, |&(dims, kernel, stride), rng| {
        problem([normal(dims, rng)], move |tape, v, kinks| {
            kinks.max_pool(tape, &v[0], kernel, stride)
        })
    });
}

#[test]
fn average_pool() {
    let geometry = (image(), 1usize..5, 1usize..4)
        .prop_filter("the window fits", |([_, h, w, _], kernel, _)| kernel <= h.min(w));
    hold("average_pool", 24, geometry, |&(dims, kernel, stride), rng| {
        problem([normal(dims, rng)], move |tape, v, _| {
            op::average_pool(tape, &v[0], kernel, stride)
        })
    });
}

#[test]
fn global_average() {
    hold("global_average", 24, image(), |&dims, rng| {
        problem([normal(dims, rng)], |tape, v, _| op::global_average(tape, &v[0]))
    });
}

#[test]
fn option_a() {
    hold("option_a", 24, (image(), 0usize..6, 1usize..4), |&(dims, new, stride), rng| {
        problem([normal(dims, rng)], move |tape, v, _| {
            op::option_a(tape, &v[0], dims[3] + new, stride)
        })
    });
}
