//! Forms A and C of ResNeXt (Xie et al. 2017, figure 3) are one function: a branch for each
//! group, or one branch in groups.

use models::{Model, Plan, ResNext, Route};
use nn::{Mode, op};
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};
use testkit::noise;

use crate::common::{Recorded, record};

const NETS: [ResNext; 4] = [
    ResNext { blocks: 2, width: 8, groups: 3, group_width: 2 },
    ResNext { blocks: 1, width: 16, groups: 4, group_width: 6 },
    ResNext { blocks: 1, width: 8, groups: 15, group_width: 2 },
    ResNext { blocks: 1, width: 16, groups: 1, group_width: 16 },
];

fn network<T: Scalar>(net: ResNext) -> Model<T> {
    let mut model = net.build("a ResNeXt", 3);
    noise::live_in(&mut model.params, 4);
    model
}

/// The part of a parameter of form C, by form A's name, and where it lies: written out index
/// by index.
fn part<T: Scalar>(net: ResNext, name: &str, whole: impl Fn(&str) -> Tensor<T>) -> Tensor<T> {
    let Some((unit, rest)) = name.split_once(".group") else { return whole(name) };
    let (group, layer) = rest.split_once('.').unwrap();
    let group: usize = group.parse().unwrap();
    let whole = whole(&format!("{unit}.{layer}"));
    let dims = whole.dims().to_vec();
    let d = if layer == "conv3.weight" { dims[2] } else { dims[dims.len() - 1] } / net.groups;
    let own = group * d..(group + 1) * d;
    let mut elements = Vec::new();
    for (at, &v) in whole.as_slice().iter().enumerate() {
        let last = dims[dims.len() - 1];
        let channel = if layer == "conv3.weight" { at / last % dims[2] } else { at % last };
        if own.contains(&channel) {
            elements.push(v);
        }
    }
    let mut shape = dims;
    let axis = if layer == "conv3.weight" { 2 } else { shape.len() - 1 };
    shape[axis] = d;
    Tensor::from_vec(shape.as_slice(), elements)
}

/// Logits, gradients and statistics of both forms agree, in both modes.
fn check_forms<T: Scalar>(net: ResNext, tolerance: f64) {
    let tolerance = Tolerance::scaled(tolerance);
    let c = network::<T>(net);
    let a = net.split(&c);
    assert_eq!(a.params.count_trained(), c.params.count_trained());
    assert_eq!(a.macs(), c.macs());
    assert!(a.units.iter().all(|unit| unit.branches.len() == net.groups));
    let (images, labels) = (noise::images::<T>(5, 3, 32), [1, 0, 7]);
    for mode in [Mode::Eval, Mode::Train] {
        let run = |model: &Model<T>| {
            let Recorded { mut tape, x, logits, statistics } =
                record(model, &Plan::intact(model), mode, &images);
            let loss = op::cross_entropy(&mut tape, &logits, &labels);
            let grads = tape.backward(&loss);
            let mut updated = model.params.clone();
            updated.update_running(&statistics, 0.1);
            (logits.value().clone(), grads.of(&x).unwrap().clone(), grads, updated)
        };
        let (of_a, of_c) = (run(&a), run(&c));
        let what = |name: &str| format!("{} {net:?} {mode:?} {name}", T::NAME);
        check_close(&what("logits"), &of_a.0, &of_c.0, tolerance);
        check_close(&what("input gradient"), &of_a.1, &of_c.1, tolerance);
        for (id, p) in a.params.iter() {
            let in_c = |name: &str| c.params.find(name).unwrap();
            let running = part(net, &p.name, |name| of_c.3.value(in_c(name)).clone());
            check_close(&what(&p.name), of_a.3.value(id), &running, tolerance);
            if p.is_trained {
                // Relative to the whole gradient: a group's own may nearly vanish.
                let grad = |name: &str| of_c.2.param(in_c(name)).unwrap().clone();
                let scale = part(net, &p.name, |name| {
                    let whole = grad(name);
                    let largest = whole.as_slice().iter().fold(T::ZERO, |m, &v| {
                        let v = if v < T::ZERO { -v } else { v };
                        if v > m { v } else { m }
                    });
                    Tensor::full(whole.shape(), largest)
                });
                let [mut got, mut expected] =
                    [of_a.2.param(id).unwrap().clone(), part(net, &p.name, grad)];
                for t in [&mut got, &mut expected] {
                    for (v, &s) in t.as_mut_slice().iter_mut().zip(scale.as_slice()) {
                        *v /= s;
                    }
                }
                let one = Tensor::from_fn(got.shape(), |_| T::ONE);
                let [got, expected] = [got, expected].map(|t| plus(&t, &one));
                check_close(&what(&format!("gradient of {}", p.name)), &got, &expected, tolerance);
            }
        }
    }
}

fn plus<T: Scalar>(a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
    Tensor::from_fn(a.shape(), |i| a.as_slice()[i] + b.as_slice()[i])
}

#[test]
fn both_forms_are_one_function() {
    for net in NETS {
        check_forms::<f64>(net, 1e-12);
        check_forms::<f32>(net, 1e-5);
    }
}

/// A block deleted, kept alone or cut down to one group is the same in both forms; form C
/// loses a group when the weights that read it are 0.
#[test]
fn lesions_of_blocks_agree_and_those_of_groups_are_zeroed_weights() {
    for net in NETS {
        let c = network::<f64>(net);
        let a = net.split(&c);
        let images = noise::images::<f64>(6, 2, 32);
        let logits = |model: &Model<f64>, plan: &Plan| model.logits(images.clone(), plan);
        let [of_a, of_c] = [&a, &c].map(Plan::intact);
        for id in 0..c.units.len() {
            let deleted = |model: &Model<f64>, plan: &Plan| {
                logits(model, &plan.clone().delete(model, id).unwrap())
            };
            let whole = deleted(&c, &of_c);
            check_close("block deleted", &deleted(&a, &of_a), &whole, Tolerance::scaled(1e-12));
            let kept = |model: &Model<f64>, plan: &Plan| {
                let mut plan = plan.clone();
                plan.routes[id] = Route::first_branches(model.units[id].branches.len());
                logits(model, &plan)
            };
            let expected = kept(&c, &of_c);
            check_close("skip deleted", &kept(&a, &of_a), &expected, Tolerance::scaled(1e-12));
            if net.groups == 1 {
                continue;
            }
            let mut alive = 0;
            for group in 0..net.groups {
                let got = logits(&a, &of_a.clone().delete_branch(&a, id, group).unwrap());
                let mut without = c.clone();
                let name = format!("{}.conv3.weight", c.units[id].name);
                let weight = without.params.value_mut(c.params.find(&name).unwrap());
                let [_, _, c_in, c_out] = weight.shape().nhwc("weight");
                for (at, v) in weight.as_mut_slice().iter_mut().enumerate() {
                    if at / c_out % c_in / (c_in / net.groups) == group {
                        *v = 0.0;
                    }
                }
                assert_eq!(net.without_group(&c, id, group), without);
                let expected = logits(&without, &of_c);
                let what = format!("{net:?}, unit {id} without group {group}");
                check_close(&what, &got, &expected, Tolerance::scaled(1e-12));
                // Behind a closed ReLU a group of two channels may do nothing, in either form.
                let does_something = got != logits(&a, &of_a);
                assert_eq!(does_something, expected != logits(&c, &of_c), "{what}");
                alive += usize::from(does_something);
            }
            assert!(2 * alive > net.groups, "{net:?}, unit {id}: {alive} groups do something");
        }
    }
}
