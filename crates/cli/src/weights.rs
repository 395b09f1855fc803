//! Where weights lie: files anywhere, or trained networks of the catalogue by name.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use data::Dataset;
use lesion::{Catalogue, Log, Subject, TrainedNetwork};
use models::{Arch, Choices, EVAL_BATCH, Plan};

use crate::output::note;
use crate::source;

/// The trained networks that ship.
pub(crate) fn catalogue() -> Result<Catalogue> {
    Ok(Catalogue::load(&source::project_data()?.join("weights"))?)
}

/// The network with the weights that `--weights` names: a file that exists, or a network
/// of the catalogue. Without `--weights` that is the one called like the model.
///
/// Says on standard error what is assumed of the weights, and what was done to them.
pub(crate) fn load(arch: Arch, weights: Option<&OsStr>, choices: &Choices) -> Result<Subject> {
    let subject = load_quietly(arch, weights, choices)?;
    let source = &subject.weights.source;
    if let Some(changes) = subject.loading.changes() {
        note(format_args!("weights {source}: {changes}"));
    }
    if let Some(conventions) = subject.loading.conventions() {
        note(format_args!("conventions of {source}: {conventions}"));
    }
    Ok(subject)
}

/// [`load`] without a word.
pub(crate) fn load_quietly(
    arch: Arch,
    weights: Option<&OsStr>,
    choices: &Choices,
) -> Result<Subject> {
    let catalogue = catalogue()?;
    let found = match weights {
        Some(weights) => find(&catalogue, weights)?,
        None => {
            let name = arch.to_string();
            if catalogue.named(&name).is_none() {
                bail!(
                    "no weights for {name} are shipped ({}); name some with --weights, or train \
                     them: cargo xtask train {name}",
                    known(&catalogue)
                );
            }
            Found::Trained(name)
        }
    };
    Ok(match found {
        Found::File(path) => Subject::load_with(arch, &path, choices)?,
        Found::Trained(name) => {
            let subject = catalogue.subject(&name)?;
            if subject.model.name != arch.to_string() {
                bail!("{name} is a {}, not a {arch}; name that model instead", subject.model.name);
            }
            if *choices == Choices::default() {
                return Ok(subject);
            }
            let network = catalogue.named(&name).expect("its subject was found");
            Subject::load_with(arch, &catalogue.path(network), choices)?
        }
    })
}

/// Images on which an intact network is measured before it is believed.
const FIRST_IMAGES: usize = 500;

/// Warns if weights that do not state all conventions err more than trained ones would, on
/// the first test images.
pub(crate) fn doubt(subject: &Subject, images: &Dataset) {
    if subject.loading.is_doubtful() {
        let first = images.len().min(FIRST_IMAGES);
        let intact = Plan::intact(&subject.model);
        let batches = subject.batches_of(images, 0..first, EVAL_BATCH);
        let outcome = models::evaluate(&subject.model, &intact, batches);
        if let Some(doubt) = subject.doubt(outcome.wrong() as u64, outcome.images() as u64) {
            note(format_args!("warning: {}: {doubt}", subject.weights.source));
        }
    }
}

/// The networks of a question: as many models as weights, or several weights of one model,
/// or models alone, each with the weights that ship.
pub(crate) fn load_all(
    models: &[String],
    weights: &[OsString],
    choices: &Choices,
) -> Result<Vec<Subject>> {
    let archs = models.iter().map(|model| Ok(Arch::parse(model)?));
    let archs = archs.collect::<Result<Vec<Arch>>>()?;
    match (archs.as_slice(), weights) {
        (archs, []) => archs.iter().map(|arch| load(*arch, None, choices)).collect(),
        ([arch], weights) => {
            weights.iter().map(|weights| load(*arch, Some(weights.as_os_str()), choices)).collect()
        }
        (archs, weights) if archs.len() == weights.len() => archs
            .iter()
            .zip(weights)
            .map(|(arch, weights)| load(*arch, Some(weights.as_os_str()), choices))
            .collect(),
        (archs, weights) => bail!(
            "{} models, but --weights is given {} times; give one model, or as many as weights, in \
             the same order",
            archs.len(),
            weights.len()
        ),
    }
}

/// The log that `--log` names: a file that exists, or that of a network of the catalogue.
pub(crate) fn load_log(log: &OsStr) -> Result<Log> {
    let (file, catalogue) = (Path::new(log), catalogue()?);
    if file.is_file() {
        return Ok(Log::load(file)?);
    }
    let Some(network) = named(&catalogue, log) else {
        bail!(
            "--log {}: there is neither a file of that name nor a trained network; {}; give \
             the path of a log.jsonl or one of these names",
            file.display(),
            known(&catalogue)
        );
    };
    Ok(catalogue.log(&network.name)?)
}

/// What a `--weights` means.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    File(PathBuf),
    Trained(String),
}

fn find(catalogue: &Catalogue, weights: &OsStr) -> Result<Found> {
    let file = PathBuf::from(weights);
    if file.is_file() {
        return Ok(Found::File(file));
    }
    if let Some(network) = named(catalogue, weights) {
        return Ok(Found::Trained(network.name.clone()));
    }
    let weights = Path::new(weights).display();
    if file.is_dir() {
        bail!("--weights {weights} is a folder; name the file with the weights in it");
    }
    bail!(
        "--weights {weights}: there is neither a file of that name nor {}; {}; give the path of a \
         file of weights or one of these names",
        Path::new("data/weights").join(format!("{weights}.safetensors")).display(),
        known(catalogue)
    )
}

/// The network of the catalogue that is called so; its names are ASCII.
fn named<'a>(catalogue: &'a Catalogue, name: &OsStr) -> Option<&'a TrainedNetwork> {
    catalogue.named(name.to_str()?)
}

/// `shipped are a, b`.
fn known(catalogue: &Catalogue) -> String {
    match catalogue.names().as_slice() {
        [] => "none are shipped".to_owned(),
        names => format!("shipped are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_first_and_a_name_next() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.safetensors");
        std::fs::write(&file, b"").unwrap();
        let shipped = catalogue().unwrap();
        assert_eq!(find(&shipped, file.as_os_str()).unwrap(), Found::File(file));
        assert_eq!(find(&shipped, "vgg15".as_ref()).unwrap(), Found::Trained("vgg15".into()));
        // A path is not a name, even if it would lead to a file of the folder.
        for other in ["./vgg15", "yours", ""] {
            let message = find(&shipped, other.as_ref()).unwrap_err().to_string();
            assert!(message.contains(&format!("--weights {other}")), "{message}");
            assert!(message.contains("shipped are resnet20, vgg15"), "{message}");
        }
        std::fs::write(dir.path().join("index.toml"), "").unwrap();
        let empty = Catalogue::load(dir.path()).unwrap();
        let message = find(&empty, "vgg15".as_ref()).unwrap_err().to_string();
        assert!(message.contains("none are shipped"), "{message}");
    }

    #[test]
    fn weights_go_with_one_model_or_with_as_many() {
        let names = |models: &[&str], weights: &[&str]| -> Result<Vec<String>> {
            let owned = |texts: &[&str]| texts.iter().map(|t| t.to_string()).collect::<Vec<_>>();
            let weights: Vec<OsString> = weights.iter().map(OsString::from).collect();
            let networks = load_all(&owned(models), &weights, &Choices::default())?;
            Ok(networks.into_iter().map(|subject| subject.name).collect())
        };
        assert_eq!(names(&["resnet20", "vgg15"], &[]).unwrap(), ["resnet20", "vgg15"]);
        assert_eq!(names(&["resnet20"], &["resnet20"; 2]).unwrap(), ["resnet20"; 2]);
        let both = ["vgg15", "resnet20"];
        assert_eq!(names(&both, &both).unwrap(), both);
        let message = names(&both, &["vgg15"]).unwrap_err().to_string();
        assert!(message.starts_with("2 models, but --weights is given 1 times"), "{message}");
    }

    #[test]
    fn a_trained_network_of_another_model_is_refused() {
        let arch = Arch::parse("resnet8").unwrap();
        let message = load(arch, Some("vgg15".as_ref()), &Choices::default()).unwrap_err();
        let message = message.to_string();
        assert_eq!(message, "vgg15 is a vgg15, not a resnet8; name that model instead");
    }
}
