//! Single groups of a ResNeXt deleted, image by image.

use models::{EVAL_GROUP, Model, Plan, Predictions, ResNext, Unit, score};
use nn::Pass;

use crate::reading::{group, groups};
use crate::{Inputs, Work};

/// The sizes of a ResNeXt whose blocks have several groups in one branch.
pub(super) fn sizes(model: &Model<f32>) -> Option<ResNext> {
    let net = ResNext::named(&model.name)?;
    let is_whole = model.units.iter().all(|unit| unit.branches.len() == 1);
    (net.groups > 1 && is_whole).then_some(net)
}

/// The intact network and, unit by unit, the network without each group. Form A runs a
/// branch for each group and would be many times slower; the weights of form C that read a
/// group, set to 0, are the same function, and what comes before a unit runs once.
pub(super) fn work(inputs: &Inputs, net: ResNext) -> Work {
    let model = &inputs.network().model;
    let units = model.units.len();
    let from = |id: usize| -> u64 { model.units[id..].iter().map(Unit::macs).sum() };
    let lesioned: u64 = (0..units).map(|id| from(id) + model.head_macs()).sum();
    let macs = model.macs() + net.groups as u64 * lesioned;
    Work::Items {
        label: format!("single groups deleted, {EVAL_GROUP} images an item"),
        count: groups(inputs),
        macs: macs * EVAL_GROUP as u64,
        run: Box::new(move |inputs, item| run(inputs, net, item)),
    }
}

/// Of the intact network, then of each lesion, for each image of an item whether it is right,
/// and its loss.
fn run(inputs: &Inputs, net: ResNext, item: usize) -> Vec<f64> {
    let (subject, places) = (inputs.network(), group(inputs, item));
    let (model, plan, n) = (&subject.model, Plan::intact(&subject.model), places.len());
    let batch = subject.batches_of(inputs.test(), places, n).next();
    let (images, labels) = batch.expect("an item has images");
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(images);
    let mut numbers = Vec::new();
    let mut say = |h, pass: &mut Pass<'_, f32>| {
        let found = score(model.forward_head(pass, &h).value(), &labels);
        let each = found.is_right.iter().zip(found.losses);
        numbers.extend(each.flat_map(|(&right, loss)| [f64::from(u8::from(right)), loss]));
    };
    let mut inputs = vec![model.forward_stem(&mut pass, &x)];
    for &id in &plan.order {
        inputs.push(model.eval_units(&mut pass, inputs[id].clone(), &[id], &plan));
    }
    let out = inputs.pop().expect("the last unit hands something on");
    say(out, &mut pass);
    for (id, input) in inputs.iter().enumerate() {
        for group in 0..net.groups {
            let without = net.without_group(model, id, group);
            let mut lesioned = Pass::eval(&without.params);
            let input = lesioned.tape.constant(input.value().clone());
            let h = without.eval_units(&mut lesioned, input, &[id], &plan);
            let h = pass.tape.constant(h.into_value());
            let h = model.eval_units(&mut pass, h, &plan.order[id + 1..], &plan);
            say(h, &mut pass);
        }
    }
    numbers
}

/// The predictions of each network, from the numbers of all items.
pub(super) fn predictions(items: Vec<Vec<f64>>, images: usize) -> Vec<Predictions> {
    let mut all: Vec<Predictions> = Vec::new();
    for (item, numbers) in items.iter().enumerate() {
        let n = EVAL_GROUP.min(images - item * EVAL_GROUP);
        let networks = numbers.chunks_exact(2 * n);
        all.resize_with(networks.len(), Predictions::default);
        for (network, of_images) in all.iter_mut().zip(networks) {
            for image in of_images.chunks_exact(2) {
                network.is_right.push(image[0] == 1.0);
                network.losses.push(image[1]);
            }
        }
    }
    all
}
