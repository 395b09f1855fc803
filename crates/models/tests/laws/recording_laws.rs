//! Gradients along paths, stopped and rescaled after every unit, against those of one tape.

use models::{Arch, BackwardPlan, Model, Plan, Recording, Route};
use nn::{Mode, Pass, Tape, Var, op};
use tensor::{Scalar, Tensor};
use testkit::close::{Tolerance, check_close};

use crate::common::{arch, bits, images, labels, lived_in, sum};

const MODES: [Mode; 2] = [Mode::Train, Mode::Eval];

fn network<T: Scalar>(arch: Arch) -> Model<T> {
    lived_in(arch.build(7), 7)
}

fn recorded<T: Scalar>(model: &Model<T>, plan: &Plan, mode: Mode, n: usize) -> Recording<T> {
    Recording::new(model, plan, mode, images(8, n, 8), &labels(8, n))
}

/// The same on one tape: the tape, the images, the stem's output, the loss.
fn on_one_tape<T: Scalar>(
    model: &Model<T>,
    plan: &Plan,
    mode: Mode,
    n: usize,
) -> (Tape<T>, Var<T>, Var<T>) {
    let mut pass = Pass::new(Tape::recording(), mode, &model.params);
    let x = pass.tape.input(images(8, n, 8));
    let logits = model.forward(&mut pass, &x, plan);
    let loss = op::cross_entropy(&mut pass.tape, &logits, &labels(8, n));
    (pass.tape, x, loss)
}

/// All sets of units, by their number of elements.
fn sets(units: usize) -> Vec<Vec<usize>> {
    let chosen = |mask: usize| (0..units).filter(|unit| mask >> unit & 1 == 1).collect();
    let mut sets: Vec<Vec<usize>> = (0..1 << units).map(chosen).collect();
    sets.sort_by_key(Vec::len);
    sets
}

#[test]
fn a_path_is_the_sweep_of_one_tape_along_it() {
    for name in ["resnet8", "resnet14", "resnet8-v1"] {
        let model = network::<f64>(arch(name));
        let intact = Plan::intact(&model);
        for mode in MODES {
            let recording = recorded(&model, &intact, mode, 3);
            let (tape, x, loss) = on_one_tape(&model, &intact, mode, 3);
            assert!((recording.loss() - loss.value().as_slice()[0]).abs() < 1e-12);
            let path = |units: Vec<usize>| BackwardPlan::path(&intact, &units).unwrap();
            let mut plans: Vec<_> = sets(model.units.len()).into_iter().map(path).collect();
            plans.push(BackwardPlan::ordinary(&intact));
            for plan in plans {
                let found = recording.gradient(&plan);
                let grads = tape.vjp(&loss, Tensor::full([1], 1.0), &plan.sweep());
                let expected = grads.of(&x).unwrap();
                let what = format!("{name}, {mode:?}, {plan:?}");
                check_close(
                    &what,
                    &found.at_images.to_tensor(),
                    expected,
                    Tolerance::scaled(1e-12),
                );
                let norms = (found.at_images.norm(), expected.norm());
                assert!((norms.0 - norms.1).abs() <= 1e-12 * norms.1, "{what}: {norms:?}");
            }
        }
    }
}

/// The stem of these networks is one convolution, so the gradient in the images is its
/// adjoint of the one in its output.
#[test]
fn the_gradient_in_the_stems_output_leads_to_that_in_the_images() {
    let model = network::<f64>(arch("resnet8"));
    let intact = Plan::intact(&model);
    let found = recorded(&model, &intact, Mode::Train, 3)
        .gradient(&BackwardPlan::path(&intact, &[0, 2]).unwrap());
    let mut pass = Pass::new(Tape::recording(), Mode::Train, &model.params);
    let x = pass.tape.input(images(8, 3, 8));
    let y = model.forward_stem(&mut pass, &x);
    let grads = pass.tape.vjp(&y, found.at_stem.to_tensor(), &Default::default());
    let at_images = found.at_images.to_tensor();
    check_close("images", &at_images, grads.of(&x).unwrap(), Tolerance::scaled(1e-12));
}

/// Twice the same plan, in any order: what is shared does not show.
#[test]
fn many_plans_together_have_the_bits_of_each_alone() {
    for name in ["resnet14", "resnet8-v1", "highway"] {
        let model = network::<f32>(arch(name));
        let intact = Plan::intact(&model);
        let open = (0..intact.routes.len()).filter(|&id| intact.routes[id] == Route::BOTH);
        let open: Vec<usize> = open.take(5).collect();
        let path = |units: Vec<usize>| {
            let units: Vec<usize> = units.iter().map(|&unit| open[unit]).collect();
            BackwardPlan::path(&intact, &units).unwrap()
        };
        let mut plans: Vec<_> = sets(open.len()).into_iter().map(path).collect();
        plans.push(BackwardPlan::ordinary(&intact));
        plans.push(plans[3].clone());
        plans.rotate_left(7);
        let recording = recorded(&model, &intact, Mode::Train, 3);
        let mut seen = vec![0; plans.len()];
        recording.gradients(&plans, &mut |place, found| {
            seen[place] += 1;
            let alone = recording.gradient(&plans[place]);
            let what = format!("{name}, {:?}", plans[place]);
            for (found, alone) in
                [(&found.at_images, &alone.at_images), (&found.at_stem, &alone.at_stem)]
            {
                assert_eq!(bits(&found.to_tensor()), bits(&alone.to_tensor()), "{what}");
            }
        });
        assert!(seen.iter().all(|&times| times == 1), "{name}: {seen:?}");
    }
}

/// Exhaustively, in both modes; under a lesion only the open units count.
#[test]
fn each_length_is_the_sum_of_its_paths_and_all_are_the_ordinary_gradient() {
    for name in ["resnet8", "resnet14", "resnet8-v1"] {
        let model = network::<f64>(arch(name));
        let mut lesioned = Plan::intact(&model).delete(&model, 1).unwrap();
        lesioned.routes[2] = Route::BRANCH;
        for plan in [Plan::intact(&model), lesioned] {
            let open: Vec<usize> =
                (0..plan.routes.len()).filter(|&id| plan.routes[id] == Route::BOTH).collect();
            for mode in MODES {
                let recording = recorded(&model, &plan, mode, 3);
                let by_length = recording.by_length();
                assert_eq!(by_length.len(), open.len() + 1);
                let along = |units: &Vec<usize>| {
                    let units: Vec<usize> = units.iter().map(|&i| open[i]).collect();
                    let path = BackwardPlan::path(&plan, &units).unwrap();
                    recording.gradient(&path).at_images.to_tensor()
                };
                let paths = sets(open.len());
                for (k, found) in by_length.iter().enumerate() {
                    let of_length = paths.iter().filter(|units| units.len() == k);
                    let expected = sum(of_length.map(along));
                    let what = format!("{name}, {mode:?}, length {k}");
                    check_close(&what, &found.to_tensor(), &expected, Tolerance::scaled(1e-12));
                }
                let whole = recording.gradient(&BackwardPlan::ordinary(&plan)).at_images;
                let total = sum(by_length.iter().map(|found| found.to_tensor()));
                let what = format!("{name}, {mode:?}, all lengths");
                check_close(&what, &total, &whole.to_tensor(), Tolerance::scaled(1e-12));
                let shares = by_length.iter().map(|found| found.dot(&whole));
                let squared = whole.norm() * whole.norm();
                assert!((shares.sum::<f64>() - squared).abs() <= 1e-11 * squared);
            }
        }
    }
}

/// Nine branches that attenuate by some 1e-8 each: in `f32` the whole is below the
/// smallest number, so one tape gives zeros, and what is stopped and rescaled does not.
#[test]
fn what_is_too_small_for_f32_on_one_tape_keeps_its_digits() {
    let mut model = network::<f32>(arch("resnet20"));
    model.branch_scale = vec![1e-8; 9];
    let intact = Plan::intact(&model);
    let twin = model.cast::<f64>();
    let path = BackwardPlan::path(&intact, &[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    for mode in MODES {
        let exact = recorded(&twin, &intact, mode, 4).gradient(&path).at_images.norm();
        let found = recorded(&model, &intact, mode, 4).gradient(&path).at_images.norm();
        assert!(exact > 0.0 && exact < 1e-50, "{exact:e}");
        assert!((found - exact).abs() <= 1e-3 * exact, "{mode:?}: {found:e}, exact {exact:e}");
        let (tape, x, loss) = on_one_tape(&model, &intact, mode, 4);
        let grads = tape.vjp(&loss, Tensor::full([1], 1.0), &path.sweep());
        assert_eq!(grads.of(&x).unwrap().norm(), 0.0, "one tape underflows");
    }
}

/// A branch whose last convolution is zero hands no gradient back: a true zero.
#[test]
fn a_dead_branch_gives_exact_zeros() {
    let mut model = network::<f32>(arch("resnet8"));
    let id = model.params.find("layer2.0.conv2.weight").unwrap();
    model.params.value_mut(id).as_mut_slice().fill(0.0);
    let intact = Plan::intact(&model);
    let recording = recorded(&model, &intact, Mode::Train, 3);
    for units in sets(3) {
        let path = BackwardPlan::path(&intact, &units).unwrap();
        let norm = recording.gradient(&path).at_images.norm();
        assert_eq!(norm == 0.0, units.contains(&1), "{units:?}: {norm:e}");
    }
    assert_eq!(recording.by_length()[3].norm(), 0.0);
}

#[test]
#[should_panic(expected = "recording: unit 1: the forward pass took Skip")]
fn a_path_that_was_not_run_is_refused() {
    let model = network::<f32>(arch("resnet8"));
    let plan = Plan::intact(&model).delete(&model, 1).unwrap();
    let recording = recorded(&model, &plan, Mode::Eval, 2);
    let _ = recording.gradient(&BackwardPlan::ordinary(&Plan::intact(&model)));
}
