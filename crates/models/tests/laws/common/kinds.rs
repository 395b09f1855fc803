//! A network of each kind that is written out.

use std::sync::LazyLock;

use models::{Bottleneck, Model, MultiResidual, ResNext, Vgg15};

use super::written_out::Kind;
use super::{arch, lived_in};

/// Two or three blocks a stage: each stage has something to permute.
pub(crate) static PRE: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("resnet20").build(1), 1));
pub(crate) static POST: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("resnet20-v1").build(2), 2));
pub(crate) static VGG: LazyLock<Model<f64>> = LazyLock::new(|| {
    lived_in(Vgg15 { width: 6, batch_norm: true, skips: false }.build("vgg15", 3), 3)
});
pub(crate) static VGG_SKIP: LazyLock<Model<f64>> = LazyLock::new(|| {
    lived_in(Vgg15 { width: 6, batch_norm: true, skips: true }.build("vgg15-skip", 6), 6)
});
pub(crate) static PLAIN: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("plain20").build(4), 4));
pub(crate) static HIGHWAY: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("highway").build(5), 5));
pub(crate) static SHARED: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("shared20").build(7), 7));
pub(crate) static NAIVE: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("shared20-naive").build(8), 8));
pub(crate) static MULTI_RES: LazyLock<Model<f64>> = LazyLock::new(|| {
    let build = MultiResidual { blocks: 3, functions: 3, widths: [4, 6, 8] };
    lived_in(build.build("multires", 9), 9)
});

pub(crate) static BOTTLENECK: LazyLock<Model<f64>> = LazyLock::new(|| {
    let build = Bottleneck { blocks: [3, 3, 2, 2], widths: [2, 2, 3, 4] };
    lived_in(build.build("bottleneck", 10), 10)
});
pub(crate) static RESNEXT: LazyLock<Model<f64>> = LazyLock::new(|| {
    let build = ResNext { blocks: 3, width: 8, groups: 3, group_width: 2 };
    lived_in(build.build("resnext", 11), 11)
});
pub(crate) static IDENTITY: LazyLock<Model<f64>> =
    LazyLock::new(|| lived_in(arch("identity20-standard").build(12), 12));

/// The network and a side that its images may have.
pub(crate) fn network(kind: Kind) -> (&'static Model<f64>, usize) {
    match kind {
        Kind::PreAct => (&PRE, 8),
        Kind::PostAct => (&POST, 8),
        Kind::Vgg => (&VGG, 32),
        Kind::VggSkip => (&VGG_SKIP, 32),
        Kind::Plain => (&PLAIN, 8),
        Kind::Highway => (&HIGHWAY, 8),
        Kind::Shared { naive } => (if naive { &NAIVE } else { &SHARED }, 8),
        Kind::MultiRes => (&MULTI_RES, 8),
        Kind::Bottleneck => (&BOTTLENECK, 16),
        Kind::ResNext => (&RESNEXT, 8),
        Kind::Identity => (&IDENTITY, 8),
    }
}

/// All of them.
pub(crate) const KINDS: [Kind; 12] = [
    Kind::PreAct,
    Kind::PostAct,
    Kind::Vgg,
    Kind::VggSkip,
    Kind::Plain,
    Kind::Highway,
    Kind::Shared { naive: false },
    Kind::Shared { naive: true },
    Kind::MultiRes,
    Kind::Bottleneck,
    Kind::ResNext,
    Kind::Identity,
];
