//! The norm of each unit's branch beside that of what it is added to, and the angle that it
//! turns it by.
//!
//! - **Claim:** (rival) how much a deletion hurts is explained by how large the deleted
//!   branch is, without any appeal to an ensemble of paths.
//! - **Source:** the reading of residual networks as iterative refinement: Greff,
//!   Srivastava and Schmidhuber 2017; Jastrzebski et al. 2018. Veit, Wilber and Belongie
//!   2016 do not measure it.
//! - **Protocol:** trained weights as they are, the intact network. For every unit and
//!   every test image the Frobenius norms of the unit's input `y_(i-1)`, of its skip's
//!   output s and of its branch as it is added, `f_i`; the ratios are taken image by
//!   image, then averaged. A boundary unit's branch is put beside its input and beside its
//!   skip's output, which are different things there. Gated units and units that do
//!   something to the sum of their branches have no `f_i` and are left out.
//!   *Block influence* (Men et al. 2024, "ShortGPT") is 1 minus the mean cosine, over the
//!   channels at each position, between what a unit receives and what it hands on; a position
//!   takes the place of a token. At a boundary these have different shapes, so the skip's
//!   output stands for what is received, which elsewhere is the same.
//! - **Expected shape:** ratios that fall along each stage, and are large at the boundary
//!   units and in the first unit.
//! - **Record:** [`record::ResidualNorms`].

use models::{EVAL_GROUP, Join, Model, Place, Site, Sites, Unit, Visit};
use nn::Var;
use record::{Answer as _, BranchNorms, MeanSd, UnitNorms};
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::reading::{group, groups, images_of, norms, read};
use crate::{Done, Inputs, LesionError, Work};

/// The norm of each unit's branch beside that of what it is added to, and how far it turns it.
#[derive(Debug)]
pub struct ResidualNorms;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

/// Numbers of one unit and image: the norms of input, skip and branch, and the influence.
const NORMS: usize = 4;

impl Experiment for ResidualNorms {
    type Options = Options;
    type Answer = record::ResidualNorms;

    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "the norm of each unit's branch beside that of its input";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn preview_images(_: &Options) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        if sums(model).is_empty() {
            return Err(unsuited(inputs, "a unit that adds its branch to a skip"));
        }
        Ok(vec![Work::Items {
            label: "norms and influence of each unit".to_owned(),
            count: groups(inputs),
            macs: EVAL_GROUP as u64 * model.macs(),
            run: Box::new(|inputs, item| {
                let subject = inputs.network();
                let mut norms = Norms::new(&subject.model, group(inputs, item).start);
                read(inputs, subject, &subject.model, item, &mut norms);
                norms.numbers
            }),
        }])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::ResidualNorms, LesionError> {
        let model = &inputs.network().model;
        let numbers: Vec<f64> = done.into_iter().flat_map(Done::into_items).flatten().collect();
        let measured = sums(model);
        let unit = |(index, unit): (usize, &Unit)| UnitNorms {
            index,
            name: unit.name.clone(),
            stage: unit.stage,
            boundary: unit.is_boundary(),
            norms: measured.iter().position(|&id| id == index).map(|place| {
                let rows = || numbers.chunks_exact(NORMS).skip(place).step_by(measured.len());
                branch_norms(rows)
            }),
        };
        let units: Vec<UnitNorms> = model.units.iter().enumerate().map(unit).collect();
        let is_finite = |norms: &BranchNorms| {
            let BranchNorms { input, skip, branch, over_input, over_skip, influence } = norms;
            let mut each = [input, skip, branch, over_input, over_skip, influence].into_iter();
            each.all(|norm| norm.mean.is_finite() && norm.sd.is_finite())
        };
        if !units.iter().flat_map(|unit| &unit.norms).all(is_finite) {
            return Err(unsuited(inputs, "activations that are finite, none of them all zero"));
        }
        Ok(record::ResidualNorms { images: inputs.test().len(), units })
    }
}

/// Of a unit whose numbers these are, one row for each image.
fn branch_norms<'a, I: Iterator<Item = &'a [f64]> + Clone>(rows: impl Fn() -> I) -> BranchNorms {
    let column = |place: usize| MeanSd::of(rows().map(move |row| row[place]));
    BranchNorms {
        input: column(0),
        skip: column(1),
        branch: column(2),
        over_input: MeanSd::of(rows().map(|row| row[2] / row[0])),
        over_skip: MeanSd::of(rows().map(|row| row[2] / row[1])),
        influence: column(3),
    }
}

/// The units that are a plain sum of a skip and branches.
fn sums(model: &Model<f32>) -> Vec<usize> {
    let is_sum = |unit: &Unit| unit.has_skip() && unit.join == Join::Sum && unit.merge.is_empty();
    (0..model.units.len()).filter(|&id| is_sum(&model.units[id])).collect()
}

fn unsuited(inputs: &Inputs, needed: &'static str) -> LesionError {
    LesionError::unsuited(record::ResidualNorms::EXPERIMENT, &inputs.network().name, needed)
}

/// Takes the norms of some images in passing.
struct Norms<'a> {
    model: &'a Model<f32>,
    /// The units that have norms.
    units: Vec<usize>,
    /// The place of the first image.
    first: usize,
    /// [`NORMS`] numbers for each unit, unit by unit, image by image.
    numbers: Vec<f64>,
    /// The sum of the branches of a unit so far.
    sum: Option<Tensor<f32>>,
    /// The output of its skip.
    skip: Option<Tensor<f32>>,
}

impl Norms<'_> {
    fn new(model: &Model<f32>, first: usize) -> Norms<'_> {
        Norms { model, units: sums(model), first, numbers: Vec::new(), sum: None, skip: None }
    }

    /// Writes down one number of each image at the visit.
    fn keep(
        &mut self,
        unit: usize,
        column: usize,
        visit: &Visit<'_>,
        numbers: impl Iterator<Item = f64>,
    ) {
        let place = self.units.iter().position(|&id| id == unit).expect("it is wanted");
        let row = NORMS * self.units.len();
        let end = row * (visit.images.end - self.first);
        self.numbers.resize(self.numbers.len().max(end), f64::NAN);
        for (image, number) in visit.images.clone().zip(numbers) {
            self.numbers[row * (image - self.first) + NORMS * place + column] = number;
        }
    }
}

/// Of each image 1 minus the cosine over the channels, mean over the positions at which
/// neither is 0; not a number where there are none.
fn influences<'a>(skip: &'a Tensor<f32>, y: &'a Tensor<f32>) -> impl Iterator<Item = f64> + 'a {
    let channels = y.shape().channels();
    let dot =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    images_of(skip).zip(images_of(y)).map(move |(skip, y)| {
        let (mut total, mut positions) = (0.0, 0_u32);
        for (s, y) in skip.chunks_exact(channels).zip(y.chunks_exact(channels)) {
            let squares: f64 = dot(s, s) * dot(y, y);
            if squares != 0.0 {
                let product: f64 = dot(s, y);
                total += 1.0 - (product / squares.sqrt()).clamp(-1.0, 1.0);
                positions += 1;
            }
        }
        total / f64::from(positions)
    })
}

impl Sites<f32> for Norms<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        place != Place::Gate && self.units.contains(&unit)
    }

    fn at(
        &mut self,
        Site { unit, place }: Site,
        visit: &Visit<'_>,
        value: &Var<f32>,
    ) -> Option<Tensor<f32>> {
        let value = value.value();
        match place {
            Place::Input => self.keep(unit, 0, visit, norms(value)),
            Place::Skip => {
                self.keep(unit, 1, visit, norms(value));
                self.skip = Some(value.clone());
            }
            Place::Branch(i) => {
                let sum = match self.sum.take() {
                    Some(mut sum) => {
                        let both = sum.as_mut_slice().iter_mut().zip(value.as_slice());
                        both.for_each(|(sum, &v)| *sum += v);
                        sum
                    }
                    None => value.clone(),
                };
                if i + 1 < self.model.units[unit].branches.len() {
                    self.sum = Some(sum);
                } else {
                    let scale = self.model.branch_scale[unit].abs();
                    self.keep(unit, 2, visit, norms(&sum).map(|norm| scale * norm));
                }
            }
            Place::Output => {
                let skip = self.skip.take().expect("the skip comes before the output");
                self.keep(unit, 3, visit, influences(&skip, value));
            }
            Place::Gate => {}
        }
        None
    }
}
