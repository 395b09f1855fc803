//! CIFAR-10: fetching, checking, batches and augmentation.
//!
//! The crate turns a folder of official binary files into checked images and
//! labels ([`load`], [`load_sample`]), and those into normalised NHWC batches
//! ([`fill_batch`], [`fill_batch_augmented`]). [`fetch()`] puts the files into
//! the folder, from the network or from a local copy in any of the forms that people have
//! it in; [`load_any`] reads such a copy where it lies. Every byte that leaves [`load`] or
//! [`load_any`] has passed a sha-256 check, wherever it came from.
//!
//! **Feature `download`** (off by default): an HTTP client for [`fetch()`]. Without it no
//! TLS stack is built, and local copies and npm remain as sources.
//!
//! **Feature `fuzz`** (off by default): the readers of those forms one by one, for fuzzers.
//!
//! What a [`Dataset`] is (set, split, part, classes, shape, moments) is a value too,
//! its [`Description`]: nobody has to read it out of a name.
//!
//! It must not know networks, recipes or records, and of `tensor` only how an image is
//! normalised: batches are plain slices, random numbers come from the caller's
//! generator, and augmentation ([`Crop`]) is a value that the caller draws and keeps.
//! The result of a batch therefore depends neither on threads nor on how samples are
//! batched.
//!
//! ```
//! use data::{Crop, Split, fill_batch_augmented, shuffled_indices};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! // The sample that ships with the repository needs no network.
//! let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
//! let train = data::load_sample(shipped.as_ref(), Split::Train)?;
//! assert_eq!((train.len(), train.label(0)), (1_000, 6));
//! assert_eq!(data::CLASSES[6], "frog");
//!
//! // One batch of an epoch: an order, and one crop a sample.
//! let mut rng = ChaCha8Rng::seed_from_u64(1);
//! let order = shuffled_indices(train.len(), &mut rng);
//! let batch = &order[..8];
//! let crops: Vec<Crop> = batch.iter().map(|_| Crop::draw(&mut rng)).collect();
//! let (mut pixels, mut labels) = (vec![0.0; 8 * 32 * 32 * 3], vec![0; 8]);
//! let moments = &train.description().normalisation;
//! fill_batch_augmented(&mut pixels, &mut labels, &train, batch, &crops, moments);
//! assert_eq!(labels[0], train.label(batch[0] as usize));
//! # Ok::<(), data::DataError>(())
//! ```

mod augment;
mod batch;
mod cifar10;
mod dataset;
mod description;
mod difference;
mod error;
mod fetch;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod kind;
mod manifest;
mod sample;

pub use augment::{Crop, PAD, below, shuffled_indices};
pub use batch::{batches, fill_batch, fill_batch_augmented};
pub use cifar10::{CHANNELS, CLASSES, IMAGE_BYTES, RECORD_BYTES, SIDE, load};
pub use dataset::{Dataset, DatasetId};
pub use description::{Description, Part, Source, Split};
pub use error::DataError;
pub use fetch::{FetchOptions, FetchProgress, Form, Found, default_dir, fetch, load_any};
pub use sample::{load_sample, write_sample};
