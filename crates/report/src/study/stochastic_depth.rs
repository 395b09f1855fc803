//! Is a network trained by stochastic depth more robust to deletions? (Veit et al. 2016,
//! figure 8.)
//!
//! Stochastic depth drops blocks at random while it trains (Huang, Sun, Liu, Sedra and
//! Weinberger 2016). When the network is tested, each branch is scaled by the part of the
//! steps in which it was trained, under lesions too: so the weights' metadata have it.

use maud::html;
use record::{Answer, DeleteOne, DeleteOneOptions, Record};

use super::delete_one::{Deletions, around, images, keys, need, over_images, plot};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure, one_network, present};
use crate::figure::{Figure, Scatter};
use crate::{Answers, ReportError, words};

/// The networks of the figure: trained in full, then by stochastic depth.
const SHOWN: [&str; 2] = ["resnet110", "resnet110-sd"];

/// What the name of a network trained by stochastic depth has more.
const SUFFIX: &str = "-sd";

/// Each unit deleted in turn, in a network trained in full and in one trained by stochastic
/// depth, on the same images.
pub(super) const STUDY: Study = Study {
    name: "stochastic-depth",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity { name: "gain", unit: "points", measure: |r| Pair::of(r)?.gain() },
        Quantity { name: "ratio", unit: "", measure: |r| Pair::of(r)?.ratio() },
        Quantity {
            name: "lower end of gain",
            unit: "points",
            measure: |r| Ok(Estimate::exactly(Pair::of(r)?.gain()?.low)),
        },
        Quantity {
            name: "upper end of gain",
            unit: "points",
            measure: |r| Ok(Estimate::exactly(Pair::of(r)?.gain()?.high)),
        },
    ],
    figures: &[StudyFigure {
        name: "fig8",
        needs: || SHOWN.map(need).into(),
        draw,
        see: "The paper finds that stochastic depth lowers mainly the peaks at the downsampling \
              blocks.",
        deviations: "The paper does not say how its two networks were trained beyond their papers; \
                     here both have one recipe and one seed.",
    }],
    form: None,
    part,
};

/// Two networks of one architecture.
struct Pair<'a> {
    full: Deletions<'a>,
    stochastic: Deletions<'a>,
}

impl<'a> Pair<'a> {
    /// The network trained in full comes first.
    fn of(records: &[&'a Record]) -> Result<Self, ReportError> {
        let &[full, stochastic] = records else {
            return Err(ReportError::Networks { expected: "two networks", given: records.len() });
        };
        let read = |record| Deletions::with(DeleteOneOptions::default(), record);
        Ok(Pair { full: read(full)?, stochastic: read(stochastic)? })
    }

    /// The median D over the non-boundary units of the network trained in full, minus that of
    /// the other, in points; the interval is the bootstrap's over test images, drawn together
    /// for both.
    fn gain(&self) -> Result<Estimate, ReportError> {
        let needed = "non-boundary units that can be deleted";
        over_images(&[&self.full, &self.stochastic], needed, |rates| {
            Some(100.0 * (rates[0].inner_damage()? - rates[1].inner_damage()?))
        })
    }

    /// The mean D over the boundary units of the network trained by stochastic depth, over
    /// that of the other; the interval as that of the gain. Resamples in which the
    /// denominator is not above 0 have no ratio.
    fn ratio(&self) -> Result<Estimate, ReportError> {
        let needed = "boundary units whose deletion costs the network trained in full something";
        over_images(&[&self.full, &self.stochastic], needed, |rates| {
            let full = rates[0].boundary_damage().filter(|damage| *damage > 0.0)?;
            Some(rates[1].boundary_damage()? / full)
        })
    }

    /// The gain and the ratio in sentences, as far as they have values.
    fn in_words(&self) -> Result<String, ReportError> {
        let (full, stochastic) = (&self.full.label, &self.stochastic.label);
        let mut text = String::new();
        if let Some(Estimate { value, low, high }) = present(self.gain())? {
            let [value, low, high] = [value, low, high].map(|points| words::points(points / 100.0));
            text += &format!(
                "The median over the units that are not boundaries, {full} minus {stochastic}: \
                 {value} points of D ({low} to {high})."
            );
        }
        if let Some(Estimate { value, low, high }) = present(self.ratio())? {
            let [value, low, high] = [value, low, high].map(|ratio| words::decimal(ratio, 2));
            text += &format!(
                " The mean D of the boundaries, {stochastic} over {full}: {value} ({low} to {high})."
            );
        }
        Ok(text.trim_start().to_owned())
    }
}

/// Test error against the deleted unit, one plot for each network, on the same axis.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let pair = Pair::of(records)?;
    let all = [&pair.full, &pair.stochastic];
    let y = around(&all);
    let plots = all.into_iter().enumerate().map(|(series, one)| {
        let intact = words::percent(one.answer.intact.error());
        plot(format!("{}, intact {intact}", one.label), y.clone(), &[(series, one)])
    });
    let scales = &pair.stochastic.network.branch_scale;
    let is_scaled = scales.iter().any(|scale| *scale != 1.0);
    let (full, stochastic) = (&pair.full.label, &pair.stochastic.label);
    let scaled = if is_scaled {
        format!(
            " Branches of {stochastic} are scaled by the part of the steps in which they were \
             trained, under every deletion."
        )
    } else {
        String::new()
    };
    let n = images(&all);
    Scatter {
        title: "Does training by stochastic depth make deletions cheaper?".into(),
        subtitle: format!("n = {n} test images; each {} deleted in turn", pair.full.unit_word()),
        series: all.map(|one| format!("{}, {}", one.label, one.lesion())).into(),
        plots: plots.collect(),
        keys: keys(&all, false),
        caption: format!(
            "Test error after deleting one unit at a time, {full} left, {stochastic} right, on one \
             axis (n = {n} test images).{scaled} {} Intervals in brackets come from drawing the test \
             images again (bootstrap). Bars: Wilson 95 % intervals. Dashed: the intact networks.",
            pair.in_words()?
        ),
    }
    .draw("fig8-stochastic-depth")
}

/// A paragraph for each network trained by stochastic depth whose counterpart is there.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut paragraphs = Vec::new();
    for record in answers.of(DeleteOne::EXPERIMENT) {
        let name = &one_network(record)?.name;
        if let Some(full) = name.strip_suffix(SUFFIX)
            && need(name).is_met_by(&record.key)
            && let Some(full) = answers.find(&need(full))
            && full.key.images == record.key.images
        {
            paragraphs.push(Pair::of(&[full, record])?.in_words()?);
        }
    }
    if paragraphs.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "D is the error without one unit minus that of the intact network, in points. \
             Intervals in brackets come from drawing the test images again, the same ones for \
             both networks (bootstrap)."
        }
        @for text in &paragraphs { p { (text) } }
    };
    let title = "Stochastic depth";
    Ok(Part { finding: None, section: Some(Section { id: "stochastic-depth", title, body }) })
}
