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
fn grouped_conv2d() {
    let usual = prop_oneof![Just((1usize, 0usize)), Just((3, 1))];
    let any = (1usize..5, 0usize..3);
    let kernel = prop_oneof![2 => usual, 1 => any];
    let geometry =
        ((1usize..3, 1usize..8, 1usize..8), 1usize..6, (1usize..5, 1usize..5), kernel, 1usize..3)
            .prop_filter("the kernel fits", |((_, h, w), _, _, (kernel, padding), _)| {
                *kernel <= h.min(w) + 2 * padding
            });
    hold("grouped_conv2d", 16, geometry, |&((n, h, w), groups, (c_in, c_out), of, stride), rng| {
        let (kernel, padding) = of;
        let weight = normal([kernel, kernel, c_in, groups * c_out], rng);
        problem([normal([n, h, w, groups * c_in], rng), weight], move |tape, v, _| {
            op::grouped_conv2d(tape, &v[0], &v[1], groups, stride, padding)
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
