//! What can go wrong in a training.

use std::path::PathBuf;

use record::WriteError;

use crate::{Backward, TrainedPaths};

/// A training that could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A recipe without an epoch.
    #[error("0 epochs train nothing; choose at least 1")]
    NoEpochs,
    /// A recipe with more epochs than any training has.
    #[error("{epochs} epochs would never end; choose at most {most}")]
    TooManyEpochs {
        /// The epochs asked for.
        epochs: u32,
        /// The most there can be.
        most: u32,
    },
    /// A recipe with empty batches.
    #[error("a batch of 0 images trains nothing; choose at least 1")]
    EmptyBatch,
    /// A batch would hold a single image, and the network norms features without pixels.
    #[error(
        "one value per channel: {images} images in batches of {batch} make a batch of one, of \
         whose features batch norm cannot take a variance; use another batch size"
    )]
    OneValuePerChannel {
        /// Training images.
        images: usize,
        /// The batch size.
        batch: usize,
    },
    /// Branches are to be left out of a network that has nothing beside them.
    #[error(
        "{option}: unit {unit} of {model} has no skip; train another network so, or this one \
         without the option"
    )]
    NoSkip {
        /// What was wanted.
        option: String,
        /// The network.
        model: String,
        /// The first unit without a skip.
        unit: String,
    },
    /// A part of the blocks that cannot be trained.
    #[error(
        "--paths {paths}: choose a number of blocks from 1 to {blocks}, or a chance to survive \
         above 0 and at most 1"
    )]
    Paths {
        /// What was wanted.
        paths: TrainedPaths,
        /// The blocks of the network.
        blocks: usize,
    },
    /// Lengths that no path of the network has.
    #[error(
        "gradients along paths {backward}: the network has {blocks} blocks, so no path passes \
         more branches; choose a smaller --min-path"
    )]
    Lengths {
        /// What was wanted.
        backward: Backward,
        /// The blocks of the network.
        blocks: usize,
    },
    /// A loss or a weight that is not a finite number any more.
    #[error(
        "the training diverged after {epochs} epochs and {steps} steps: {what}; the last \
         checkpoint is from before that; try a lower learning rate or another seed"
    )]
    Diverged {
        /// Whole epochs done.
        epochs: u32,
        /// Steps done in the current epoch.
        steps: u64,
        /// What is not finite.
        what: String,
    },
    /// There is a checkpoint, and nobody said to go on from it.
    #[error("{0} holds a training already; go on with --resume, or name another folder with --out")]
    Exists(PathBuf),
    /// There are final weights that a new training would replace, and no checkpoint.
    #[error(
        "{0} has final weights, but no checkpoint to go on from; move them away, or name another \
         folder with --out"
    )]
    Finished(PathBuf),
    /// The checkpoint is of the same training over another number of epochs.
    #[error(
        "{path} is of a training over {stated} epochs, of which {done} are done, and cannot become \
         one over {asked}: the learning rate of each step depends on the number of epochs, so the \
         steps done would have been others; resume with --epochs {stated}, or train {asked} epochs \
         from the start in another folder (--out)"
    )]
    OtherLength {
        /// The checkpoint.
        path: PathBuf,
        /// Its epochs.
        stated: u32,
        /// Whole epochs done.
        done: u32,
        /// The epochs asked for.
        asked: u32,
    },
    /// The checkpoint is of another training.
    #[error(
        "{path} was made under other settings ({}); resume with the same ones, or name another \
         folder with --out", differences.join("; ")
    )]
    OtherSettings {
        /// The checkpoint.
        path: PathBuf,
        /// `key: here, then there`.
        differences: Vec<String>,
    },
    /// A checkpoint that does not parse, or whose parts contradict each other.
    #[error("the checkpoint {path} is damaged: {what}; remove it to start afresh")]
    Damaged {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another process trains in the folder.
    #[error("another training runs in {0}; wait for it, or name another folder with --out")]
    InUse(PathBuf),
    /// A folder that cannot be made.
    #[error("cannot create the folder {path}: {error}; name another one with --out")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
