//! What does a network lose without one of its units? (Veit et al. 2016, figures 3 and 4.)

mod curves;
mod deletions;
mod depth;
mod finding;
mod over_images;
mod plots;
mod quantities;
mod terminal;
mod units;

use record::{Answer, DeleteOne, DeleteOneOptions, Record};

use super::{Form, Part, Study, StudyFigure};
use crate::figure::Figure;
use crate::{Answers, Need, ReportError};
use curves::View;

pub(in crate::study) use deletions::Deletions;
pub(in crate::study) use over_images::over_images;
pub(in crate::study) use plots::{around, images, keys, plot, whole};

/// The networks of each figure.
const FIG3: [&str; 2] = ["resnet110", "vgg15"];
const DEPTHS: [&str; 4] = ["resnet20", "resnet32", "resnet56", "resnet110"];
const PLAIN: [&str; 2] = ["resnet32", "plain32"];
const VGG_SKIP: [&str; 2] = ["vgg15", "vgg15-skip"];
const FIG4: [&str; 1] = ["bottleneck66"];

/// Each unit deleted in turn, in one network or several.
pub(super) const STUDY: Study = Study {
    name: "delete-one",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: quantities::ALL,
    figures: &[
        StudyFigure {
            name: "fig3",
            needs: || FIG3.map(need).into(),
            draw: fig3,
            see: "Each mark is the test error without one unit. In the paper's reading the marks of \
                  the residual network stay near its dashed line, except for peaks at the boundary \
                  blocks, and those of the plain network lie at chance.",
            deviations: "The paper deletes from a ResNet-110 and from a VGG network of 15 layers, \
                         trained by another recipe, and shows no intervals. A layer of the VGG \
                         network is taken here as convolution, batch norm and ReLU; the pooling \
                         stays.",
        },
        StudyFigure {
            name: "fig3-depth",
            needs: || DEPTHS.map(need).into(),
            draw: depth::draw,
            see: "If robustness needs depth, the marks of deeper networks lie lower.",
            deviations: "Not in the paper. The deepest network was trained for more epochs than the \
                         others.",
        },
        StudyFigure {
            name: "fig3-plain",
            needs: || PLAIN.map(need).into(),
            draw: fig3_plain,
            see: "If skips give the robustness, the network without them loses far more.",
            deviations: "Not in the paper.",
        },
        StudyFigure {
            name: "fig3-vgg-skip",
            needs: || VGG_SKIP.map(need).into(),
            draw: fig3_vgg_skip,
            see: "If skips give the robustness, the same layers with skips around them lose less.",
            deviations: "Not in the paper.",
        },
        StudyFigure {
            name: "fig4",
            needs: || FIG4.map(need).into(),
            draw: fig4,
            see: "The paper finds the picture of figure 3 again: little damage, except at the \
                  downsampling blocks.",
            deviations: "The paper deletes from a ResNet-200 on ImageNet; this is a counterpart of \
                         the same layout on CIFAR-10.",
        },
    ],
    form: Some(Form {
        experiment: DeleteOne::EXPERIMENT,
        table: terminal::table,
        json: terminal::json,
    }),
    part,
};

/// The record of every unit deleted in turn, all else as it was trained.
pub(super) fn need(network: &str) -> Need {
    need_with(DeleteOneOptions::default(), network)
}

/// The same with other options. All of them are named, so that no record stands in for
/// another.
pub(super) fn need_with(options: DeleteOneOptions, network: &str) -> Need {
    let options = serde_json::to_value(options).expect("options are plain data");
    Need { options, ..Need::of(DeleteOne::EXPERIMENT, network) }
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records: Vec<&Record> = answers.of(DeleteOne::EXPERIMENT).collect();
    let all = Deletions::all(&records)?;
    Ok(Part { finding: finding::finding(&all), section: units::section(&all) })
}

fn fig3(records: &[&Record]) -> Result<Figure, ReportError> {
    let view = View { name: "fig3-delete-one", about: "" };
    curves::draw(records, &view)
}

fn fig3_plain(records: &[&Record]) -> Result<Figure, ReportError> {
    let about = "A plain network is the residual one of the same depth without its skips; where \
                 one of its blocks is deleted, the identity stands in for it.";
    curves::draw(records, &View { name: "fig3-plain", about })
}

fn fig3_vgg_skip(records: &[&Record]) -> Result<Figure, ReportError> {
    let about = "vgg15-skip has the layers of vgg15, and around each of those from 128 to 128 \
                 channels an identity as its skip.";
    curves::draw(records, &View { name: "fig3-vgg-skip", about })
}

fn fig4(records: &[&Record]) -> Result<Figure, ReportError> {
    let about = "The counterpart of the paper's figure 4 at the scale of CIFAR-10: a bottleneck \
                 network with the stages of ResNet-200, 3, 24, 36 and 3 blocks, where the paper \
                 has that network itself on ImageNet.";
    curves::draw(records, &View { name: "fig4-bottleneck", about })
}
