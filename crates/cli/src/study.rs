//! What the commands that look at trained networks share: the network, its weights,
//! the images, the threads.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;
use data::{Dataset, Split};
use lesion::Subject;
use models::{Arch, Choices, Normalisation, Shortcut};

use crate::threads::Threads;
use crate::{source, weights};

/// Which network with which weights, on which images.
#[derive(Args)]
pub(crate) struct StudyArgs {
    /// The network, for instance resnet20 (`cargo xtask models` lists them)
    pub(crate) model: String,
    /// A file of weights (safetensors, or what torch.save writes), or the name of a trained
    /// network [default: the model's]
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) weights: Option<OsString>,
    #[command(flatten)]
    pub(crate) conventions: ConventionArgs,
    #[command(flatten)]
    pub(crate) on: ImageArgs,
}

/// What weights of other programs do not say.
#[derive(Args, Clone, Copy)]
pub(crate) struct ConventionArgs {
    /// How the training normalised images: cifar10, imagenet, or means and deviations of red,
    /// green and blue, R,G,B/R,G,B [default: what the weights say, else the model's]
    #[arg(long, value_name = "NAME|NUMBERS")]
    normalisation: Option<Normalisation>,
    /// The shortcut of -v1 networks where the resolution changes: pad-around, pad-after or
    /// projection [default: pad-around, or projection if the weights have one]
    #[arg(long, value_name = "KIND")]
    shortcut: Option<Shortcut>,
}

impl ConventionArgs {
    pub(crate) fn choices(self) -> Choices {
        Choices { normalisation: self.normalisation, shortcut: self.shortcut }
    }
}

/// Which images, on how many threads.
#[derive(Args)]
pub(crate) struct ImageArgs {
    /// CIFAR-10 in any form that `data --from` takes, or `sample` for the shipped sample
    /// [default: where `data` put it]
    #[arg(long, value_name = "PATH|sample")]
    pub(crate) data: Option<OsString>,
    /// The first N test images only [default: all; a preview by `lesion` may take fewer]
    #[arg(long, value_name = "N")]
    pub(crate) images: Option<usize>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

impl StudyArgs {
    /// The network with its weights.
    pub(crate) fn subject(&self) -> Result<Subject> {
        let arch = Arch::parse(&self.model)?;
        weights::load(arch, self.weights.as_deref(), &self.conventions.choices())
    }
}

impl ImageArgs {
    /// Whether the images are of the shipped sample.
    pub(crate) fn is_sample(&self) -> bool {
        source::is_sample(self.data.as_deref())
    }

    /// The test images.
    pub(crate) fn images(&self) -> Result<Dataset> {
        let images = source::load_images(self.data.as_deref(), Split::Test)?;
        source::take_images(images, self.images)
    }
}
