//! The figures that can be drawn: those of networks that are trained already.

use report::Need;
use report::study::StudyFigure;

/// Leaves out the figures that need networks not among those `trained`, and names them
/// with these on standard error, so that a figure can be there before its network is.
pub(super) fn drawable(
    figures: Vec<&'static StudyFigure>,
    trained: &[&str],
) -> Vec<&'static StudyFigure> {
    let is_drawn = |figure: &&StudyFigure| {
        let missing = missing(&(figure.needs)(), trained);
        if !missing.is_empty() {
            eprintln!("{}: not drawn, needs {}", figure.name, missing.join(" and "));
        }
        missing.is_empty()
    };
    figures.into_iter().filter(is_drawn).collect()
}

/// The networks that are needed and not there, each once.
fn missing(needs: &[Need], trained: &[&str]) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for network in needs.iter().flat_map(|need| &need.networks) {
        if !trained.contains(&network.as_str()) && !missing.contains(network) {
            missing.push(network.clone());
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::study;

    #[test]
    fn figures_of_untrained_networks_are_left_out() {
        let needs = ["resnet20", "resnet110", "resnet110"].map(|n| Need::of("delete-one", n));
        assert_eq!(missing(&needs, &["resnet20", "vgg15"]), ["resnet110"]);
        assert!(missing(&needs, &["resnet110", "resnet20"]).is_empty());
        let names = |trained: &[&str]| -> Vec<&str> {
            let figures = drawable(study::figures().collect(), trained);
            figures.iter().map(|figure| figure.name).collect()
        };
        let found = names(&["resnet20", "vgg15"]);
        assert!(found.contains(&"fig3") && !names(&["vgg15"]).contains(&"fig3"), "{found:?}");
    }
}
