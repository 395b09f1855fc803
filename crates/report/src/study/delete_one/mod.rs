//! What does a network lose without one of its units? (Veit et al. 2016, figure 3.)

mod deletions;
mod fig3;
mod finding;
mod quantities;
mod terminal;
mod units;

use record::{Answer, DeleteOne, Record};

use super::{Form, Part, Study, StudyFigure};
use crate::{Answers, Need, ReportError};
use deletions::Deletions;

/// Each unit deleted in turn, in one network or several.
pub(super) const STUDY: Study = Study {
    name: "delete-one",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: quantities::ALL,
    figures: &[StudyFigure {
        name: "fig3",
        needs: || ["resnet20", "vgg15"].map(need).into(),
        draw: fig3::fig3,
        see: "Each mark is the test error without one unit. In the paper's reading the marks of \
              the residual network stay near its dashed line, except for peaks at the boundary \
              blocks, and those of the plain network lie at chance.",
        deviations: "The paper deletes from a ResNet-110 and from a VGG network of 15 layers, trained \
                     by another recipe, and shows no intervals. A layer of the VGG network is \
                     taken here as convolution, batch norm and ReLU; the pooling stays.",
    }],
    form: Some(Form {
        experiment: DeleteOne::EXPERIMENT,
        table: terminal::table,
        json: terminal::json,
    }),
    part,
};

/// The record of every branch deleted in turn.
pub(super) fn need(network: &str) -> Need {
    Need::of(DeleteOne::EXPERIMENT, network)
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records: Vec<&Record> = answers.of(DeleteOne::EXPERIMENT).collect();
    let all = Deletions::all(&records)?;
    Ok(Part { finding: finding::finding(&all), section: units::section(&all) })
}
