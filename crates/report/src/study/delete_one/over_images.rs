//! Statistics of error rates on the same images, with intervals from drawing the images
//! again.

use record::stats::{Interval, image_bootstrap, mean, median};
use record::{Bits, Score};

use super::deletions::Deletions;
use crate::study::Estimate;
use crate::{ReportError, words};

/// The error rates of one record, as fractions.
pub(in crate::study) struct Rates {
    /// The intact network.
    intact: f64,
    /// Without each of the non-boundary units that can be deleted.
    inner: Vec<f64>,
    /// Without each of the boundary units.
    boundary: Vec<f64>,
}

impl Rates {
    /// The median error over all units.
    pub(in crate::study) fn median(&self) -> Option<f64> {
        median(&[self.inner.as_slice(), &self.boundary].concat())
    }

    /// The median error over the non-boundary units.
    pub(in crate::study) fn inner_median(&self) -> Option<f64> {
        median(&self.inner)
    }

    /// The median D over the non-boundary units.
    pub(in crate::study) fn inner_damage(&self) -> Option<f64> {
        Some(median(&self.inner)? - self.intact)
    }

    /// The mean D over the boundary units.
    pub(in crate::study) fn boundary_damage(&self) -> Option<f64> {
        Some(mean(&self.boundary)? - self.intact)
    }
}

/// A statistic of the error rates of several records on the same test images. Its 95 %
/// interval is the percentile bootstrap's: the images are drawn again, in each resample the
/// same ones for all units of all records.
///
/// # Errors
/// [`ReportError::Lacking`] if the records are not of the same test images, or do not have
/// what is `needed`: the statistic has no value.
pub(in crate::study) fn over_images(
    all: &[&Deletions],
    needed: &str,
    of: impl Fn(&[Rates]) -> Option<f64>,
) -> Result<Estimate, ReportError> {
    if all.windows(2).any(|pair| pair[0].data != pair[1].data) {
        let labels: Vec<&str> = all.iter().map(|deletions| deletions.label.as_str()).collect();
        return Err(ReportError::Lacking(format!(
            "needs records of the same test images; those of {} are not",
            words::list(&labels)
        )));
    }
    let right: Vec<&Bits> = all.iter().flat_map(|one| scores(one)).map(|s| &s.right).collect();
    let errors: Vec<f64> = all.iter().flat_map(|one| scores(one)).map(Score::error).collect();
    let statistic = |errors: &[f64]| {
        let mut errors = errors.iter().copied();
        of(&all.iter().map(|one| rates(one, &mut errors)).collect::<Vec<_>>())
    };
    let lacking = || ReportError::Lacking(format!("needs {needed}"));
    let value = statistic(&errors).ok_or_else(lacking)?;
    let Interval { low, high } = image_bootstrap(&right, statistic).ok_or_else(lacking)?;
    Ok(Estimate { value, low, high })
}

/// The intact network and the lesioned ones, in the network's order.
fn scores<'a>(deletions: &'a Deletions) -> impl Iterator<Item = &'a Score> {
    let units = deletions.answer.units.iter();
    std::iter::once(&deletions.answer.intact).chain(units.filter_map(|u| u.deleted.as_ref()))
}

/// The rates of one record, from error rates in the order of [`scores`].
fn rates(deletions: &Deletions, errors: &mut impl Iterator<Item = f64>) -> Rates {
    let mut next = || errors.next().expect("there is one for each score");
    let mut rates = Rates { intact: next(), inner: Vec::new(), boundary: Vec::new() };
    for unit in deletions.answer.units.iter().filter(|unit| unit.deleted.is_some()) {
        if unit.boundary { &mut rates.boundary } else { &mut rates.inner }.push(next());
    }
    rates
}
