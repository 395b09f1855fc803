//! The figures that can be drawn: those of networks and logs that are there already.

use lesion::{Catalogue, LesionError, experiment};
use report::Need;
use report::study::StudyFigure;

use crate::output::note;

/// Leaves out the figures that need networks or training logs that the catalogue does not
/// have, and names them with these on standard error, so that a figure can be there before
/// its network is.
pub(super) fn drawable(
    figures: Vec<&'static StudyFigure>,
    catalogue: &Catalogue,
) -> Result<Vec<&'static StudyFigure>, LesionError> {
    let mut drawn = Vec::new();
    for figure in figures {
        match missing(&(figure.needs)(), catalogue)?.as_slice() {
            [] => drawn.push(figure),
            missing => {
                note(format_args!("{}: not drawn, needs {}", figure.name, missing.join(" and ")))
            }
        }
    }
    Ok(drawn)
}

/// The networks and logs that are needed and not there, each once.
fn missing(needs: &[Need], catalogue: &Catalogue) -> Result<Vec<String>, LesionError> {
    let mut missing: Vec<String> = Vec::new();
    for need in needs {
        let reads_log = reads_log(need)?;
        for name in &need.networks {
            let (what, is_there) = match reads_log {
                true => (format!("the log of {name}"), catalogue.log_path(name).is_file()),
                false => (name.clone(), catalogue.named(name).is_some()),
            };
            if !is_there && !missing.contains(&what) {
                missing.push(what);
            }
        }
    }
    Ok(missing)
}

fn reads_log(need: &Need) -> Result<bool, LesionError> {
    Ok(experiment::named(need.experiment)?.needs(&need.options)?.log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::study;

    /// A catalogue of these networks without their weights, with the logs of others.
    fn catalogue(folder: &std::path::Path, networks: &[&str], logs: &[&str]) -> Catalogue {
        let entry = |name: &&str| {
            let sha256 = "0".repeat(64);
            format!(
                "[[network]]\nname = \"{name}\"\nmodel = \"{name}\"\nrecipe = \"r\"\nepochs = 1\n\
                 seed = 1\ntest_error = 0.1\nsha256 = \"{sha256}\"\n"
            )
        };
        let index: String = networks.iter().map(entry).collect();
        std::fs::write(folder.join("index.toml"), index).unwrap();
        for log in logs {
            std::fs::write(folder.join(format!("{log}.jsonl")), "").unwrap();
        }
        Catalogue::load(folder).unwrap()
    }

    #[test]
    fn figures_of_what_is_not_there_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let both = catalogue(dir.path(), &["resnet110", "vgg15"], &["resnet110", "diverged"]);
        let mut needs = ["resnet110", "resnet20", "resnet20"].map(|n| Need::of("delete-one", n));
        assert_eq!(missing(&needs, &both).unwrap(), ["resnet20"]);
        assert!(missing(&needs[..1], &both).unwrap().is_empty());
        needs = ["resnet110", "vgg15", "diverged"].map(|n| Need::of("training-log", n));
        assert_eq!(missing(&needs, &both).unwrap(), ["the log of vgg15"]);

        let names = |catalogue: &Catalogue| -> Vec<&str> {
            let figures = drawable(study::figures().collect(), catalogue).unwrap();
            figures.iter().map(|figure| figure.name).collect()
        };
        let dir = tempfile::tempdir().unwrap();
        let vgg = catalogue(dir.path(), &["vgg15"], &[]);
        assert!(names(&both).contains(&"fig3") && !names(&vgg).contains(&"fig3"));
    }
}
