//! The result for people.

use super::others::DOUBTFUL;
use super::rounds::{Results, Series, Spread};
use super::setting::BATCH;
use super::summary::Circumstances;

/// Width of the first column.
const LABEL: usize = 42;
/// Width of a column of numbers.
const NUMBER: usize = 9;

/// The table: with a peer, both medians, the ratio and its range; else ours alone.
pub(super) fn table(results: &Results, at: &Circumstances) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let mut text = format!(
        "batch {BATCH}, f32, level {}, {} thread{}; medians of {} round{}\n\n",
        at.level,
        at.threads,
        plural(at.threads),
        at.rounds,
        plural(at.rounds)
    );
    let peer_width = at.peer.as_ref().map(|name| NUMBER.max(name.len()) + 3);
    text += &match (&at.peer, peer_width) {
        (Some(peer), Some(width)) => {
            format!("{:LABEL$}{:>NUMBER$}{peer:>width$}{:>8}", "", "ours", "ratio")
        }
        _ => format!("{:LABEL$}{:>NUMBER$}", "", "ours"),
    };
    text += "   lowest..highest\n";
    for (label, series, decimals) in [
        ("resnet110, training, img/s", &results.train, 1),
        ("resnet110, evaluation, img/s", &results.eval, 1),
        ("resnet110, peak memory of training, MiB", &results.peak_mb, 0),
        ("vgg15, training, img/s", &results.vgg15_train, 1),
        ("resnet110, training at level avx2, img/s", &results.avx2_train, 1),
    ] {
        text += &row(label, series, decimals, peer_width);
    }
    text.push('\n');
    for (label, series) in [
        ("training speed, 2 threads over 1", &results.two_threads),
        ("time, all deletions over as many evaluations", &results.deletions),
    ] {
        if let Some(spread) = Spread::of(&series.ours) {
            let width = LABEL + NUMBER - label.len();
            text += &format!("{label}{:width$.3}   {}\n", spread.median, range(spread, 3));
        }
    }
    text += &format!(
        "{:width$.3}   if time went by multiplications alone\n",
        at.deletions_ideal,
        width = LABEL + NUMBER
    );
    if at.peer.is_some() {
        text += "\nRatios are ours over the peer's, round by round: above 1 is faster, and for \
                 memory below 1 is smaller.\n";
    }
    if let Some(others) = at.others.filter(|others| *others >= DOUBTFUL) {
        text += &format!(
            "\nOther programs took {:.0} % of the processors' time: measure again on a quiet \
             machine.\n",
            100.0 * others
        );
    }
    text
}

fn row(label: &str, series: &Series, decimals: usize, peer_width: Option<usize>) -> String {
    let Some(ours) = Spread::of(&series.ours) else {
        return format!("{label:LABEL$}{:>NUMBER$}\n", "-");
    };
    let start = format!("{label:LABEL$}{:NUMBER$.decimals$}", ours.median);
    let Some(width) = peer_width else {
        return format!("{start}   {}\n", range(ours, decimals));
    };
    match (Spread::of(&series.peer), series.ratio()) {
        (Some(peer), Some(ratio)) => format!(
            "{start}{:width$.decimals$}{:8.2}   {}\n",
            peer.median,
            ratio.median,
            range(ratio, 2)
        ),
        _ => format!("{start}{:>width$}{:>8}\n", "-", "-"),
    }
}

fn range(Spread { lowest, highest, .. }: Spread, decimals: usize) -> String {
    format!("{lowest:.decimals$}..{highest:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::bench::summary::tests::example;

    #[test]
    fn a_comparison_shows_both_sides_the_ratio_and_its_range() {
        let (results, at) = example(true);
        let expected = "\
batch 128, f32, level avx512, 2 threads; medians of 3 rounds

                                               ours   torch 2.15.0   ratio   lowest..highest
resnet110, training, img/s                    150.0          100.0    1.50   1.20..1.60
resnet110, evaluation, img/s                  300.0          300.0    1.00   0.90..1.10
resnet110, peak memory of training, MiB        1000           2000    0.50   0.50..0.50
vgg15, training, img/s                         50.0          100.0    0.50   0.50..0.50
resnet110, training at level avx2, img/s       90.0           80.0    1.12   1.00..1.25

training speed, 2 threads over 1              1.850   1.800..1.900
time, all deletions over as many evaluations  0.530   0.520..0.540
                                              0.509   if time went by multiplications alone

Ratios are ours over the peer's, round by round: above 1 is faster, and for memory below 1 is smaller.
";
        assert_eq!(table(&results, &at), expected);
    }

    #[test]
    fn a_busy_machine_is_told_of() {
        let (results, mut at) = example(true);
        at.others = Some(0.38);
        let table = table(&results, &at);
        assert!(table.contains("Other programs took 38 % of the processors' time"), "{table}");
    }

    #[test]
    fn long_names_of_peers_have_room() {
        let (results, mut at) = example(true);
        at.peer = Some("torch 2.15.0+cu132.of-a-long-name".to_owned());
        let table = table(&results, &at);
        assert!(table.contains("ours   torch 2.15.0+cu132.of-a-long-name   ratio"), "{table}");
    }

    #[test]
    fn without_a_peer_the_range_is_that_of_our_rounds() {
        let (mut results, at) = example(false);
        results.avx2_train = Series::default();
        let table = table(&results, &at);
        let expected = "\
                                               ours   lowest..highest
resnet110, training, img/s                    150.0   120.0..160.0
";
        assert!(table.contains(expected), "{table}");
        let expected = "resnet110, training at level avx2, img/s          -\n";
        assert!(table.contains(expected), "{table}");
        assert!(!table.contains("Ratios"), "{table}");
    }
}
