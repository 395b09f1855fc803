//! Post-activation residual networks (He et al. 2015, "Deep Residual Learning for Image
//! Recognition", section 4.2): depth 6n + 2, parameter-free skips (option A).
//!
//! ```text
//! y = relu(s + bn2 conv2 relu bn1 conv1 x),   s = x, or a shortcut where the shape changes
//! ```
//!
//! The shortcut is option A of the paper, which pads with zero channels around the old ones
//! (the plain names) or after them (`-pad-after`), or option B, a 1x1 convolution with batch
//! norm (`-projection`).
//!
//! The last ReLU bends the sum, so the forward pass does not unravel into a sum over
//! paths here.

use tensor::Normalisation;

use super::Shortcut;
use super::family::{Family, Training, depth};
use crate::build::{conv, global_average, linear, norm, relu};
use crate::{Model, ModelBuilder, Padding, UnitShape, UnitSpec};

/// Published weights of these networks use the ImageNet values, even on CIFAR-10.
pub(super) static FAMILY: Family = Family {
    names: "resnetD-v1 with such a depth (also resnetD-v1-pad-after, resnetD-v1-projection)",
    source: "post-activation residual networks (He et al. 2015)",
    listed: &[8, 20, 32, 56, 110],
    parse: |name| {
        let number = |&shortcut: &Shortcut| {
            let depth = depth(name, "resnet", &format!("-v1{}", suffix(shortcut)))?;
            Some(with_shortcut(depth, shortcut))
        };
        Shortcut::ALL.iter().find_map(number)
    },
    name: |number| format!("resnet{}-v1{}", number % VARIANT, suffix(shortcut(number))),
    build,
    normalisation: Normalisation::IMAGENET,
    training: Training::RESIDUAL,
};

/// Above every depth: an architecture's number is its depth and so many of these.
const VARIANT: u32 = 10_000;

/// The shortcut of the network with a number.
pub(super) fn shortcut(number: u32) -> Shortcut {
    Shortcut::ALL[(number / VARIANT) as usize]
}

/// The number of the same network with another shortcut.
pub(super) fn with_shortcut(number: u32, shortcut: Shortcut) -> u32 {
    let place = Shortcut::ALL.iter().position(|&other| other == shortcut);
    number % VARIANT + VARIANT * place.expect("all shortcuts are listed") as u32
}

fn suffix(shortcut: Shortcut) -> &'static str {
    match shortcut {
        Shortcut::PadAround => "",
        Shortcut::PadAfter => "-pad-after",
        Shortcut::Projection => "-projection",
    }
}

fn build(number: u32, name: &str, seed: u64) -> Model<f64> {
    let n = (number as usize % VARIANT as usize - 2) / 6;
    let mut net = ModelBuilder::for_cifar(seed);
    net.stem([conv("conv1", 16, 3), norm("bn1"), relu()]);
    let shortcut = shortcut(number);
    net.stages(&[16, 32, 64], n, |input, width, stride| block(shortcut, input, width, stride));
    net.finish(name, "block", [global_average(), linear("linear", 10).bias(0.0)])
}

fn block(shortcut: Shortcut, input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let block = UnitSpec::residual([
        conv("conv1", width, 3).stride(stride),
        norm("bn1"),
        relu(),
        conv("conv2", width, 3),
        norm("bn2"),
    ])
    .post([relu()]);
    if stride == 1 && input.c == width {
        return block;
    }
    match shortcut {
        Shortcut::PadAround => block.option_a(width, stride),
        Shortcut::PadAfter => block.padded(Padding { c_out: width, before: 0, stride }),
        Shortcut::Projection => {
            block.projection([conv("shortcut.0", width, 1).stride(stride), norm("shortcut.1")])
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Arch;
    use crate::Shortcut::{PadAfter, PadAround, Projection};

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        for n in [1, 2, 3, 5, 9, 18] {
            // Two 3x3 convolutions a block; batch norms have two values a channel.
            let blocks = |c: u64| (2 * n * 9 * c * c, 4 * n * c);
            let [(c16, b16), (c32, b32), (c64, b64)] = [16, 32, 64].map(blocks);
            let narrower = 9 * 16 * 32 + 9 * 32 * 64; // first convolutions see half the channels
            let convs = 9 * 3 * 16 + c16 + c32 + c64 - narrower;
            // A norm of 16 after the stem, no projections.
            let parameters = convs + b16 + b32 + b64 + 2 * 16 + 64 * 10 + 10;
            let name = format!("resnet{}-v1", 6 * n + 2);
            let model = Arch::parse(&name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained() as u64, parameters, "{name}");
            // A full stage of n blocks costs the same at each resolution.
            let stage = 2 * n * 9 * 16 * 16 * 1024;
            let macs = 27 * 16 * 1024 + 3 * stage - 9 * 16 * 32 * 256 - 9 * 32 * 64 * 64 + 640;
            assert_eq!(model.macs(), macs, "{name}");
        }
    }

    #[test]
    fn shortcuts_are_names_and_only_the_projection_has_parameters() {
        let [around, after, projection] =
            ["", "-pad-after", "-projection"].map(|suffix| format!("resnet20-v1{suffix}"));
        let arch = Arch::parse(&around).unwrap();
        for (shortcut, name) in
            [(PadAround, &around), (PadAfter, &after), (Projection, &projection)]
        {
            let other = arch.with_shortcut(shortcut).unwrap();
            assert_eq!((other.to_string(), other.shortcut()), (name.clone(), Some(shortcut)));
            assert_eq!(other.with_shortcut(PadAround), Some(arch));
            assert_eq!(Arch::parse(name), Ok(other));
        }
        let parameters = |name: &str| Arch::parse(name).unwrap().build::<f32>(0).params;
        assert_eq!(parameters(&around), parameters(&after));
        let more = 16 * 32 + 32 * 64 + 2 * (32 + 64);
        let counts = [&around, &projection].map(|name| parameters(name).count_trained());
        assert_eq!(counts[0] + more, counts[1]);
        assert_eq!(Arch::parse("resnet20").unwrap().with_shortcut(PadAfter), None);
    }
}
