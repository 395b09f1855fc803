//! Random masks against plain evaluations.

use lesion::experiment::Masks;
use lesion::{Inputs, LesionError, Question, Runner, Subject};
use models::{Plan, Route};
use nn::Pass;
use record::Bits;
use serde_json::json;
use tensor::Tensor;
use tensor::random::Stream;

use crate::common::{however_cut, sample, untrained};

fn question(subject: Subject, of: &str, masks: usize) -> Result<Question, LesionError> {
    let inputs = Inputs { networks: vec![subject], test: Some(sample(5)), ..Inputs::default() };
    Question::new(&Masks, json!({ "of": of, "masks": masks }), inputs)
}

fn ask(subject: Subject, of: &str, masks: usize) -> Result<record::Masks, LesionError> {
    let question = question(subject, of, masks)?;
    Ok(question.run(&mut Runner::default())?.answer()?)
}

/// Softmax in plain f64.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|&v| f64::from(v).exp()).sum();
    logits.iter().map(|&v| f64::from(v).exp() / sum).collect()
}

fn argmax(p: &[f64]) -> usize {
    (0..p.len()).fold(0, |best, c| if p[c] > p[best] { c } else { best })
}

/// What the answer has to be, from the probabilities of each mask and image.
fn check(found: &record::Masks, each: &[Vec<Vec<f64>>], labels: &[u8]) {
    let right = |p: &[f64], image: usize| argmax(p) == usize::from(labels[image]);
    for average in &found.averages {
        let members = &each[..average.masks];
        let mean: Bits = (0..labels.len())
            .map(|image| {
                let sum = |c: usize| members.iter().map(|mask| mask[image][c]).sum::<f64>();
                right(&(0..10).map(sum).collect::<Vec<_>>(), image)
            })
            .collect();
        assert_eq!(average.together.mean, mean, "{} masks", average.masks);
        for (mask, &wrong) in members.iter().zip(&average.together.member_wrong) {
            let expected = (0..labels.len()).filter(|&i| !right(&mask[i], i)).count();
            assert_eq!(wrong as usize, expected);
        }
    }
    for (image, &wrong) in found.wrong_masks.iter().enumerate() {
        let expected = each.iter().filter(|mask| !right(&mask[image], image)).count();
        assert_eq!(wrong as usize, expected, "image {image}");
    }
}

fn labels() -> Vec<u8> {
    sample(5).labels().to_vec()
}

fn images(subject: &Subject) -> Tensor<f32> {
    subject.batches_of(&sample(5), 0..5, 5).next().unwrap().0
}

#[test]
fn masks_of_blocks_run_survivors_in_full() {
    let mut subject = untrained("resnet14", 3);
    subject.model.branch_scale = vec![0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
    let found = ask(subject.clone(), "blocks", 12).unwrap();
    assert_eq!(found.averages.iter().map(|a| a.masks).collect::<Vec<_>>(), [1, 2, 5, 10, 12]);
    let mut full = subject.model.clone();
    full.branch_scale.fill(1.0);
    let mut skipped = 0;
    let mask = |m: u64| -> Vec<Vec<f64>> {
        let (mut plan, mut random) = (Plan::intact(&full), Stream::new(0, "masks").at(m, 0));
        for (id, rate) in [0.9, 0.8, 0.7, 0.6, 0.5, 0.4].into_iter().enumerate() {
            if random.uniform() >= rate {
                (plan.routes[id], skipped) = (Route::SKIP, skipped + 1);
            }
        }
        let mut pass = Pass::eval(&full.params);
        let x = pass.tape.constant(images(&subject));
        let logits = full.forward(&mut pass, &x, &plan).into_value();
        logits.as_slice().chunks_exact(10).map(softmax).collect()
    };
    let each: Vec<_> = (0..12).map(mask).collect();
    // 12 masks skip 2.1 of 6 blocks on average.
    assert!((12..40).contains(&skipped), "{skipped}");
    check(&found, &each, &labels());
    let plan = Plan::intact(&subject.model);
    let scaled = subject.model.logits(images(&subject), &plan);
    let right = scaled.as_slice().chunks_exact(10).zip(labels());
    let right: Bits = right.map(|(l, label)| argmax(&softmax(l)) == usize::from(label)).collect();
    assert_eq!(found.scaled.right, right);
}

/// Every image by itself, its masks one after the other.
#[test]
fn masks_of_units_are_those_of_dropout() {
    let subject = untrained("vgg15-nobn", 3);
    let found = ask(subject.clone(), "units", 3).unwrap();
    let (model, all) = (&subject.model, images(&subject));
    let plan = Plan::intact(model);
    let mut each = vec![Vec::new(); 3];
    for image in 0..5 {
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(all.rows(image, image + 1));
        let mut h = model.forward_stem(&mut pass, &x);
        for id in 0..13 {
            h = model.forward_unit(&mut pass, &h, id, &plan);
        }
        let copies = Tensor::concat(&[h.value().clone(), h.value().clone(), h.value().clone()]);
        let mut pass = Pass::eval(&model.params);
        pass.dropout = Some(Stream::new(0, "masks").at(image as u64, 0));
        let h = pass.tape.constant(copies);
        let h = model.forward_unit(&mut pass, &h, 13, &plan);
        let logits = model.forward_head(&mut pass, &h).into_value();
        for (mask, row) in each.iter_mut().zip(logits.as_slice().chunks_exact(10)) {
            mask.push(softmax(row));
        }
    }
    assert!(each[0][0] != each[1][0], "masks differ");
    check(&found, &each, &labels());
}

#[test]
fn networks_without_such_masks_are_refused() {
    for (model, of, masks, what) in [
        ("resnet8", "blocks", 2, "branches scaled by their chance to survive"),
        ("resnet8", "units", 2, "dropout"),
        ("vgg15-nobn", "blocks", 2, "branches scaled by their chance to survive"),
        ("vgg15-nobn", "units", 0, "expected at least 1"),
    ] {
        let message = ask(untrained(model, 1), of, masks).unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    let mut blocks = untrained("resnet8", 3);
    blocks.model.branch_scale = vec![0.9, 0.7, 0.5];
    however_cut(&question(blocks, "blocks", 3).unwrap());
    however_cut(&question(untrained("vgg15-nobn", 3), "units", 2).unwrap());
}
