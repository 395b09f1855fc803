//! Does one pass with scaled weights stand for the average over random masks? (Srivastava et
//! al. 2014; Huang et al. 2016, for blocks.)

use maud::html;
use record::stats::bootstrap;
use record::{Answer, MaskCount, Masks, NetworkId, Record};
use serde_json::json;

use super::committee::{lines, table as committee_table};
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, one_network};
use crate::figure::{Axis, Figure, Level, Lines, Series};
use crate::{Answers, Need, ReportError, words};

/// A network trained with masks of units, and one trained with masks of blocks.
const NETWORKS: [&str; 2] = ["vgg15-nobn", "resnet110-sd"];
/// What the masks of each leave out.
const OF: [&str; 2] = ["units", "blocks"];

/// The mean softmax of random masks beside the scaled network.
pub(super) const STUDY: Study = Study {
    name: "masks",
    needs,
    quantities: &[
        Quantity { name: "networks that agree", unit: "", measure: agreeing },
        Quantity { name: "smallest gain of the average", unit: "points", measure: smallest_gain },
    ],
    figures: &[StudyFigure {
        name: "fig-masks",
        needs: || needs(&NETWORKS.map(String::from)),
        draw,
        see: "If the scaled network approximates the average of the thinned ones, each curve ends \
              near its dashed line.",
        deviations: "Not in the paper. Dropout is that of the two fully connected layers of the VGG \
                     network without batch norm.",
    }],
    form: Some(Form { experiment: Masks::EXPERIMENT, table, json }),
    part,
};

/// Masks of units of the first network, of blocks of the second.
fn needs(networks: &[String]) -> Vec<Need> {
    let need = |(network, of): (&String, &str)| Need {
        options: json!({ "of": of }),
        ..Need::of(Masks::EXPERIMENT, network)
    };
    networks.iter().zip(OF).map(need).collect()
}

/// The errors on one image, 0 or 1, or a mean of these.
#[derive(Clone, Copy)]
struct Errors {
    scaled: f64,
    average: f64,
    /// Of a single mask, mean over the masks.
    single: f64,
}

/// The errors on every image of a record.
fn errors(answer: &Masks) -> Vec<Errors> {
    let MaskCount { masks, together } = answer.all();
    let wrong = |is_right: bool| f64::from(u8::from(!is_right));
    let of_image = |(image, &masks_wrong): (usize, &u32)| Errors {
        scaled: wrong(answer.scaled.right.get(image)),
        average: wrong(together.mean.get(image)),
        single: f64::from(masks_wrong) / *masks as f64,
    };
    answer.wrong_masks.iter().enumerate().map(of_image).collect()
}

fn mean(images: &[Errors]) -> Errors {
    let n = images.len() as f64;
    let sum = |of: fn(&Errors) -> f64| images.iter().map(of).sum::<f64>() / n;
    Errors { scaled: sum(|e| e.scaled), average: sum(|e| e.average), single: sum(|e| e.single) }
}

impl Errors {
    /// What averaging gains over a single mask.
    fn gain(&self) -> f64 {
        self.single - self.average
    }

    /// Whether the scaled network is within a quarter of that gain of the average.
    fn agrees(&self) -> bool {
        (self.scaled - self.average).abs() <= self.gain() / 4.0
    }
}

/// A statistic of the mean errors of all networks, with the bootstrap's interval over the
/// images of each.
fn over_images(
    records: &[&Record],
    of: impl Fn(&[Errors]) -> f64,
) -> Result<Estimate, ReportError> {
    let groups: Vec<Vec<Errors>> = records
        .iter()
        .map(|record| Ok(errors(&record.answer::<Masks>()?)))
        .collect::<Result<_, ReportError>>()?;
    if groups.len() != NETWORKS.len() {
        let (expected, given) = ("two networks", groups.len());
        return Err(ReportError::Networks { expected, given });
    }
    let statistic = |groups: &[Vec<Errors>]| {
        Some(of(&groups.iter().map(|images| mean(images)).collect::<Vec<_>>()))
    };
    let lacking = || ReportError::Lacking("needs images".into());
    let value = statistic(&groups).ok_or_else(lacking)?;
    let interval = bootstrap(&groups, statistic).ok_or_else(lacking)?;
    Ok(Estimate { value, low: interval.low, high: interval.high })
}

fn agreeing(records: &[&Record]) -> Result<Estimate, ReportError> {
    over_images(records, |networks| networks.iter().filter(|e| e.agrees()).count() as f64)
}

fn smallest_gain(records: &[&Record]) -> Result<Estimate, ReportError> {
    over_images(records, |networks| {
        100.0 * networks.iter().map(Errors::gain).fold(f64::INFINITY, f64::min)
    })
}

/// Name of the network, what its masks leave out, and the answer.
fn read(record: &Record) -> Result<(&NetworkId, String, Masks), ReportError> {
    let of = record.key.options["of"].as_str().unwrap_or("parts").to_owned();
    Ok((one_network(record)?, of, record.answer()?))
}

/// The error of the mean softmax against the number of masks.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let (mut series, mut levels, mut told, mut images, mut most) =
        (Vec::new(), Vec::new(), Vec::new(), 0, 1);
    let mut highest = 0.0_f64;
    for (place, record) in records.iter().enumerate() {
        let (network, of, answer) = read(record)?;
        let points: Vec<(f64, f64)> = answer
            .averages
            .iter()
            .map(|MaskCount { masks, together }| {
                (libm::log10(*masks as f64), 100.0 * together.mean_error())
            })
            .collect();
        let scaled = 100.0 * answer.scaled.error();
        let single = 100.0 * answer.all().together.member_error();
        highest = points.iter().map(|point| point.1).fold(highest.max(scaled), f64::max);
        series.push(Series::new(format!("{}, masks of {of}", network.name), points));
        let label = format!("scaled {}", words::percent(answer.scaled.error()));
        levels.push(Level { y: scaled, label, series: Some(place) });
        told.push(format!("{} {} %", network.name, words::decimal(single, 2)));
        images = images.max(answer.images);
        most = most.max(answer.all().masks);
    }
    let end = libm::log10(most as f64).max(1.0) + 0.1;
    Lines {
        title: "The average of thinned networks and the scaled one".into(),
        subtitle: format!(
            "mean softmax of up to {}; {} test images",
            words::plural(most, "random mask"),
            words::count(images as u64)
        ),
        x: Axis {
            ticks: [0.0, 1.0, 2.0, 3.0].into_iter().filter(|tick| *tick <= end).collect(),
            ..Axis::new("log10 of the number of masks", -0.1, end)
        },
        y: Axis::new("test error (%)", 0.0, (highest / 5.0).ceil() * 5.0),
        series,
        levels,
        keys: Vec::new(),
        caption: format!(
            "Test error of the mean softmax of the first 1, 2, 5, … random masks. Dashed: the network \
             as inference runs it, every part scaled by its chance to survive. A single mask errs on \
             average on: {}.",
            told.join(", ")
        ),
    }
    .draw("fig-masks-average")
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, of, answer) = read(record)?;
    let rows: Vec<_> = answer
        .averages
        .iter()
        .map(|average| (words::plural(average.masks, "mask"), &average.together))
        .collect();
    Ok(format!(
        "masks: {}, masks of {of}, {} images\nscaled network: {:.2} % wrong\n\n{}",
        network.name,
        answer.images,
        100.0 * answer.scaled.error(),
        lines(&rows)
    ))
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer: Masks = record.answer()?;
    let average = |MaskCount { masks, together }: &MaskCount| {
        let mut of = super::committee::json(together);
        of["masks"] = json!(masks);
        of
    };
    let averages: Vec<_> = answer.averages.iter().map(average).collect();
    let wrong = answer.images - answer.scaled.right.count_ones();
    Ok(json!({ "images": answer.images, "scaled_wrong": wrong, "averages": averages }).to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut body = Vec::new();
    for record in answers.of(Masks::EXPERIMENT) {
        let (network, of, answer) = read(record)?;
        let rows: Vec<_> = answer
            .averages
            .iter()
            .map(|average| (words::plural(average.masks, "mask"), &average.together))
            .collect();
        let mean = mean(&errors(&answer));
        body.push(html! {
            h4 { (network.name) ", masks of " (of) }
            p {
                "A single mask errs on " b { (words::percent(mean.single)) } ", the mean softmax of "
                (words::plural(answer.all().masks, "mask")) " on " b { (words::percent(mean.average)) }
                ", and the scaled network, one pass, on " b { (words::percent(mean.scaled)) } "."
            }
            (committee_table(&rows))
        });
    }
    if body.is_empty() {
        return Ok(Part::default());
    }
    let (title, body) = ("Random masks and their average", html! { @for one in &body { (one) } });
    Ok(Part { finding: None, section: Some(Section { id: "masks", title, body }) })
}
