//! The network under study: its weights, where they come from, what it is fed.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use data::Dataset;
use models::{Arch, Choices, Metadata, Model, load_weights};
use record::{Conventions, ModelId, NetworkId, WeightsId, sha256_hex};
use tensor::{Normalisation, Tensor};

use crate::{LesionError, Loading};

/// Images in a batch of a recalibration. A batch is normalised by its own statistics, so
/// this number is part of what a recalibrated network is, as it is in training.
pub const RECALIBRATION_BATCH: usize = 128;

/// Largest weights file read, in bytes; the largest network here has 200 million
/// numbers.
const MAX_BYTES: u64 = 1 << 30;

/// A network with trained weights. For a network that has no name in
/// [`Arch`], fill in the fields.
///
/// ```
/// use lesion::Subject;
/// use models::{Arch, EVAL_BATCH, Plan, evaluate};
///
/// // Subject::load reads a file; here an untrained network takes its place.
/// let arch = Arch::parse("resnet8")?;
/// let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
/// let subject = Subject::from_bytes(arch, "mine.safetensors".as_ref(), &bytes)?;
/// assert_eq!(subject.name, "mine");
///
/// // Images become inputs by the normalisation of its weights.
/// let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
/// let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(8)?;
/// let plan = Plan::intact(&subject.model);
/// let found = evaluate(&subject.model, &plan, subject.batches(&images, EVAL_BATCH));
/// assert_eq!(found.images(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the trained network is called: `resnet110-sd`, the stem of its weights file.
    pub name: String,
    /// The network; its `branch_scale` is that of the weights' metadata.
    pub model: Model<f32>,
    /// What records say of its weights.
    pub weights: WeightsId,
    /// How images become its inputs.
    pub normalisation: Normalisation,
    /// Whether a [`Catalogue`](crate::Catalogue) lists it, so that the name alone tells the
    /// weights. Records of other networks have a sum of the weights in their name.
    pub listed: bool,
    /// What was assumed, chosen and changed when its weights were loaded.
    pub loading: Loading,
}

/// Endings of weights files, which are not part of a network's name.
const ENDINGS: [&str; 6] = [".safetensors", ".pth.tar", ".pth", ".pt", ".th", ".tar"];

impl Subject {
    /// The network `arch` with the weights in a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is none that [`Subject::from_bytes`] takes.
    pub fn load(arch: Arch, path: &Path) -> Result<Subject, LesionError> {
        Subject::load_with(arch, path, &Choices::default())
    }

    /// [`Subject::load`] with some conventions chosen from outside.
    ///
    /// # Errors
    /// As [`Subject::load`]; also if the architecture does not come with a shortcut chosen.
    pub fn load_with(arch: Arch, path: &Path, choices: &Choices) -> Result<Subject, LesionError> {
        let failed = |source| LesionError::Read { path: path.to_path_buf(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(LesionError::TooLarge { path: path.to_path_buf(), limit: MAX_BYTES });
        }
        Subject::from_bytes_with(arch, path, &bytes, choices)
    }

    /// The network `arch` with weights from the bytes of a file, which
    /// [`models::load_weights`] reads; `path` names them in messages, its last part in
    /// records.
    ///
    /// Normalisation and branch scales are those of the file's metadata. Foreign
    /// files have none: they get [`Arch::default_normalisation`] and scales of 1.
    ///
    /// # Errors
    /// If the bytes are not weights of exactly this network with finite values, or
    /// their metadata are damaged.
    pub fn from_bytes(arch: Arch, path: &Path, bytes: &[u8]) -> Result<Subject, LesionError> {
        Subject::from_bytes_with(arch, path, bytes, &Choices::default())
    }

    fn from_bytes_with(
        arch: Arch,
        path: &Path,
        bytes: &[u8],
        choices: &Choices,
    ) -> Result<Subject, LesionError> {
        let loaded = load_weights(arch, bytes, choices)
            .map_err(|source| LesionError::Weights { path: path.to_path_buf(), source })?;
        let stem = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)).unwrap_or(&stem);
        Ok(Subject {
            name: name.to_owned(),
            loading: Loading::of(arch, &loaded, choices.shortcut.is_some()),
            model: loaded.model,
            weights: weights_id(path, bytes, loaded.metadata),
            normalisation: loaded.normalisation.0,
            listed: false,
        })
    }

    /// Checks that the images fall into as many classes as the network knows.
    ///
    /// # Errors
    /// If they do not: their labels mean nothing to it.
    pub fn check_classes(&self, images: &Dataset) -> Result<(), LesionError> {
        let (found, expected) = (self.model.classes(), images.description().classes);
        if found == expected {
            return Ok(());
        }
        let (network, images) = (self.name.clone(), images.id().name.clone());
        Err(LesionError::Classes { network, found, images, expected })
    }

    /// What records say of the network.
    pub fn id(&self) -> NetworkId {
        let (mean, std) = (self.normalisation.mean(), self.normalisation.std());
        NetworkId {
            name: self.name.clone(),
            model: ModelId {
                name: self.model.name.clone(),
                unit: self.model.unit_word.to_owned(),
                parameters: self.model.params.count_trained() as u64,
                macs: self.model.macs(),
            },
            weights: self.weights.clone(),
            conventions: Conventions {
                mean: mean.to_vec(),
                std: std.to_vec(),
                assumed: self.loading.assumed.clone(),
            },
            branch_scale: self.model.branch_scale.clone(),
        }
    }

    /// The network as its training found it: the weights that the seed of the weights'
    /// metadata draws, batch-norm statistics 0 and 1, the branch scales of the trained
    /// network. `None` where the weights do not say their seed, or the architecture has no
    /// name.
    ///
    /// A training draws its initial weights in the same way, through [`Arch::build`].
    pub fn initial(&self) -> Option<Model<f32>> {
        let arch = Arch::parse(&self.model.name).ok()?;
        let branch_scale = self.model.branch_scale.clone();
        Some(Model { branch_scale, ..arch.build(self.weights.seed?) })
    }

    /// Whether there is an [`initial`](Subject::initial) network, without drawing it.
    pub(crate) fn has_initial(&self) -> bool {
        self.weights.seed.is_some() && Arch::parse(&self.model.name).is_ok()
    }

    /// All images in order, `size` at a time, as inputs `[n, h, w, 3]` with their
    /// labels: [`models::EVAL_BATCH`] to measure, [`RECALIBRATION_BATCH`] to recalibrate.
    pub fn batches<'a>(
        &'a self,
        images: &'a Dataset,
        size: usize,
    ) -> impl Iterator<Item = (Tensor<f32>, Vec<u8>)> + 'a {
        self.batches_of(images, 0..images.len(), size)
    }

    /// The images at these places in order, as [`Subject::batches`] gives them.
    ///
    /// # Panics
    /// If `size` is 0, or there are fewer images.
    pub fn batches_of<'a>(
        &'a self,
        images: &'a Dataset,
        places: Range<usize>,
        size: usize,
    ) -> impl Iterator<Item = (Tensor<f32>, Vec<u8>)> + 'a {
        places.clone().step_by(size).map(move |start| {
            let batch: Vec<u32> =
                (start..places.end.min(start + size)).map(|place| place as u32).collect();
            let shape = images.description().batch_shape(batch.len());
            let mut pixels = vec![0.0; shape.iter().product()];
            let mut labels = vec![0; batch.len()];
            data::fill_batch(&mut pixels, &mut labels, images, &batch, &self.normalisation);
            (Tensor::from_vec(shape, pixels), labels)
        })
    }
}

fn weights_id(path: &Path, bytes: &[u8], metadata: Option<Metadata>) -> WeightsId {
    let source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let id = WeightsId {
        source,
        sha256: sha256_hex(bytes),
        recipe: None,
        epochs: None,
        of_epochs: None,
        seed: None,
        test_error: None,
    };
    match metadata {
        None => id,
        Some(metadata) => WeightsId {
            recipe: Some(metadata.recipe),
            epochs: Some(metadata.epochs),
            of_epochs: metadata.of_epochs,
            seed: Some(metadata.seed),
            test_error: metadata.test_error,
            ..id
        },
    }
}
