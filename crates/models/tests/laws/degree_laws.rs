//! Gradients along paths with so many branches, against those of the paths one by one and
//! against the ordinary one.

use models::{Arch, BackwardPlan, Model, Plan};
use nn::{Grads, Mode, Pass, Sweep, Tape, Var, op};
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};

use crate::common::{images, labels, lived_in, sum};

const MODES: [Mode; 2] = [Mode::Train, Mode::Eval];

fn networks<T: Scalar>() -> Vec<Model<T>> {
    let names = ["resnet8", "resnet8-v1", "resnet14"];
    names.map(|name| lived_in(Arch::parse(name).unwrap().build(7), 7)).into()
}

/// A recorded pass to the loss: the tape, the images, the loss.
fn recorded<T: Scalar>(model: &Model<T>, mode: Mode) -> (Tape<T>, Var<T>, Var<T>) {
    let mut pass = Pass::new(Tape::recording(), mode, &model.params);
    let x = pass.tape.input(images(8, 2, 8));
    let logits = model.forward(&mut pass, &x, &Plan::intact(model));
    let loss = op::cross_entropy(&mut pass.tape, &logits, &labels(8, 2));
    (pass.tape, x, loss)
}

/// The gradient in the images and those in all parameters, by name.
type Named<T> = Vec<(String, Option<Tensor<T>>)>;

fn named<T: Scalar>(model: &Model<T>, x: &Var<T>, grads: &Grads<T>) -> Named<T> {
    let params = model.params.iter();
    let params = params.map(|(id, param)| (param.name.clone(), grads.param(id).cloned()));
    std::iter::once(("images".to_owned(), grads.of(x).cloned())).chain(params).collect()
}

fn up_to<T: Scalar>(model: &Model<T>, mode: Mode, branches: usize) -> Named<T> {
    let (tape, x, loss) = recorded(model, mode);
    named(model, &x, &tape.backward_through(&loss, 0..=branches))
}

/// The gradients up to as many branches as there are units, and the ordinary ones.
fn with_all_branches<T: Scalar>(model: &Model<T>, mode: Mode) -> [Named<T>; 2] {
    let (tape, x, loss) = recorded(model, mode);
    let ordinary = named(model, &x, &tape.backward(&loss));
    let found = up_to(model, mode, model.units.len());
    for ((name, found), (_, expected)) in found.iter().zip(&ordinary) {
        assert_eq!(found.is_some(), expected.is_some(), "{}, {mode:?}, {name}", model.name);
    }
    [found, ordinary]
}

#[test]
fn paths_of_any_length_are_the_ordinary_gradient() {
    for model in networks::<f64>() {
        for mode in MODES {
            let [found, ordinary] = with_all_branches(&model, mode);
            for ((name, found), (_, expected)) in found.iter().zip(&ordinary) {
                let what = format!("{}, {mode:?}, {name}", model.name);
                if let (Some(found), Some(expected)) = (found, expected) {
                    check_close(&what, found, expected, Tolerance::scaled(1e-12));
                }
            }
        }
    }
}

/// In `f32`, whose kernels are the fused ones, both round. All gradients together, in
/// parts of their norm, the sum over lengths is about as close to the exact gradient as
/// the ordinary one is.
#[test]
fn so_they_are_in_the_precision_of_trainings() {
    for model in networks::<f32>() {
        for mode in MODES {
            let [found, ordinary] = with_all_branches(&model, mode).map(in_a_row);
            let [_, exact] = with_all_branches(&model.cast::<f64>(), mode).map(in_a_row);
            let norm = exact.iter().map(|v| v * v).sum::<f64>().sqrt();
            let distance = |v: &[f64]| {
                let squares = v.iter().zip(&exact).map(|(a, b)| (a - b) * (a - b));
                squares.sum::<f64>().sqrt() / norm
            };
            let (found, ordinary) = (distance(&found), distance(&ordinary));
            let what = format!("{}, {mode:?}: {found:.2e}, ordinary {ordinary:.2e}", model.name);
            assert!(found <= 2.0 * ordinary, "{what}");
        }
    }
}

fn in_a_row<T: Scalar>(named: Named<T>) -> Vec<f64> {
    let tensors = named.into_iter().filter_map(|(_, tensor)| tensor);
    tensors.flat_map(|t| t.as_slice().iter().map(|v| v.to_f64()).collect::<Vec<_>>()).collect()
}

/// All choices of `k` of `of`.
fn choices(of: &[usize], k: usize) -> Vec<Vec<usize>> {
    let chosen = |mask: usize| -> Vec<usize> {
        of.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, &id)| id).collect()
    };
    (0..1 << of.len()).map(chosen).filter(|ids: &Vec<usize>| ids.len() == k).collect()
}

/// What one more branch adds is the sum over the paths with exactly so many: of an image
/// over all of them; of a parameter over those that lead from it, which take the branch
/// of its own block and then some of those above.
#[test]
fn one_degree_is_the_sum_of_the_paths_of_that_length() {
    for model in networks::<f64>() {
        for mode in MODES {
            check_degrees(&model, mode);
        }
    }
}

fn check_degrees(model: &Model<f64>, mode: Mode) {
    let intact = Plan::intact(model);
    let (tape, x, loss) = recorded(model, mode);
    let along = |branches: &[usize]| {
        let routes = BackwardPlan::path(&intact, branches).unwrap().routes;
        let sweep = Sweep { skip_params: false, routes };
        named(model, &x, &tape.vjp(&loss, Tensor::full([1], 1.0), &sweep))
    };
    let units: Vec<usize> = (0..model.units.len()).collect();
    let by_length: Vec<Named<f64>> =
        (0..=units.len()).map(|branches| up_to(model, mode, branches)).collect();
    let in_branch = |name: &str, unit: usize| {
        let unit = &model.units[unit].name;
        name == format!("{unit}.conv1.weight") || name == format!("{unit}.conv2.weight")
    };
    for k in 1..=units.len() {
        for (i, (name, longer)) in by_length[k].iter().enumerate() {
            let unit = units.iter().find(|&&unit| in_branch(name, unit)).copied();
            let paths = match unit {
                None if i == 0 => choices(&units, k),
                None => continue,
                Some(unit) => {
                    let mut above = choices(&units[unit + 1..], k - 1);
                    above.iter_mut().for_each(|path| path.push(unit));
                    above
                }
            };
            let what = format!("{}, {mode:?}, {name}, {k} branches", model.name);
            let shorter = by_length[k - 1][i].1.as_ref();
            let longer = longer.as_ref().unwrap();
            let terms = paths.iter().map(|path| along(path)[i].1.clone().unwrap());
            let expected = sum(shorter.cloned().into_iter().chain(terms));
            check_close(&what, longer, &expected, Tolerance::scaled(1e-10));
        }
    }
}

/// The gradients through `least` branches or more are all gradients without those through
/// fewer. What lies behind the last unit has no branch to count and keeps its own.
#[test]
fn long_paths_are_what_short_ones_leave() {
    for model in networks::<f64>() {
        for mode in MODES {
            let [_, all] = with_all_branches(&model, mode);
            for least in 1..=model.units.len() {
                let (tape, x, loss) = recorded(&model, mode);
                let long = named(&model, &x, &tape.backward_through(&loss, least..=usize::MAX));
                let short = up_to(&model, mode, least - 1);
                for (i, (name, long)) in long.iter().enumerate() {
                    let what = format!("{}, {mode:?}, {name}, from {least}", model.name);
                    let (short, all) = (short[i].1.as_ref(), all[i].1.as_ref());
                    if name.starts_with("linear.") || name.starts_with("bn.") {
                        assert_eq!(long.as_ref(), all, "{what}");
                        continue;
                    }
                    if let Some(all) = all {
                        let parts = sum(short.into_iter().chain(long).cloned());
                        check_close(&what, &parts, all, Tolerance::scaled(1e-10));
                    }
                }
                let is_reached = |name: &str| {
                    let found = long.iter().find(|(other, _)| other == name);
                    found.is_some_and(|(_, gradient)| gradient.is_some())
                };
                // From unit i on there are n - i branches.
                for (i, unit) in model.units.iter().enumerate() {
                    let name = format!("{}.conv2.weight", unit.name);
                    assert_eq!(is_reached(&name), model.units.len() - i >= least, "{name}");
                }
            }
        }
    }
}

/// A network without skips has one path, whose branches are not counted.
#[test]
fn without_joins_it_is_the_ordinary_gradient_bit_for_bit() {
    let model: Model<f32> =
        lived_in(models::Vgg15 { width: 8, batch_norm: true, skips: false }.build("vgg", 4), 4);
    let run = |up_to: Option<usize>| {
        let mut pass = Pass::new(Tape::recording(), Mode::Train, &model.params);
        let x = pass.tape.input(images(8, 2, 32));
        let logits = model.forward(&mut pass, &x, &Plan::intact(&model));
        let loss = op::cross_entropy(&mut pass.tape, &logits, &labels(8, 2));
        let grads = match up_to {
            None => pass.tape.backward(&loss),
            Some(branches) => pass.tape.backward_through(&loss, 0..=branches),
        };
        named(&model, &x, &grads)
    };
    assert!(run(Some(3)) == run(None));
}
