//! Is a network the ensemble of its sub-networks? (A test of Veit et al. 2016, section 3.)

use maud::{Markup, html};
use record::stats::Comparison;
use record::{Answer, Bits, Committee, Ensemble, Record, SubNetworks};
use serde_json::json;

use super::ensemble::members_in_words;
use super::{Form, Part, Section, Study, StudyFigure, committee, one_network};
use crate::figure::{Axis, Figure, Level, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// The network whose sub-networks are shown.
const NETWORK: &str = "resnet20";

/// Every sub-network of one network, beside separately trained networks.
pub(super) const STUDY: Study = Study {
    name: "sub-networks",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: "fig-subnetworks",
        needs: || vec![need(NETWORK)],
        draw,
        see: "Members of an ensemble are about as good as each other, and their vote is about as \
              good as the whole. If the sub-networks are such members, most circles lie low and \
              the vote of all is near the intact network.",
        deviations: "Not in the paper. All 2^n sub-networks can be tried in a short network only.",
    }],
    form: Some(Form { experiment: SubNetworks::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(SubNetworks::EXPERIMENT, network)
}

/// Name of the network, its word for a unit, and the answer.
fn read(record: &Record) -> Result<(&str, &str, SubNetworks), ReportError> {
    let network = one_network(record)?;
    Ok((&network.name, &network.model.unit, record.answer()?))
}

/// The error of every sub-network against the number of blocks that it keeps, and of all
/// with as many together.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let [record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let (name, unit, answer) = read(record)?;
    let chance = record.key.images.first().map_or(1.0, |images| images.chance());
    let level = |error: f64, label: String, series| Level { y: 100.0 * error, label, series };
    let (all, most) = (&answer.all, answer.units.len());
    let together = |of: fn(&Committee) -> f64, label: &str| {
        let at = |(kept, group): (usize, &Committee)| (kept as f64, 100.0 * of(group));
        Series::new(label, answer.by_kept.iter().enumerate().map(at))
    };
    let count = all.member_wrong.len();
    let (mean, vote, intact) = (all.mean_error(), all.vote_error(), answer.intact.error());
    Lines {
        title: format!("The {} sub-networks of {name}", words::count(count as u64)),
        subtitle: format!(
            "every combination of {} kept or deleted; {} test images",
            words::plural(most, unit),
            words::count(answer.images as u64)
        ),
        x: Axis {
            ticks: (0..=most).map(|kept| kept as f64).collect(),
            ..Axis::new(format!("{unit}s kept"), -0.5, most as f64 + 0.5)
        },
        y: Axis::new("test error (%)", 0.0, 100.0),
        series: vec![
            each(&answer),
            together(Committee::mean_error, "mean softmax of those that keep as many"),
            together(Committee::vote_error, "their vote"),
        ],
        levels: vec![
            level(chance, format!("chance {:.0} %", 100.0 * chance), None),
            level(intact, format!("intact {}", words::percent(intact)), Some(0)),
            level(mean, format!("mean softmax of all {}", words::percent(mean)), Some(1)),
            level(vote, format!("vote of all {}", words::percent(vote)), Some(2)),
        ],
        keys: Vec::new(),
        caption: format!(
            "Test error of each network that is left of {name} when any of its {unit}s are \
             deleted (circles, side by side by their number), and of all that keep as many \
             {unit}s together: the class with the largest mean softmax (squares), the majority \
             vote (triangles). Dashed: the same of all {}, and the intact network. Dotted: chance.",
            words::count(count as u64)
        ),
    }
    .draw("fig-subnetworks")
}

/// A mark for each sub-network, those that keep as many blocks side by side.
fn each(answer: &SubNetworks) -> Series {
    let images = answer.images as f64;
    let runs = answer.by_kept.iter().enumerate().flat_map(|(kept, group)| {
        let n = group.member_wrong.len() as f64;
        group.member_wrong.iter().enumerate().map(move |(place, &wrong)| {
            let aside = 0.7 * ((place as f64 + 0.5) / n - 0.5);
            let y = 100.0 * f64::from(wrong) / images;
            vec![Point { x: kept as f64 + aside, y, interval: None, diamond: false }]
        })
    });
    Series { label: "a sub-network".into(), runs: runs.collect(), band: Vec::new() }
}

/// All together, then by the number of blocks kept.
fn rows<'a>(answer: &'a SubNetworks, unit: &str) -> Vec<committee::Labelled<'a>> {
    let by_kept = answer.by_kept.iter().enumerate();
    let by_kept =
        by_kept.map(|(kept, group)| (format!("{} kept", words::plural(kept, unit)), group));
    [("all".to_owned(), &answer.all)].into_iter().chain(by_kept).collect()
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (name, unit, answer) = read(record)?;
    Ok(format!(
        "sub-networks: {name}, {}, {} images\nintact: {} wrong, error {:.2} %, cross-entropy \
         {:.4}\n\n{}",
        words::plural(answer.units.len(), unit),
        answer.images,
        answer.intact.wrong,
        100.0 * answer.intact.error(),
        answer.intact.cross_entropy,
        committee::lines(&rows(&answer, unit))
    ))
}

fn json(record: &Record) -> Result<String, ReportError> {
    let (_, _, answer) = read(record)?;
    let form = json!({
        "images": answer.images,
        "units": answer.units,
        "intact_wrong": answer.intact.wrong,
        "intact_cross_entropy": answer.intact.cross_entropy,
        "all": committee::json(&answer.all),
        "by_kept": answer.by_kept.iter().map(committee::json).collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records: Vec<&Record> = answers.of(SubNetworks::EXPERIMENT).collect();
    if records.is_empty() {
        return Ok(Part::default());
    }
    let each = records.iter().map(|record| one(record, answers));
    let each = each.collect::<Result<Vec<Markup>, _>>()?;
    let body = html! {
        p {
            "A network of n units has 2^n sub-networks: each unit is kept or deleted. If the \
             network were an ensemble of them, they would be about as good as each other, and \
             their vote about as good as the network. For every image the Brier score of the mean \
             softmax is that of a member minus the ambiguity of the members, how much they differ."
        }
        @for part in &each { (part) }
    };
    let section = Section { id: "sub-networks", title: "A network and its sub-networks", body };
    Ok(Part { finding: None, section: Some(section) })
}

/// One network: the verdict, then the numbers, with those of ensembles on the same images.
fn one(record: &Record, answers: &Answers) -> Result<Markup, ReportError> {
    let (name, unit, answer) = read(record)?;
    let beside = answers.of(Ensemble::EXPERIMENT);
    let beside = beside.filter(|ensemble| ensemble.key.images == record.key.images);
    let ensembles = beside
        .map(|ensemble| Ok((members_in_words(ensemble), ensemble.answer::<Ensemble>()?)))
        .collect::<Result<Vec<_>, ReportError>>()?;
    let mut rows = rows(&answer, unit);
    rows.extend(ensembles.iter().map(|(label, ensemble)| (label.clone(), &ensemble.all)));
    Ok(html! {
        h3 { (name) " on " (words::count(answer.images as u64)) " images" }
        p { (verdict(name, &answer)) }
        @for (label, ensemble) in &ensembles { p { (contrast(name, &answer, label, &ensemble.all)) } }
        (committee::table(&rows))
    })
}

/// Whether the sub-networks together do what the network does.
fn verdict(name: &str, answer: &SubNetworks) -> String {
    let (all, intact) = (&answer.all, &answer.intact);
    let [low, high] = committee::ends(all).map(words::percent);
    let mut text = format!(
        "A sub-network of {name} is wrong on {} of the images in the mean ({low} to {high}), the \
         intact network on {}. ",
        words::percent(all.member_error()),
        words::percent(intact.error())
    );
    for (what, right) in [("Their mean softmax", &all.mean), ("Their majority vote", &all.vote)] {
        text += &format!("{what} {}. ", against(&intact.right, right));
    }
    text
}

/// How answers compare with those of the intact network, by the paired interval.
fn against(intact: &Bits, right: &Bits) -> String {
    let change = Comparison::of(intact, right);
    let (difference, interval) = (change.difference(), change.interval());
    let how = if interval.low > 0.0 {
        "does worse than the intact network"
    } else if interval.high < 0.0 {
        "does better than the intact network"
    } else {
        "does about as well as the intact network"
    };
    let (points, interval) = (words::points(difference), words::points_interval(interval));
    format!("{how}: {points} points ({interval})")
}

/// The sub-networks beside an ensemble of separately trained networks.
fn contrast(name: &str, answer: &SubNetworks, label: &str, ensemble: &Committee) -> String {
    let correlation = |committee: &Committee| {
        committee.correlation.map_or_else(|| "not defined".to_owned(), |r| words::decimal(r, 2))
    };
    let gain =
        |committee: &Committee| words::points(committee.mean_error() - committee.member_error());
    let [low, high] = committee::ends(ensemble).map(words::percent);
    format!(
        "Beside it {label}, trained separately: a member is wrong on {} ({low} to {high}), their \
         mean softmax on {}. Averaging changes a member's error by {} points there and by {} here; \
         the correlation of two members' errors is {} there and {} among the sub-networks of \
         {name}; the ambiguity {} and {}.",
        words::percent(ensemble.member_error()),
        words::percent(ensemble.mean_error()),
        gain(ensemble),
        gain(&answer.all),
        correlation(ensemble),
        correlation(&answer.all),
        words::decimal(ensemble.ambiguity, 3),
        words::decimal(answer.all.ambiguity, 3)
    )
}
