//! ResNeXt (Xie et al. 2017, "Aggregated Residual Transformations for Deep Neural Networks",
//! section 5.3) at a quarter of its width: 29 layers, three stages of three bottlenecks with
//! 64, 128 and 256 channels outside. `resnext29-CxD` has C groups of D channels in the first
//! stage, and groups twice as wide in each further one.
//!
//! ```text
//! y = relu(s + bn3 conv3 relu bn2 conv2 relu bn1 conv1 x)      s = x, or bn P x
//! conv1, conv3, P: 1x1      conv2: 3x3 in C groups      conv2 and P have the block's stride
//! ```
//!
//! As published: post-activation, `bn3` on the sum of the groups, a projection with batch
//! norm where the shape changes, initial values with the spread of ungrouped layers. Every
//! width is a quarter of the published one, the stem's too (16 for 64), so the first block
//! of every stage is a boundary, as there.
//!
//! This is form C of the paper's figure 3. In form A each group is a branch of its own:
//! the same function, with terms that a lesion can act on ([`ResNext::split`]).

use tensor::{Normalisation, Scalar, Tensor};

use super::family::{Family, Training};
use crate::build::{LayerSpec, conv, global_average, linear, norm, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};

pub(super) static FAMILY: Family = Family {
    names: "resnext29-CxD with C groups of D channels, 1 to 63 each",
    source: "bottlenecks in groups, at a quarter of the width (Xie et al. 2017)",
    listed: &[number(1, 16), number(4, 6), number(15, 2)],
    parse,
    name: |number| format!("resnext29-{}x{}", number / FACTOR, number % FACTOR),
    build: |number, name, seed| ResNext::numbered(number).build(name, seed),
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

/// An architecture's number is this many times its groups, and their width.
const FACTOR: u32 = 1000;

/// The most groups: as many branches as a route knows. Also the widest group.
const MOST: u32 = 63;

const fn number(groups: u32, width: u32) -> u32 {
    groups * FACTOR + width
}

fn parse(name: &str) -> Option<u32> {
    let (groups, width) = name.strip_prefix("resnext29-")?.split_once('x')?;
    let size = |digits: &str| {
        let is_plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|n| is_plain && (1..=MOST).contains(n))
    };
    Some(number(size(groups)?, size(width)?))
}

/// A ResNeXt of three stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResNext {
    /// Blocks of each stage.
    pub blocks: usize,
    /// Channels outside the blocks of the first stage, doubled in each further one. The stem
    /// has a quarter.
    pub width: usize,
    /// Groups of each block: the cardinality.
    pub groups: usize,
    /// Channels of a group in the first stage, doubled in each further one.
    pub group_width: usize,
}

/// The two forms of one function, in the paper's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A branch for each group.
    A,
    /// One branch with a convolution in groups.
    C,
}

impl ResNext {
    fn numbered(number: u32) -> ResNext {
        let [groups, group_width] = [number / FACTOR, number % FACTOR].map(|n| n as usize);
        ResNext { blocks: 3, width: 64, groups, group_width }
    }

    /// The sizes of the network called `name`, if it is a ResNeXt.
    pub fn named(name: &str) -> Option<ResNext> {
        parse(name).map(ResNext::numbered)
    }

    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        self.in_form(Form::C, name, seed)
    }

    /// Form A of a network of these sizes: the same function with the same weights, each
    /// group a branch. Routes and lesions then name groups as branches, and deleting one
    /// takes its term out of the sum that `bn3` normalises.
    ///
    /// # Panics
    /// If the network has other parameters than one of these sizes.
    #[track_caller]
    pub fn split<T: Scalar>(self, model: &Model<T>) -> Model<T> {
        let mut split = self.in_form::<T>(Form::A, &model.name, 0);
        let whole = self.in_form::<T>(Form::C, &model.name, 0);
        let places = |model: &Model<T>| -> Vec<_> {
            let place = |p: &nn::Param<T>| (p.name.clone(), p.value.shape());
            model.params.iter().map(|(_, p)| place(p)).collect()
        };
        assert!(places(&whole) == places(model), "{} is not a network of {self:?}", model.name);
        let ids: Vec<_> = split.params.iter().map(|(id, p)| (id, p.name.clone())).collect();
        for (id, name) in ids {
            let (source, group) = match in_form_a(&name) {
                Some((unit, group, layer)) => (format!("{unit}.{layer}"), Some(group)),
                None => (name.clone(), None),
            };
            let found = model.params.find(&source).expect("both forms have the same layers");
            let value = model.params.value(found);
            *split.params.value_mut(id) = match group {
                Some(group) if name.ends_with("conv3.weight") => {
                    part_of(value, 2, [group, self.groups])
                }
                Some(group) => part_of(value, value.dims().len() - 1, [group, self.groups]),
                None => value.clone(),
            };
        }
        split.branch_scale.clone_from(&model.branch_scale);
        split
    }

    /// The network without one group of one unit: the part of its `conv3` that reads the
    /// group is 0, so the group's term is gone from the sum that `bn3` normalises. The same
    /// function as form A ([`ResNext::split`]) under a plan without that branch, at the speed
    /// of form C.
    ///
    /// # Panics
    /// If there is no such unit or group, or the network is not one of these sizes.
    #[track_caller]
    pub fn without_group<T: Scalar>(self, model: &Model<T>, unit: usize, group: usize) -> Model<T> {
        let groups = self.groups;
        assert!(unit < model.units.len() && group < groups, "no group {group} of unit {unit}");
        let name = format!("{}.conv3.weight", model.units[unit].name);
        let Some(id) = model.params.find(&name) else {
            panic!("{} is not a network of {self:?}: it has no {name}", model.name)
        };
        let mut without = model.clone();
        let weight = without.params.value_mut(id);
        // [1, 1, groups x inner, out], the groups one after the other.
        let part = weight.len() / groups;
        weight.as_mut_slice()[group * part..(group + 1) * part].fill(T::ZERO);
        without
    }

    fn in_form<T: Scalar>(self, form: Form, name: &str, seed: u64) -> Model<T> {
        let mut net = ModelBuilder::for_cifar(seed);
        net.stem([conv("conv1", self.width / 4, 3), norm("bn1"), relu()]);
        let widths = [1, 2, 4].map(|times| times * self.width);
        net.stages(&widths, self.blocks, |input, width, stride| {
            self.block(form, input, width, stride)
        });
        net.finish(name, "block", [global_average(), linear("linear", 10).bias(0.0)])
    }

    fn block(self, form: Form, input: UnitShape, width: usize, stride: usize) -> UnitSpec {
        let (groups, inner) = (self.groups, self.group_width * (width / self.width));
        let mut block = match form {
            Form::C => UnitSpec::residual(branch("", width, [groups, inner], stride)),
            Form::A => {
                let of = |group| branch(&format!("group{group}."), width, [1, inner], stride);
                (1..groups).fold(UnitSpec::residual(of(0)), |unit, i| unit.branch(of(i)))
            }
        };
        block = block.merge([norm("bn3")]).post([relu()]);
        if stride == 1 && input.c == width {
            return block;
        }
        block.projection([conv("shortcut.0", width, 1).stride(stride), norm("shortcut.1")])
    }
}

/// From one 1x1 convolution to the other, in groups of so many channels.
fn branch(
    prefix: &str,
    width: usize,
    [groups, inner]: [usize; 2],
    stride: usize,
) -> Vec<LayerSpec> {
    let name = |layer: &str| format!("{prefix}{layer}");
    vec![
        conv(name("conv1"), groups * inner, 1),
        norm(name("bn1")),
        relu(),
        conv(name("conv2"), groups * inner, 3).groups(groups).stride(stride),
        norm(name("bn2")),
        relu(),
        conv(name("conv3"), width, 1),
    ]
}

/// Unit, group and the rest of a parameter's name in form A, `UNIT.groupI.REST`.
fn in_form_a(name: &str) -> Option<(&str, usize, &str)> {
    let (unit, rest) = name.split_once(".group")?;
    let (group, layer) = rest.split_once('.')?;
    Some((unit, group.parse().ok()?, layer))
}

/// Part `i` of `n` equal parts along an axis.
fn part_of<T: Scalar>(t: &Tensor<T>, axis: usize, [i, n]: [usize; 2]) -> Tensor<T> {
    let mut dims = t.dims().to_vec();
    let behind: usize = dims[axis + 1..].iter().product();
    let (run, part) = (dims[axis] * behind, dims[axis] / n * behind);
    dims[axis] /= n;
    let runs = t.as_slice().chunks_exact(run);
    let elements = runs.flat_map(|run| &run[i * part..(i + 1) * part]).copied().collect();
    Tensor::from_vec(dims.as_slice(), elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arch, Unit};

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        // Of the same cost except for the first blocks, whose inputs are narrow: within 2.2 %.
        for (c, d, expected) in [(1, 16, 313_114), (4, 6, 309_290), (15, 2, 306_422)] {
            let model = Arch::parse(&format!("resnext29-{c}x{d}")).unwrap().build::<f32>(0);
            let (mut parameters, mut macs) = (27 * 16 + 32, 27 * 16 * 1024);
            let (mut c_in, mut pixels_in) = (16, 1024);
            for (stage, pixels) in [1024, 256, 64].into_iter().enumerate() {
                let (d, wide) = (d << stage, 64 << stage);
                for i in 0..3 {
                    // c (in d + 9 d^2 + d out), as the paper has it.
                    let (first, middle, last) = (c_in * d, 9 * d * d, d * wide);
                    let projection = if i == 0 { c_in * wide } else { 0 };
                    parameters += c * (first + middle + last) + projection;
                    // Two values a channel: two norms inside, one outside, the projection's.
                    parameters += 4 * c * d + 2 * wide + if i == 0 { 2 * wide } else { 0 };
                    macs += c * first * pixels_in + (c * (middle + last) + projection) * pixels;
                    (c_in, pixels_in) = (wide, pixels);
                }
            }
            parameters += 256 * 10 + 10;
            assert_eq!(model.params.count_trained(), parameters, "{c}x{d}");
            assert_eq!(parameters, expected, "{c}x{d}");
            assert_eq!(model.macs(), (macs + 2560) as u64, "{c}x{d}");
            let boundaries = model.units.iter().filter(|unit| unit.is_boundary());
            assert_eq!((model.units.len(), boundaries.count()), (9, 3));
            assert!(model.units.iter().all(Unit::is_deletable));
        }
    }

    #[test]
    fn names_say_groups_and_width() {
        let sizes = |name| ResNext::named(name).map(|net| (net.groups, net.group_width));
        assert_eq!(sizes("resnext29-4x6"), Some((4, 6)));
        assert_eq!(sizes("resnext29-63x1"), Some((63, 1)));
        for name in [
            "resnext29",
            "resnext29-",
            "resnext29-4",
            "resnext29-4x",
            "resnext29-x6",
            "resnext29-0x6",
            "resnext29-4x0",
            "resnext29-04x6",
            "resnext29-4x06",
            "resnext29-64x1",
            "resnext29-1x64",
            "resnext29-4x6x2",
            "resnext29-+4x6",
            "resnext29-4x6d",
            "resnext50-4x6",
            "resnext29-4X6",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn parts_along_an_axis() {
        let t = Tensor::<f32>::from_fn([2, 4, 3], |i| i as f32);
        assert_eq!(
            part_of(&t, 1, [1, 2]).as_slice(),
            [6., 7., 8., 9., 10., 11., 18., 19., 20., 21., 22., 23.]
        );
        assert_eq!(part_of(&t, 2, [2, 3]).as_slice(), [2., 5., 8., 11., 14., 17., 20., 23.]);
        assert_eq!(part_of(&t, 2, [0, 1]), t);
    }

    #[test]
    #[should_panic(expected = "is not a network of")]
    fn a_network_of_other_sizes_is_not_split() {
        let model = Arch::parse("resnext29-4x6").unwrap().build::<f32>(0);
        let _ = ResNext::named("resnext29-6x4").unwrap().split(&model);
    }
}
