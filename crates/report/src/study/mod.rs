//! One file for each question: its quantities, table, JSON, figures and part of the page.
//!
//! A [`Study`] is a value, [`ALL`] the list of those that ship. Nothing else in this
//! crate knows which there are: claims name studies and quantities, the page takes what
//! each study makes of the records, and `cargo xtask reproduce` runs what [`figures`]
//! need. A study of one's own goes the same way, in a list of one's own.

mod additivity;
mod asked;
mod block_influence;
mod cardinality;
mod committee;
mod damage;
mod delete_many;
mod delete_one;
mod delete_one_recalibrated;
mod delete_pairs;
mod delete_skip;
mod delete_spans;
mod dependence;
mod draws;
mod effective_paths;
mod ensemble;
mod estimation_error;
mod gallery;
mod gates;
mod identity_initialisation;
mod linear_residual;
mod masks;
mod middle_blocks;
mod multi_residual;
mod part;
mod path_gradients;
mod path_lengths;
mod path_limited;
mod plain;
mod prediction_contest;
mod probe_falls;
mod probes;
mod reorder;
mod residual_cosine;
mod residual_norms;
mod seeds;
mod shared_weights;
mod spread;
mod stochastic_depth;
mod sub_networks;
mod trained;
mod training;
mod unravelled;

use record::{NetworkId, Record};

use crate::figure::Figure;
use crate::{Answers, Need, ReportError};

pub use part::{Finding, Part, Section};

/// The studies of this version. Those of a chapter of the page appear in its order
/// ([`CHAPTERS`](crate::page::CHAPTERS)).
pub const ALL: &[&Study] = &[
    &unravelled::STUDY,
    &delete_one::STUDY,
    &gallery::STUDY,
    &delete_one_recalibrated::STUDY,
    &delete_skip::STUDY,
    &delete_many::STUDY,
    &ensemble::STUDY,
    &sub_networks::STUDY,
    &delete_pairs::STUDY,
    &reorder::STUDY,
    &path_lengths::STUDY,
    &path_gradients::STUDY,
    &effective_paths::STUDY,
    &stochastic_depth::STUDY,
    &residual_norms::STUDY,
    &prediction_contest::STUDY,
    &gates::STUDY,
    &linear_residual::STUDY,
    &identity_initialisation::STUDY,
    &path_limited::STUDY,
    &shared_weights::STUDY,
    &shared_weights::NAIVE_STUDY,
    &masks::STUDY,
    &multi_residual::STUDY,
    &cardinality::STUDY,
    &additivity::STUDY,
    &estimation_error::STUDY,
    &residual_cosine::STUDY,
    &block_influence::STUDY,
    &delete_spans::STUDY,
    &middle_blocks::STUDY,
    &dependence::STUDY,
    &probes::STUDY,
    &probe_falls::STUDY,
    &training::STUDY,
];

/// A question that records answer.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// Its name, as claims cite it, for instance `delete-one`.
    pub name: &'static str,
    /// The records that its quantities need for these networks, by name.
    pub needs: fn(networks: &[String]) -> Vec<Need>,
    /// What can be measured, for claims.
    pub quantities: &'static [Quantity],
    /// Its figures.
    pub figures: &'static [StudyFigure],
    /// One record in the terminal, where the study presents records of an experiment.
    pub form: Option<Form>,
    /// What it adds to the page.
    pub part: fn(&Answers) -> Result<Part, ReportError>,
}

/// A number that claims can name.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// Its name, for instance `median D`.
    pub name: &'static str,
    /// Its unit: `%`, `points`, or nothing for counts and ratios.
    pub unit: &'static str,
    /// Measures it on the records of [`Study::needs`], in that order.
    ///
    /// [`ReportError::Lacking`] where the records lack what is measured.
    pub measure: fn(&[&Record]) -> Result<Estimate, ReportError>,
}

/// A value with its 95 % interval, in the unit of its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// A value without uncertainty, such as a count or the end of an interval.
    pub(crate) fn exactly(value: f64) -> Estimate {
        Estimate { value, low: value, high: value }
    }
}

/// A figure and the records that it is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct StudyFigure {
    /// Its name under `reproduce --only`, for instance `fig3`.
    pub name: &'static str,
    /// The records that it shows in a full report.
    pub needs: fn() -> Vec<Need>,
    /// Draws it from these records or others that answer the same question.
    pub draw: fn(&[&Record]) -> Result<Figure, ReportError>,
    /// What to look at, and what it would look like as the paper reads it: true whatever
    /// numbers come out.
    pub see: &'static str,
    /// How it departs from the paper, and what is chosen where the paper is silent.
    pub deviations: &'static str,
}

/// How one record of an experiment looks in the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The experiment.
    pub experiment: &'static str,
    /// For people; lines end with a newline.
    pub table: fn(&Record) -> Result<String, ReportError>,
    /// The answer for programs: one line without a newline, whose fields are stable.
    pub json: fn(&Record) -> Result<String, ReportError>,
}

impl Study {
    /// The quantity called `name`.
    ///
    /// # Errors
    /// [`ReportError::UnknownQuantity`].
    pub fn quantity(&self, name: &str) -> Result<&'static Quantity, ReportError> {
        let found = self.quantities.iter().find(|quantity| quantity.name == name);
        found.ok_or_else(|| ReportError::UnknownQuantity {
            study: self.name,
            quantity: name.into(),
            known: self.quantities.iter().map(|quantity| quantity.name).collect(),
        })
    }
}

/// The figures of all studies, in order.
pub fn figures() -> impl Iterator<Item = &'static StudyFigure> {
    ALL.iter().flat_map(|study| study.figures)
}

/// The figure called `name`, for instance `fig3`.
///
/// # Errors
/// [`ReportError::UnknownFigure`].
pub fn figure(name: &str) -> Result<&'static StudyFigure, ReportError> {
    figures().find(|figure| figure.name == name).ok_or_else(|| ReportError::UnknownFigure {
        name: name.into(),
        known: figures().map(|figure| figure.name).collect(),
    })
}

/// One record for people: as its study shows it, else its question and its raw answer.
///
/// # Errors
/// [`ReportError::Record`] or [`ReportError::Unfit`], naming the record, if its answer or
/// key is not what the experiment promises.
pub fn table(record: &Record) -> Result<String, ReportError> {
    form(record).map_or_else(|| Ok(plain::table(record)), |form| (form.table)(record))
}

/// One record for programs, on one line: what was asked (`experiment`, `model`, `weights`,
/// `data`, `images`, `options`), then the answer as its study writes it, else its raw answer.
///
/// # Errors
/// As [`table`].
pub fn json(record: &Record) -> Result<String, ReportError> {
    let answer = match form(record) {
        Some(form) => (form.json)(record)?,
        None => record.raw_answer().to_string(),
    };
    asked::with_question(record, &answer)
}

/// The network of a record of one.
///
/// # Errors
/// [`ReportError::Unfit`] if it is of none or of several.
fn one_network(record: &Record) -> Result<&NetworkId, ReportError> {
    let [network] = record.key.networks.as_slice() else {
        let what = format!("{} networks, expected one", record.key.networks.len());
        return Err(ReportError::Unfit { name: record.name.clone(), what });
    };
    Ok(network)
}

/// `None` for a value that the records do not have.
fn present(estimate: Result<Estimate, ReportError>) -> Result<Option<Estimate>, ReportError> {
    match estimate {
        Ok(estimate) => Ok(Some(estimate)),
        Err(ReportError::Lacking(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn form(record: &Record) -> Option<&'static Form> {
    let forms = ALL.iter().filter_map(|study| study.form.as_ref());
    { forms }.find(|form| form.experiment == record.key.experiment)
}
