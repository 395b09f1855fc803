//! From the bytes of a file to a network.

use nn::state::{StateDict, StateError};
use tensor::{Normalisation, Tensor};

use super::{Metadata, WeightsError, checkpoint};
use crate::import::fit::{Fit, Needed, fit};
use crate::import::hint::{hint, needed_of};
use crate::import::{Foreign, WeightsFile};
use crate::{Arch, Model, Shortcut};

/// What is decided about weights from outside; otherwise their metadata decide, or the
/// architecture's defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Choices {
    /// How images are normalised.
    pub normalisation: Option<Normalisation>,
    /// The shortcut of blocks that change the resolution.
    pub shortcut: Option<Shortcut>,
}

/// Where a convention comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Chosen from outside.
    Given,
    /// The weights' metadata say so.
    Stated,
    /// Nobody says so: it is the architecture's default.
    Assumed,
}

/// A network with the weights of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The network; its name is that of the architecture with the shortcut found or chosen.
    pub model: Model<f32>,
    /// What the file says about itself, if it is one of this project's.
    pub metadata: Option<Metadata>,
    /// How images become inputs, and who says so.
    pub normalisation: (Normalisation, Origin),
    /// What was renamed, cast, chosen or left out.
    pub notes: Vec<String>,
}

/// The network `arch` with weights from the bytes of a file: safetensors, or what
/// `torch.save` writes, bare or wrapped. No code of the file is run. The file's last layer
/// decides the number of classes.
///
/// # Errors
/// If the bytes hold no state dict of exactly this network with finite values and without
/// negative variances, or say that they are of another.
pub fn load_weights(arch: Arch, bytes: &[u8], choices: &Choices) -> Result<Loaded, WeightsError> {
    let asked = match choices.shortcut {
        None => arch,
        Some(shortcut) => arch.with_shortcut(shortcut).ok_or_else(|| {
            let model = arch.to_string();
            WeightsError::Shortcut { model, shortcut }
        })?,
    };
    let mut networks = vec![asked];
    // A projection shows in the names of its weights; the paddings do not differ in theirs.
    if choices.shortcut.is_none() {
        networks.extend(arch.with_shortcut(Shortcut::Projection).filter(|other| *other != arch));
    }
    let mut file = WeightsFile::open(bytes)?;
    let mut first = None;
    for place in 0..file.candidates() {
        let state = file.state(place)?;
        match network(&networks, state, choices) {
            Ok(loaded) => return Ok(loaded),
            // Its names fit: another dict would be another network than the likeliest.
            Err(error @ WeightsError::State { source: StateError::Values(_), .. }) => {
                return Err(error);
            }
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.expect("a file of weights has a candidate"))
}

/// The first of some architectures that a state dict fits.
fn network(archs: &[Arch], mut state: Foreign, choices: &Choices) -> Result<Loaded, WeightsError> {
    let mut model = archs[0].build::<f32>(0);
    let mut notes = std::mem::take(&mut state.notes);
    let mut metadata = None;
    if let Some(header) = state.metadata.take() {
        metadata = Some(match checkpoint::read(&header, model.units.len())? {
            Some(found) => {
                state.retain(|name| !checkpoint::is_velocity(name));
                notes.push(found.note);
                found.metadata
            }
            None => serde_json::from_str(&header)?,
        });
    }
    if let Some(metadata) = &metadata {
        state_scales(&mut model, metadata)?;
    }
    let dims = state.dims();
    let (mut needed, mut found) = fitted(&model, &dims)?;
    for arch in archs.iter().skip(1).filter(|_| metadata.is_none()) {
        if found.is_exact(&needed) {
            break;
        }
        let other = arch.build::<f32>(0);
        let (other_needed, other_found) = fitted(&other, &dims)?;
        if other_found.is_exact(&other_needed) {
            notes.push(format!("its shortcuts are projections: {}", other.name));
            (model, needed, found) = (other, other_needed, other_found);
        }
    }
    let explained = if found.is_exact(&needed) { None } else { hint(&needed, &found, &dims) };
    notes.append(&mut found.notes);
    let others = |&classes: &usize| classes > 0 && classes != model.classes();
    if let Some(classes) = found.classes.filter(others).filter(|_| found.is_exact(&needed)) {
        notes.push(format!("{classes} classes"));
        model.set_classes(classes);
    }
    let dict = state_dict(&mut state, &found, &needed, &mut notes)?;
    let failed = |source: StateError| WeightsError::State { hint: explained, source };
    model.params.load_state(&dict).map_err(failed)?;
    let normalisation = match (choices.normalisation, &metadata) {
        (Some(given), _) => (given, Origin::Given),
        (None, Some(metadata)) => (metadata.normalisation, Origin::Stated),
        (None, None) => (archs[0].default_normalisation(), Origin::Assumed),
    };
    Ok(Loaded { model, metadata, normalisation, notes })
}

fn state_scales(model: &mut Model<f32>, metadata: &Metadata) -> Result<(), WeightsError> {
    if metadata.model != model.name {
        let (found, expected) = (metadata.model.clone(), model.name.clone());
        return Err(WeightsError::OtherModel { found, expected });
    }
    let (found, expected) = (metadata.branch_scale.len(), model.units.len());
    if found != expected {
        return Err(WeightsError::BranchScale { found, expected });
    }
    model.branch_scale.clone_from(&metadata.branch_scale);
    Ok(())
}

type Dims = std::collections::BTreeMap<String, Vec<usize>>;

fn fitted(model: &Model<f32>, dims: &Dims) -> Result<(Needed, Fit), WeightsError> {
    let needed = needed_of(model);
    let found = fit(&needed, dims)?;
    Ok((needed, found))
}

/// The tensors under the network's names, as `f32`.
fn state_dict(
    state: &mut Foreign,
    found: &Fit,
    needed: &Needed,
    notes: &mut Vec<String>,
) -> Result<StateDict, WeightsError> {
    let mut dict = StateDict::default();
    let mut cast = std::collections::BTreeMap::<&str, usize>::new();
    for entry in &found.entries {
        let type_name = state.type_name(&entry.from);
        if !needed.tensors.contains_key(&entry.to) {
            // Its name is all that an error says of it.
            dict.tensors.insert(entry.from.clone(), Tensor::zeros([1]));
            continue;
        }
        if type_name != "float32" {
            *cast.entry(type_name).or_default() += 1;
        }
        dict.tensors.insert(entry.to.clone(), state.take(&entry.from, &entry.dims)?);
    }
    if found.lacks_bias {
        let classes = found.classes.unwrap_or_default();
        dict.tensors.insert(format!("{}.bias", needed.head), Tensor::zeros([classes]));
    }
    notes.extend(cast.iter().map(|(name, count)| format!("cast {count} tensors from {name}")));
    Ok(dict)
}
