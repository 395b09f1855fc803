//! How much later blocks depend on each earlier one.
//!
//! - **Claim:** none is judged. If paths do not depend on each other, what a block adds
//!   should hardly change when an earlier block is missing.
//! - **Source:** Csordas, Manning and Potts 2025, "Do language models use their depth
//!   efficiently?"; the question is that of Veit, Wilber and Belongie 2016, section 4.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics, on the
//!   first 1,000 test images, or all where there are fewer; the residual units that change no
//!   shape, s before l. *Propagated:* s is skipped, everything after it runs on what it gets.
//!   *Local:* only the input of l changes, by what s adds: `y_(l-1) - f_s(y_(s-1))`, for s and l
//!   of one stage. Either is the mean over the images of `|f_l(y) - f_l(y')| / |f_l(y)|`.
//! - **Expected shape:** far below 1 everywhere in the reading by independent paths; the
//!   source finds it large among early layers of language models and small among late ones.
//! - **Record:** [`record::Dependence`].
//!
//! The source takes the maximum over the positions of a text, here it is the mean over images.

use models::{Join, Model, Place, Plan, Route, Site, Sites, Unit, Visit};
use nn::{Pass, Var};
use record::{Answer as _, DependentUnit};
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::reading::{images_of, norms, sum};
use crate::{Done, Inputs, LesionError, Work};

/// Images of an item: the inputs and branches of all units are kept.
const AT_ONCE: usize = 8;

/// How much later blocks depend on each earlier one.
#[derive(Debug)]
pub struct Dependence;

/// How much is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// How many test images, the first ones; fewer where there are fewer.
    pub pair_images: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { pair_images: 1_000 }
    }
}

impl Experiment for Dependence {
    type Options = Options;
    type Answer = record::Dependence;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "how much each unit's branch changes without an earlier unit";
    const OPTIONS: &'static [OptionInfo] =
        &[OptionInfo::new("pair-images", "N", "test images, the first ones")];

    fn preview() -> Options {
        Options { pair_images: 160 }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, model) = (record::Dependence::EXPERIMENT, &inputs.network().model);
        if options.pair_images == 0 {
            return Err(LesionError::option(name, "pair-images", 0, "expected at least 1"));
        }
        let units = units(model);
        if units.len() < 2 {
            return Err(unsuited(inputs, "two units that add one branch to their input"));
        }
        let images = images(inputs, options);
        // Half of the network for each unit skipped, one branch for each pair of a stage.
        let branch = |id: usize| model.units[id].macs_along(Route::BRANCH);
        let local: u64 = local_pairs(model, &units).iter().map(|&(_, l)| branch(units[l])).sum();
        let macs = model.macs() * (2 + units.len() as u64) / 2 + local;
        Ok(vec![Work::Items {
            label: format!("changes of branches without earlier units, {images} images"),
            count: images.div_ceil(AT_ONCE),
            macs: AT_ONCE as u64 * macs,
            run: Box::new(move |inputs, item| changes(inputs, images, item)),
        }])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Dependence, LesionError> {
        let model = &inputs.network().model;
        let units = units(model);
        let numbers = done.into_iter().flat_map(Done::into_items).collect::<Vec<_>>().concat();
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(unsuited(inputs, "branches that are finite, none of them all zero"));
        }
        let (n, local) = (units.len(), local_pairs(model, &units));
        let width = n * (n - 1) / 2 + local.len();
        let images = images(inputs, options);
        let mean =
            |column: usize| numbers.iter().skip(column).step_by(width).sum::<f64>() / images as f64;
        let unit = |(l, &index): (usize, &usize)| DependentUnit {
            index,
            name: model.units[index].name.clone(),
            stage: model.units[index].stage,
            propagated: (0..l).map(|s| mean(propagated(n, s, l))).collect(),
            local: (0..l)
                .map(|s| {
                    let place = local.iter().position(|&pair| pair == (s, l))?;
                    Some(mean(n * (n - 1) / 2 + place))
                })
                .collect(),
        };
        Ok(record::Dependence { images, units: units.iter().enumerate().map(unit).collect() })
    }
}

fn unsuited(inputs: &Inputs, needed: &'static str) -> LesionError {
    LesionError::unsuited(record::Dependence::EXPERIMENT, &inputs.network().name, needed)
}

fn images(inputs: &Inputs, options: &Options) -> usize {
    options.pair_images.min(inputs.test().len())
}

/// The units that are the plain sum of their input and one branch.
fn units(model: &Model<f32>) -> Vec<usize> {
    let belongs = |unit: &Unit| {
        let is_sum = unit.join == Join::Sum && unit.merge.is_empty() && unit.branches.len() == 1;
        is_sum && unit.skip == models::Skip::Identity && !unit.is_boundary()
    };
    (0..model.units.len()).filter(|&id| belongs(&model.units[id])).collect()
}

/// Places of two units of one stage and shape, the earlier one first.
fn local_pairs(model: &Model<f32>, units: &[usize]) -> Vec<(usize, usize)> {
    let stage = |place: usize| {
        let unit = &model.units[units[place]];
        (unit.stage, unit.input)
    };
    let pairs = (0..units.len()).flat_map(|l| (0..l).map(move |s| (s, l)));
    pairs.filter(|&(s, l)| stage(s) == stage(l)).collect()
}

/// The column of a pair among all pairs of `n` units: those of s = 0 first.
fn propagated(n: usize, s: usize, l: usize) -> usize {
    s * (2 * n - s - 1) / 2 + (l - s - 1)
}

/// Of each image of an item the propagated changes, s by s, then the local ones.
fn changes(inputs: &Inputs, images: usize, item: usize) -> Vec<f64> {
    let (subject, model) = (inputs.network(), &inputs.network().model);
    let places = item * AT_ONCE..images.min((item + 1) * AT_ONCE);
    let n = places.len();
    let (batch, _) =
        subject.batches_of(inputs.test(), places, n).next().expect("an item has images");
    let (units, intact) = (units(model), Plan::intact(model));
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(batch);
    let mut h = model.forward_stem(&mut pass, &x);
    // Of each unit its input and its branch, without a scale.
    let mut seen: Vec<(Var<f32>, Tensor<f32>)> = Vec::new();
    for id in 0..model.units.len() {
        if units.contains(&id) {
            let branch = branch(&mut pass, model, id, &h);
            seen.push((h.clone(), branch));
        }
        h = model.forward_unit(&mut pass, &h, id, &intact);
    }
    let visit = Visit { images: 0..n, plans: &[0] };
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for (s, &id) in units.iter().enumerate() {
        let skipped = intact.clone().delete(model, id).expect("a residual unit");
        let rest: Vec<usize> = (id..model.units.len()).collect();
        let mut sites =
            Branches { units: &units, seen: &seen, changes: vec![Vec::new(); units.len()] };
        model.eval_units_at(&mut pass, seen[s].0.clone(), &rest, &skipped, &mut sites, &visit);
        columns.extend(sites.changes.split_off(s + 1));
    }
    for (s, l) in local_pairs(model, &units) {
        let scale = model.branch_scale[units[s]];
        let (input, without) = (seen[l].0.value(), &seen[s].1);
        let both = input.as_slice().iter().zip(without.as_slice());
        let changed = both.map(|(&y, &f)| (f64::from(y) - scale * f64::from(f)) as f32).collect();
        let changed = pass.tape.constant(Tensor::from_vec(input.shape(), changed));
        let branch = branch(&mut pass, model, units[l], &changed);
        columns.push(ratios(&branch, &seen[l].1).collect());
    }
    (0..n).flat_map(|image| columns.iter().map(move |column| column[image])).collect()
}

/// A unit's branch on `x`.
fn branch(pass: &mut Pass<'_, f32>, model: &Model<f32>, id: usize, x: &Var<f32>) -> Tensor<f32> {
    let (intact, n) = (Plan::intact(model), x.value().dims()[0]);
    let visit = Visit { images: 0..n, plans: &[0] };
    let mut parts = Parts { id, parts: Vec::new() };
    model.eval_units_at(pass, x.clone(), &[id], &intact, &mut parts, &visit);
    Tensor::concat(&parts.parts)
}

/// `|f' - f| / |f|` of each image.
fn ratios<'a>(changed: &'a Tensor<f32>, f: &'a Tensor<f32>) -> impl Iterator<Item = f64> + 'a {
    let difference = images_of(changed).zip(images_of(f)).map(|(a, b)| {
        sum(a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))).sqrt()
    });
    difference.zip(norms(f)).map(|(difference, norm)| difference / norm)
}

/// Keeps the branch of a unit, some images after the others.
struct Parts {
    id: usize,
    parts: Vec<Tensor<f32>>,
}

impl Sites<f32> for Parts {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        unit == self.id && place == Place::Branch(0)
    }

    fn at(&mut self, _: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        self.parts.push(value.value().clone());
        None
    }
}

/// Compares branches with those of the intact network.
struct Branches<'a> {
    units: &'a [usize],
    seen: &'a [(Var<f32>, Tensor<f32>)],
    /// Of each unit the changes of the images so far.
    changes: Vec<Vec<f64>>,
}

impl Sites<f32> for Branches<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        place == Place::Branch(0) && self.units.contains(&unit)
    }

    fn at(
        &mut self,
        Site { unit, .. }: Site,
        visit: &Visit<'_>,
        value: &Var<f32>,
    ) -> Option<Tensor<f32>> {
        let place = self.units.iter().position(|&id| id == unit).expect("it is wanted");
        let intact = self.seen[place].1.rows(visit.images.start, visit.images.end);
        self.changes[place].extend(ratios(value.value(), &intact));
        None
    }
}
