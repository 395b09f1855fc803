//! Laws of linear probes.

use data::Dataset;
use lesion::{Inputs, LesionError, Question, Runner, Subject, experiment};
use models::{EVAL_GROUP, Model, Place, Plan, Site, Sites, Visit, evaluate, recalibrated};
use nn::{Pass, Var};
use record::{ProbedNetwork, Probes};
use serde_json::{Value, json};
use tensor::Tensor;

use crate::common::{arch, however_cut, lived_in, near, sample, training, untrained};

const IMAGES: usize = EVAL_GROUP + 3;
const TRAINING: usize = 130;

fn ask(network: &Subject, options: Value) -> Result<Question, LesionError> {
    let (test, training) = (Some(sample(IMAGES)), Some(training(TRAINING)));
    let inputs = Inputs { networks: vec![network.clone()], test, training, ..Inputs::default() };
    Question::new(experiment::named("probes").unwrap(), options, inputs)
}

fn answer(network: &Subject, options: Value) -> Probes {
    ask(network, options).unwrap().run(&mut Runner::default()).unwrap().answer().unwrap()
}

fn network() -> Subject {
    let subject = untrained("resnet8", 5);
    Subject { model: lived_in(subject.model.clone(), 5), ..subject }
}

/// The mean over all pixels of each channel.
fn pooled(value: &Tensor<f64>) -> Vec<Vec<f64>> {
    let c = *value.dims().last().unwrap();
    let image = |image: &[f64]| {
        let mean = |k: usize| image.iter().skip(k).step_by(c).sum::<f64>();
        (0..c).map(|k| mean(k) * c as f64 / image.len() as f64).collect()
    };
    value.as_slice().chunks_exact(value.len() / value.dims()[0]).map(image).collect()
}

/// The pooled image, then the pooled output of each unit, from a plain pass in `f64`.
fn features(
    subject: &Subject,
    model: &Model<f32>,
    plan: &Plan,
    images: &Dataset,
) -> Vec<Vec<Vec<f64>>> {
    let model = model.cast::<f64>();
    let images = subject.batches(images, images.len()).next().unwrap().0.cast();
    let mut all = vec![pooled(&images)];
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images);
    let mut h = model.forward_stem(&mut pass, &x);
    for id in 0..model.units.len() {
        h = model.forward_unit(&mut pass, &h, id, plan);
        all.push(pooled(h.value()));
    }
    all
}

/// What logistic regression by plain gradient descent says: the penalty that errs least on the
/// last images, and with it the loss on each test image after a fit on all.
fn slow(fitted: &[Vec<f64>], asked: &[Vec<f64>]) -> (f64, Vec<bool>, Vec<f64>) {
    let (images, test) = (training(TRAINING), sample(IMAGES));
    let label = |images: &Dataset, i: usize| usize::from(images.label(i));
    let fit = |n: usize, penalty: f64| {
        let width = fitted[0].len();
        let moment = |k: usize| {
            let mean = fitted[..n].iter().map(|f| f[k]).sum::<f64>() / n as f64;
            let squares = fitted[..n].iter().map(|f| (f[k] - mean) * (f[k] - mean));
            (mean, (squares.sum::<f64>() / n as f64).sqrt())
        };
        let moments: Vec<_> = (0..width).map(moment).collect();
        let standard = move |f: &[f64]| -> Vec<f64> {
            let z = f.iter().zip(&moments).map(|(f, (mean, deviation))| (f - mean) / deviation);
            z.chain([1.0]).collect()
        };
        let inputs: Vec<Vec<f64>> = fitted[..n].iter().map(|f| standard(f)).collect();
        let mut weights = vec![[0.0; 10]; width + 1];
        let logits = |weights: &[[f64; 10]], z: &[f64]| {
            let mut out = [0.0; 10];
            for (w, z) in weights.iter().zip(z) {
                out.iter_mut().zip(w).for_each(|(out, w)| *out += w * z);
            }
            let sum = out.iter().map(|v| v.exp()).sum::<f64>().ln();
            out.map(|v| v - sum)
        };
        // Nesterov's method, restarted where it overshoots; the slopes fall to nothing.
        let (mut before, mut beat) = (weights.clone(), 0.0);
        for _ in 0..4_000 {
            let ahead: Vec<[f64; 10]> = weights
                .iter()
                .zip(&before)
                .map(|(w, b)| std::array::from_fn(|k| w[k] + beat / (beat + 3.0) * (w[k] - b[k])))
                .collect();
            let mut slope: Vec<[f64; 10]> = ahead.iter().map(|w| w.map(|w| penalty * w)).collect();
            for (i, z) in inputs.iter().enumerate() {
                let mut p = logits(&ahead, z).map(f64::exp);
                p[label(&images, i)] -= 1.0;
                for (slope, z) in slope.iter_mut().zip(z) {
                    slope.iter_mut().zip(p).for_each(|(s, p)| *s += z * p / n as f64);
                }
            }
            let next: Vec<[f64; 10]> = ahead
                .iter()
                .zip(&slope)
                .map(|(w, s)| std::array::from_fn(|k| w[k] - 1.0 / width as f64 * s[k]))
                .collect();
            let forward: f64 = next
                .iter()
                .zip(&weights)
                .zip(&slope)
                .map(|((a, b), s)| (0..10).map(|k| (a[k] - b[k]) * s[k]).sum::<f64>())
                .sum();
            beat = if forward > 0.0 { 0.0 } else { beat + 1.0 };
            before = std::mem::replace(&mut weights, next);
        }
        move |f: &[f64]| logits(&weights, &standard(f))
    };
    let best = |logits: [f64; 10]| (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
    let n = TRAINING - TRAINING / 10;
    let wrong = |penalty: f64| {
        let fit = fit(n, penalty);
        (n..TRAINING).filter(|&i| best(fit(&fitted[i])) != Some(label(&images, i))).count()
    };
    let penalty = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].into_iter().min_by_key(|p| wrong(*p)).unwrap();
    let fit = fit(TRAINING, penalty);
    let say = |i: usize| {
        let logits = fit(&asked[i]);
        (best(logits) == Some(label(&test, i)), -logits[label(&test, i)])
    };
    let (right, losses) = (0..IMAGES).map(say).unzip();
    (penalty, right, losses)
}

/// Each probe against a slow fit on features of a plain pass.
fn check(found: &ProbedNetwork, subject: &Subject, model: &Model<f32>, plan: &Plan) {
    let fitted = features(subject, model, plan, &training(TRAINING));
    let asked = features(subject, model, plan, &sample(IMAGES));
    let image = found.image.iter().map(|probe| (0, probe));
    let places = image.chain(found.units.iter().map(|unit| (unit.index + 1, &unit.probe)));
    for (place, probe) in places {
        assert_eq!(probe.features, fitted[place][0].len());
        assert!(probe.excess <= 1e-6 && probe.steps > 0, "{}", probe.excess);
        // The fits on features in `f32` differ by rounding; only a strong penalty makes the
        // slow one end.
        if probe.penalty < 1e-2 {
            continue;
        }
        let (penalty, right, losses) = slow(&fitted[place], &asked[place]);
        assert_eq!(probe.penalty, penalty, "place {place}");
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        near(&[probe.score.cross_entropy], &[mean], 2e-2);
        let same = probe.score.right.iter().zip(&right).filter(|(a, b)| a == *b).count();
        assert!(same + 1 >= IMAGES, "place {place}: {same} of {IMAGES} answers are the same");
    }
}

#[test]
fn probes_are_those_of_a_slow_fit_on_a_plain_pass() {
    let subject = network();
    let intact = Plan::intact(&subject.model);
    let found = answer(&subject, json!({}));
    assert_eq!((found.images, found.training, found.held_out), (IMAGES, TRAINING, 13));
    let [trained] = &found.networks[..] else { panic!("one network") };
    assert_eq!((trained.deleted, trained.image.is_some()), (None, true));
    let ids: Vec<_> = trained.units.iter().map(|u| (u.index, u.stage, u.boundary)).collect();
    assert_eq!(ids, [(0, 0, false), (1, 1, true), (2, 2, true)]);
    let own = evaluate(&subject.model, &intact, subject.batches(&sample(IMAGES), 20));
    let right: Vec<bool> = trained.own.as_ref().unwrap().right.iter().collect();
    assert_eq!(right, own.is_right);
    check(trained, &subject, &subject.model, &intact);
    // Some probe was compared.
    assert!(trained.units.iter().any(|unit| unit.probe.penalty >= 1e-2));
}

#[test]
fn the_control_has_initial_weights_and_no_error_of_its_own() {
    let subject = network();
    let found =
        answer(&subject, json!({ "of": "initial", "control-seed": 7, "control-batches": 1 }));
    let branch_scale = subject.model.branch_scale.clone();
    let control = Model { branch_scale, ..arch("resnet8").build::<f32>(7) };
    let images = training(TRAINING);
    let batches = subject.batches_of(&images, 0..128, 128).map(|(images, _)| images);
    let control = recalibrated(&control, &Plan::intact(&control), batches);
    let [initial] = &found.networks[..] else { panic!("one network") };
    assert!(initial.own.is_none());
    check(initial, &subject, &control, &Plan::intact(&control));
    // The image is the same whatever the weights.
    let trained = answer(&subject, json!({}));
    assert_eq!(initial.image, trained.networks[0].image);
    assert_ne!(initial.units[2].probe, trained.networks[0].units[2].probe);
}

/// In resnet20 each stage has blocks that are not boundaries: 0 to 2, 4 and 5, 7 and 8.
#[test]
fn the_unit_in_the_middle_of_each_stage_is_deleted_and_probes_are_fitted_anew() {
    let subject = untrained("resnet20", 5);
    let subject = Subject { model: lived_in(subject.model.clone(), 5), ..subject };
    let found = answer(&subject, json!({ "of": "middle", "every": 4 }));
    let deleted: Vec<_> = found.networks.iter().map(|network| network.deleted).collect();
    assert_eq!(deleted, [Some(1), Some(5), Some(8)]);
    let units = |network: &ProbedNetwork| -> Vec<usize> {
        network.units.iter().map(|unit| unit.index).collect()
    };
    assert_eq!(
        found.networks.iter().map(units).collect::<Vec<_>>(),
        [vec![3, 7, 8], vec![7, 8], vec![8]]
    );
    for network in &found.networks {
        let plan = Plan::intact(&subject.model).delete(&subject.model, network.deleted.unwrap());
        let plan = plan.unwrap();
        assert!(network.image.is_none());
        let own = evaluate(&subject.model, &plan, subject.batches(&sample(IMAGES), 20));
        assert_eq!(network.own.as_ref().unwrap().right.iter().collect::<Vec<_>>(), own.is_right);
    }
    // Without its last block a network hands on what the block before it does.
    let intact = answer(&subject, json!({}));
    let probe = |network: &ProbedNetwork, id: usize| {
        network.units.iter().find(|unit| unit.index == id).unwrap().probe.clone()
    };
    assert_eq!(probe(&found.networks[2], 8), probe(&intact.networks[0], 7));
    assert_ne!(probe(&found.networks[1], 8), probe(&intact.networks[0], 8));
    let [of_two, _] = [0, 1].map(|place| &found.networks[place]);
    check(
        &ProbedNetwork { units: of_two.units[..1].to_vec(), ..of_two.clone() },
        &subject,
        &subject.model,
        &Plan::intact(&subject.model).delete(&subject.model, 1).unwrap(),
    );
}

/// The means over quarters of a plain pass.
#[test]
fn a_grid_gives_a_probe_more_to_see() {
    let found = answer(&network(), json!({ "pool": 2 }));
    let features: Vec<usize> =
        found.networks[0].units.iter().map(|unit| unit.probe.features).collect();
    assert_eq!(features, [64, 128, 256]);
    assert_eq!(found.networks[0].image.as_ref().unwrap().features, 12);
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads_and_reading_changes_nothing() {
    let question = ask(&network(), json!({})).unwrap();
    let record = however_cut(&question);
    // A unit's probe does not depend on which others there are.
    let all: Probes = record.answer().unwrap();
    let few = answer(&network(), json!({ "every": 2 }));
    let ids: Vec<_> = few.networks[0].units.iter().map(|unit| unit.index).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(few.networks[0].units, all.networks[0].units[1..]);
}

#[test]
fn what_cannot_be_probed_is_refused() {
    let cases = [
        (json!({ "pool": 0 }), "option pool is 0: expected 1 to 4"),
        (json!({ "pool": 5 }), "option pool is 5: expected 1 to 4"),
        (json!({ "every": 0 }), "option every is 0: expected at least 1"),
        (json!({ "of": "lesioned" }), "unknown variant `lesioned`"),
        (json!({ "of": "initial", "control-batches": 0 }), "option control-batches is 0"),
    ];
    for (options, expected) in cases {
        let message = ask(&network(), options).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let mut subject = network();
    let ids: Vec<_> = subject.model.params.ids().collect();
    for v in subject.model.params.value_mut(ids[0]).as_mut_slice() {
        *v = f32::NAN;
    }
    let failed = ask(&subject, json!({ "of": "trained" })).unwrap().run(&mut Runner::default());
    let message = failed.unwrap_err().to_string();
    assert!(message.contains("activations that are finite"), "{message}");
    let inputs = Inputs {
        networks: vec![network()],
        test: Some(sample(3)),
        training: Some(training(9)),
        ..Inputs::default()
    };
    let few = Question::new(experiment::named("probes").unwrap(), json!({}), inputs);
    assert!(few.unwrap_err().to_string().contains("at least 10 training images"));
}

/// Layers without a skip are probed as blocks are.
#[test]
fn units_of_other_kinds_are_probed_at_what_they_hand_on() {
    struct Last(Option<[usize; 2]>);
    impl Sites<f32> for Last {
        fn wants(&self, site: Site) -> bool {
            site == Site { unit: 13, place: Place::Output }
        }
        fn at(&mut self, _: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
            self.0 = Some([value.value().dims()[0], value.value().len()]);
            None
        }
    }
    let vgg = crate::common::small_vgg(true, 1);
    let found = answer(&vgg, json!({ "every": 5, "pool": 4 }));
    let units = &found.networks[0].units;
    let features: Vec<_> = units.iter().map(|unit| (unit.index, unit.probe.features)).collect();
    // Of 8, 2 and 1 pixels a side, with 8 channels.
    assert_eq!(features, [(4, 128), (9, 32), (13, 8)]);
    let mut last = Last(None);
    let mut pass = Pass::eval(&vgg.model.params);
    let x = pass.tape.constant(Tensor::full([1, 32, 32, 3], 0.5));
    vgg.model.forward_at(&mut pass, &x, &Plan::intact(&vgg.model), &mut last);
    assert_eq!(last.0, Some([1, 8]));
}
