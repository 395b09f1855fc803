//! Laws of path gradients: each number is that of one tape in `f64`.

use data::Crop;
use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{BackwardPlan, Model, Plan, Route};
use nn::{Mode, Pass, Tape, Var, op};
use record::{PathGradients, Record};
use serde_json::{Value, json};
use tensor::random::Stream;
use tensor::{Tensor, threads};

use crate::common::{SMALLEST, foreign, small_vgg, training, untrained};

const IMAGES: usize = 20;

fn question(network: Subject, options: Value) -> Result<Question, LesionError> {
    let inputs = Inputs {
        networks: vec![network],
        test: None,
        training: Some(training(IMAGES)),
        ..Inputs::default()
    };
    Question::new(experiment::named("path-gradients").unwrap(), options, inputs)
}

fn answer(network: Subject, options: Value) -> PathGradients {
    let record = question(network, options).unwrap().run(&mut Runner::default());
    record.unwrap().answer().unwrap()
}

/// Two batches of four images, all paths.
fn small(mode: &str, seed: u64) -> Value {
    json!({
        "batches": 2, "batch-size": 4, "choice": "all", "exact-batches": 2, "mode": mode,
        "seed": seed,
    })
}

/// Batch 0 or 1 of four images, cropped one by one, in `f64`.
fn images(network: &Subject, seed: u64, batch: usize) -> (Tensor<f64>, Vec<u8>) {
    let set = training(IMAGES);
    let order = data::shuffled_indices(IMAGES, &mut Stream::new(seed, "shuffle").at(0, 0));
    let (mut all, mut labels) = (Vec::new(), Vec::new());
    for &image in &order[4 * batch..4 * batch + 4] {
        let crop = Crop::draw(&mut Stream::new(seed, "augment").at(0, u64::from(image)));
        let (mut pixels, mut label, norm) = ([0.0; 3072], [0], &network.normalisation);
        data::fill_batch_augmented(&mut pixels, &mut label, &set, &[image], &[crop], norm);
        all.extend(pixels.iter().map(|&v| f64::from(v)));
        labels.extend(label);
    }
    (Tensor::from_vec([4, 32, 32, 3], all), labels)
}

/// A whole pass on one tape, from the images and from the stem's output.
struct Whole {
    model: Model<f64>,
    tape: Tape<f64>,
    images: Var<f64>,
    stem: Var<f64>,
    loss: Var<f64>,
}

impl Whole {
    fn new(network: &Subject, mode: Mode, seed: u64, batch: usize) -> Whole {
        let model = network.model.cast::<f64>();
        let (x, labels) = images(network, seed, batch);
        let mut pass = Pass::new(Tape::recording(), mode, &model.params);
        let images = pass.tape.input(x);
        let y = model.forward_stem(&mut pass, &images);
        // A new leaf, so that the sweep delivers the gradient here too.
        let stem = pass.tape.input(y.into_value());
        let plan = Plan::intact(&model);
        let units = plan.order.iter();
        let h = units.fold(stem.clone(), |h, &id| model.forward_unit(&mut pass, &h, id, &plan));
        let logits = model.forward_head(&mut pass, &h);
        let loss = op::cross_entropy(&mut pass.tape, &logits, &labels);
        let tape = pass.tape;
        Whole { model, tape, images, stem, loss }
    }

    /// The gradients in the images and in the stem's output.
    fn along(&self, plan: &BackwardPlan) -> [Tensor<f64>; 2] {
        let grads = self.tape.vjp(&self.loss, Tensor::full([1], 1.0), &plan.sweep());
        let at_stem = grads.of(&self.stem).unwrap().clone();
        let mut pass = Pass::new(Tape::recording(), Mode::Eval, &self.model.params);
        let x = pass.tape.input(self.images.value().clone());
        let y = self.model.forward_stem(&mut pass, &x);
        let grads = pass.tape.vjp(&y, at_stem.clone(), &Default::default());
        [grads.of(&x).unwrap().clone(), at_stem]
    }

    /// Of every path, by length and then as words in a dictionary.
    fn paths(&self) -> Vec<Vec<[Tensor<f64>; 2]>> {
        let n = self.model.units.len();
        let mut sets: Vec<Vec<usize>> =
            (0..1 << n).map(|m: usize| (0..n).filter(|i| m >> i & 1 == 1).collect()).collect();
        sets.sort();
        let of_length = |k| {
            let sets = sets.iter().filter(|set| set.len() == k);
            let plan = Plan::intact(&self.model);
            let path = |set: &Vec<usize>| self.along(&BackwardPlan::path(&plan, set).unwrap());
            sets.map(path).collect()
        };
        (0..=n).map(of_length).collect()
    }
}

/// A network with the shifts of its norms so far up and down by turns that each rectifier
/// is open or closed for all of its channel: rounding does not decide which.
fn decided() -> Subject {
    let mut network = untrained("resnet8", 3);
    let params = &mut network.model.params;
    let is_shift = |name: &str| name.contains("bn") && name.ends_with(".bias");
    let shifts: Vec<_> =
        params.iter().filter(|(_, param)| is_shift(&param.name)).map(|(id, _)| id).collect();
    assert_eq!(shifts.len(), 7);
    for id in shifts {
        for (c, shift) in params.value_mut(id).as_mut_slice().iter_mut().enumerate() {
            *shift = if c.is_multiple_of(2) { 9.0 } else { -9.0 };
        }
    }
    network
}

fn assert_near(what: &str, found: f64, expected: f64, scale: f64) {
    assert!((found - expected).abs() <= 2e-4 * scale, "{what}: {found:e}, expected {expected:e}");
}

#[test]
fn all_paths_and_all_lengths_are_those_of_one_tape() {
    let network = decided();
    for (name, mode) in [("train", Mode::Train), ("eval", Mode::Eval)] {
        let found = answer(network.clone(), small(name, 5));
        assert_eq!((found.units.as_slice(), found.batch), (&[0, 1, 2][..], 4));
        for batch in 0..2 {
            let whole = Whole::new(&network, mode, 5, batch);
            let (paths, exact) = (&found.paths[batch], &found.exact[batch]);
            assert_near("loss", paths.loss, whole.loss.value().as_slice()[0], 1.0);
            let plan = BackwardPlan::ordinary(&Plan::intact(&whole.model));
            let [total, _] = whole.along(&plan);
            assert_near("|g|^2", exact.squared, total.dot(&total), exact.squared);
            for (k, expected) in whole.paths().iter().enumerate() {
                let norms = &paths.lengths[k];
                assert!(norms.all && norms.at_images.len() == expected.len());
                for (i, [at_images, at_stem]) in expected.iter().enumerate() {
                    let what = format!("{name}, batch {batch}, path {i} of length {k}");
                    let (images, stem) = (at_images.norm(), at_stem.norm());
                    assert_near(&what, norms.at_images[i], images, images);
                    assert_near(&what, norms.at_stem[i], stem, stem);
                }
                let sum = (0..total.len()).map(|i| {
                    expected.iter().map(|[at_images, _]| at_images.as_slice()[i]).sum::<f64>()
                });
                let sum = Tensor::from_vec(total.shape(), sum.collect());
                let what = format!("{name}, batch {batch}, length {k}");
                assert_near(&what, exact.norms[k], sum.norm(), sum.norm());
                let scale = sum.norm() * total.norm();
                assert_near(&what, exact.products[k], sum.dot(&total), scale);
            }
            let all: f64 = exact.products.iter().sum();
            assert_near("shares", all, exact.squared, exact.squared);
        }
    }
}

#[test]
fn before_training_the_weights_are_those_of_its_seed() {
    let mut network = decided();
    network.weights.seed = Some(7);
    let mut options = small("train", 5);
    let trained = answer(network.clone(), options.clone());
    options["state"] = json!("initial");
    let initial = answer(network, options.clone());
    assert_ne!(initial, trained);
    options["state"] = json!("trained");
    assert_eq!(initial, answer(untrained("resnet8", 7), options));
}

/// Random paths are some of all: with the same seed the batches are the same.
#[test]
fn a_random_path_is_one_of_its_length() {
    let network = untrained("resnet8", 3);
    let all = answer(network.clone(), small("train", 5));
    let mut options = small("train", 5);
    options["choice"] = json!("random");
    options["paths"] = json!(2);
    options["long-paths"] = json!(1);
    options["exact-batches"] = json!(0);
    let some = answer(network, options);
    assert!(some.exact.is_empty());
    for (some, all) in some.paths.iter().zip(&all.paths) {
        assert_eq!(some.loss, all.loss);
        let numbers: Vec<_> =
            some.lengths.iter().map(|length| (length.at_images.len(), length.all)).collect();
        assert_eq!(numbers, [(1, true), (2, false), (1, false), (1, true)]);
        for (some, all) in some.lengths.iter().zip(&all.lengths) {
            assert!(some.at_images.iter().all(|norm| all.at_images.contains(norm)));
        }
    }
}

/// Six branches of 1e-12 each are far below what `f32` holds, and a branch of 0 is 0.
#[test]
fn small_norms_are_kept_and_zeros_are_zeros() {
    let mut network = untrained("resnet14", 3);
    network.model.branch_scale = vec![1e-12; 6];
    let mut options = small("eval", 5);
    options["exact-batches"] = json!(0);
    let lengths = answer(network.clone(), options.clone()).paths[0].lengths.clone();
    let norm = |k: usize| lengths[k].at_images[0];
    assert!(norm(6) > 0.0 && norm(6) < 1e-60 * norm(0), "{:e}", norm(6));
    network.model.branch_scale[0] = 0.0;
    let lengths = answer(network, options).paths[0].lengths.clone();
    for (k, length) in lengths.iter().enumerate() {
        // Of the paths of length k these pass unit 0; sets with it come first.
        let passing = if k == 0 { 0 } else { length.at_images.len() * k / 6 };
        let zeros = length.at_images.iter().map(|norm| *norm == 0.0);
        let expected = (0..length.at_images.len()).map(|i| i < passing);
        assert!(zeros.eq(expected), "{k}: {length:?}");
    }
}

#[test]
fn threads_and_pieces_change_no_bit() {
    let run = |threads, limits| -> Record {
        let question = question(untrained("resnet8", 3), small("train", 1)).unwrap();
        let mut runner = Runner { limits, ..Runner::default() };
        threads::with_threads(threads, || question.run(&mut runner).unwrap()).unwrap()
    };
    let whole = run(1, lesion::Limits { macs: u64::MAX, parts: 1 });
    let options = "batches2-batch-size4-choiceall-exact-batches2-seed1";
    let network = &question(untrained("resnet8", 3), small("train", 1)).unwrap();
    let network = foreign(network, "resnet8");
    assert_eq!(whole.name, format!("path-gradients-{network}-sample-first-20-{options}"));
    assert!(run(3, SMALLEST) == whole && run(2, SMALLEST) == whole);
}

#[test]
fn the_seed_decides_batches_and_paths_and_the_mode_the_statistics() {
    let losses = |mode, seed| {
        let found = answer(untrained("resnet8", 3), small(mode, seed));
        found.paths.iter().map(|batch| batch.loss).collect::<Vec<_>>()
    };
    assert_eq!(losses("train", 1), losses("train", 1));
    assert_ne!(losses("train", 1), losses("train", 2));
    assert_ne!(losses("train", 1), losses("eval", 1));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let cases = [
        (json!({ "batch-size": 1 }), "batch-size is 1: expected 2 to 20"),
        (json!({ "batch-size": 21 }), "batch-size is 21: expected 2 to 20"),
        (json!({ "batch-size": 8, "batches": 3 }), "batches is 3: expected 1 to 2, as 20 training"),
        (json!({ "batch-size": 8, "batches": 0 }), "batches is 0: expected 1 to 2"),
        (
            json!({ "batch-size": 8, "batches": 1, "exact-batches": 3 }),
            "exact-batches is 3: expected 0 to 2",
        ),
        (json!({ "paths": 0 }), "paths is 0: expected 1 to 100000"),
        (json!({ "choice": "some" }), "expected `random` or `all`"),
        (json!({ "long-paths": 0 }), "long-paths is 0: expected 1 to 100000"),
        (json!({ "mode": "test" }), "expected `train` or `eval`"),
        (json!({ "state": "half" }), "expected `trained` or `initial`"),
    ];
    for (options, expected) in cases {
        let message = question(untrained("resnet8", 1), options).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
    let of_unknown_seed = question(untrained("resnet8", 1), json!({ "state": "initial" }));
    let message = of_unknown_seed.unwrap_err().to_string();
    assert!(message.contains("weights that state the seed of their training"), "{message}");
    let mut seeded = untrained("resnet8", 1);
    seeded.weights.seed = Some(1);
    let running = question(seeded, json!({ "state": "initial", "mode": "eval" })).unwrap_err();
    assert!(running.to_string().contains("no running statistics before a training"), "{running}");
    let deep = question(untrained("resnet110", 1), json!({ "choice": "all" })).unwrap_err();
    assert!(deep.to_string().contains("54 units have 2^54 paths"), "{deep}");
    let plain = question(small_vgg(true, 1), json!({})).unwrap_err().to_string();
    assert!(plain.contains("it needs units with a skip and one branch"), "{plain}");
}

/// Layers between the stages of a highway network have no skip: every path passes them.
#[test]
fn units_without_a_choice_are_on_every_path() {
    let network = untrained("highway", 1);
    let open: Vec<usize> = { network.model.units.iter().enumerate() }
        .filter(|(_, unit)| unit.intact_route() == Route::BOTH)
        .map(|(id, _)| id)
        .collect();
    assert!(open.len() < network.model.units.len());
    let options =
        json!({ "batches": 1, "batch-size": 2, "paths": 1, "long-paths": 1, "exact-batches": 1 });
    let found = answer(network, options);
    assert_eq!(found.units, open);
    assert_eq!(found.paths[0].lengths.len(), open.len() + 1);
    let all: f64 = found.exact[0].products.iter().sum();
    assert_near("shares", all, found.exact[0].squared, found.exact[0].squared);
}
