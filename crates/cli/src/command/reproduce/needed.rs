//! The questions whose records the figures need.

use anyhow::{Result, bail};
use data::{Dataset, Split};
use lesion::{Catalogue, Inputs, Preset, Question, experiment};
use report::Need;
use report::study::StudyFigure;

use super::ReproduceArgs;
use crate::source;
use crate::weights::catalogue;

/// One question for each record that a figure needs, each record once.
pub(super) fn questions(
    args: &ReproduceArgs,
    figures: &[&StudyFigure],
    test: &Dataset,
) -> Result<Vec<Question>> {
    let sources = Sources { args, catalogue: catalogue()?, test };
    let mut questions: Vec<Question> = Vec::new();
    for need in figures.iter().flat_map(|figure| (figure.needs)()) {
        let question = sources.question(&need)?;
        if questions.iter().all(|known| known.record_name() != question.record_name()) {
            questions.push(question);
        }
    }
    Ok(questions)
}

struct Sources<'a> {
    args: &'a ReproduceArgs,
    catalogue: Catalogue,
    test: &'a Dataset,
}

impl Sources<'_> {
    fn question(&self, need: &Need) -> Result<Question> {
        let experiment = experiment::named(need.experiment)?;
        let preset = if self.args.full { Preset::Full } else { Preset::Preview };
        let options = need.applied_to(experiment.preset(preset));
        let needs = experiment.needs(&options)?;
        let (mut networks, mut log) = (Vec::new(), None);
        for name in &need.networks {
            if needs.log {
                log = Some(self.catalogue.log(name)?);
            } else {
                networks.push(self.catalogue.subject(name)?);
            }
        }
        let most = experiment.most_images(preset, &options)?;
        let training = needs.training;
        let training =
            training.then(|| source::take_up_to(images(self.args, Split::Train)?, most.training));
        let test = source::take_up_to(self.test.clone(), most.test)?;
        let inputs = Inputs { networks, test: Some(test), training: training.transpose()?, log };
        Ok(Question::new(experiment, options, inputs)?)
    }
}

/// The images of a split that the options ask for.
pub(super) fn images(args: &ReproduceArgs, split: Split) -> Result<Dataset> {
    match (args.full, args.data.as_deref()) {
        (true, sample) if source::is_sample(sample) => {
            bail!("--full asks for all test images, --data sample for 2,000 of them")
        }
        (false, None) => source::load_images(Some("sample".as_ref()), split),
        (_, data) => source::load_images(data, split),
    }
}
