//! Laws of multi-residual networks, and of lesions of single functions.

use models::{BackwardPlan, Model, MultiResidual, Plan, Route};
use nn::{Mode, op};
use proptest::prelude::*;
use tensor::{Scalar, Tensor, threads};
use testkit::close::{Tolerance, check_close};

use crate::common::{arch, bits, images, labels, lived_in, record, sum};

/// The name of a parameter in a network whose blocks have one function.
fn plain(name: &str) -> String {
    name.replace(".branch0", "")
}

/// The same numbers in the same order, so one seed trains both alike.
#[test]
fn one_function_a_block_is_the_pre_activation_network() {
    for blocks in 1..=3 {
        let one = arch(&format!("multires-{blocks}x1")).build::<f32>(7);
        let resnet = arch(&format!("resnet{}", 6 * blocks + 2)).build::<f32>(7);
        let named = |model: &Model<f32>| -> Vec<_> {
            model.params.iter().map(|(_, p)| (plain(&p.name), p.value.clone())).collect()
        };
        assert!(named(&one) == named(&resnet), "{blocks}: other initial values");
        let [one, resnet] = [one, resnet].map(|model| lived_in(model, 7));
        let (images, plan) = (images(3, 4, 16), Plan::intact(&one));
        assert_eq!(plan, Plan::intact(&resnet));
        for mode in [Mode::Train, Mode::Eval] {
            let [a, b] = [&one, &resnet].map(|model| {
                let mut pass = record(model, &plan, mode, &images);
                let loss = op::cross_entropy(&mut pass.tape, &pass.logits, &labels(3, 4));
                let grads = pass.tape.backward(&loss);
                let trained = model.params.iter().filter(|(_, p)| p.is_trained);
                let grads = trained.map(|(id, _)| bits(grads.param(id).unwrap()));
                (bits(pass.logits.value()), grads.collect::<Vec<_>>())
            });
            assert!(a == b, "{blocks}, {mode:?}: other bits");
        }
    }
}

fn small<T: Scalar>(functions: usize) -> Model<T> {
    let build = MultiResidual { blocks: 2, functions, widths: [16, 16, 32] };
    lived_in(build.build("small", 5), 5)
}

/// The network whose function `branch` of unit `id` puts out zeros.
fn silenced<T: Scalar>(model: &Model<T>, id: usize, branch: usize) -> Model<T> {
    let mut model = model.clone();
    let name = format!("{}.branch{branch}.conv2.weight", model.units[id].name);
    let weight = model.params.find(&name).unwrap();
    model.params.value_mut(weight).as_mut_slice().fill(T::ZERO);
    model
}

fn check_silence<T: Scalar>(deleted: &[(usize, usize)]) {
    let model = small::<T>(3);
    let (mut plan, mut silent) = (Plan::intact(&model), model.clone());
    for &(id, branch) in deleted {
        plan = plan.delete_branch(&model, id, branch).unwrap();
        silent = silenced(&silent, id, branch);
    }
    let intact = Plan::intact(&model);
    let (a, b) = (model.logits(images(2, 2, 16), &plan), silent.logits(images(2, 2, 16), &intact));
    // Values, not bits: a sum may be a zero of either sign.
    assert!(a == b, "{deleted:?}: {a:?} {b:?}");
    if !deleted.is_empty() {
        assert_ne!(a, model.logits(images(2, 2, 16), &intact), "{deleted:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn deleting_a_function_is_having_it_put_out_zeros(
        deleted in prop::collection::vec((0usize..6, 0usize..3), 0..6),
    ) {
        check_silence::<f32>(&deleted);
        check_silence::<f64>(&deleted);
    }

    #[test]
    fn deleting_all_functions_in_any_order_is_deleting_the_unit(
        id in 0usize..6,
        order in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let model = small::<f32>(4);
        let intact = Plan::intact(&model);
        let mut plan = intact.clone();
        for branch in order {
            prop_assert_ne!(plan.routes[id], Route::SKIP);
            plan = plan.delete_branch(&model, id, branch).unwrap();
        }
        prop_assert_eq!(plan, intact.delete(&model, id).unwrap());
    }
}

/// Branch scales of 1 go through fused sums on one thread; others never do. Three functions, so
/// that a sum in another order has other bits.
#[test]
fn few_images_have_the_same_bits_on_one_thread_and_on_several() {
    fn check<T: Scalar>() {
        let plain = small::<T>(3);
        let mut scaled = plain.clone();
        scaled.branch_scale.iter_mut().for_each(|scale| *scale = 0.75);
        for model in [plain, scaled] {
            let intact = Plan::intact(&model);
            let two = intact.clone().delete_branch(&model, 1, 1).unwrap();
            let one = two.clone().delete_branch(&model, 1, 0).unwrap();
            for (n, plan) in [(1, &intact), (5, &two), (3, &one), (33, &intact)] {
                let on = |count| {
                    let logits = || bits(&model.logits(images(3, n, 16), plan));
                    threads::with_threads(count, logits).unwrap()
                };
                let alone = on(1);
                let each = [2, 3].map(on);
                assert!(each.iter().all(|several| *several == alone), "{n} images: other bits");
                // Whoever is one of many pieces keeps to its thread, with the same bits.
                let logits = || bits(&model.logits(images(3, n, 16), plan));
                assert!(threads::with_threads(2, || threads::alone(logits)).unwrap() == alone);
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

/// Of the 3 blocks each path takes the skip or one of K functions.
#[test]
fn the_gradients_of_all_paths_sum_to_the_ordinary_gradient() {
    for functions in [2, 3] {
        let build = MultiResidual { blocks: 1, functions, widths: [4, 6, 8] };
        let model = lived_in(build.build::<f64>("small", 5), 5);
        let intact = Plan::intact(&model);
        let terms = functions + 1;
        for mode in [Mode::Train, Mode::Eval] {
            let pass = record(&model, &intact, mode, &images(8, 2, 8));
            let dy = Tensor::from_fn(pass.logits.value().shape(), |i| ((i * 7) % 11) as f64 - 5.0);
            let along = |routes: Vec<Route>| {
                let plan = BackwardPlan { routes };
                plan.check(&intact).unwrap();
                let grads = pass.tape.vjp(&pass.logits, dy.clone(), &plan.sweep());
                grads.of(&pass.x).unwrap().clone()
            };
            // The digits of a path's number in base K + 1 are its terms.
            let term = |digit: usize| match digit {
                0 => Route::SKIP,
                digit => Route::only(digit - 1),
            };
            let path = |number: usize| -> Vec<Route> {
                (0..3).map(|id| term(number / terms.pow(id) % terms)).collect()
            };
            let total = sum((0..terms.pow(3)).map(|number| along(path(number))));
            let ordinary = along(intact.routes.clone());
            let what = format!("{functions} functions, {mode:?}");
            check_close(&what, &total, &ordinary, Tolerance::scaled(1e-10));
        }
    }
}
