//! How long are the paths of a residual network? (Veit et al. 2016, figures 6a and 7.)
//!
//! Pure arithmetic: of `n` blocks there are `2^n` paths, `C(n, k)` of them through `k`.

mod fig6a;
mod fig7;

use maud::html;
use record::Record;
use record::stats::choose;

use super::{Estimate, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::Axis;
use crate::{Answers, ReportError, words};

/// Path lengths, and what a deletion leaves of each.
pub(super) const STUDY: Study = Study {
    name: "path-lengths",
    needs: |_| Vec::new(),
    quantities: &[Quantity { name: "statements that hold", unit: "", measure: statements }],
    figures: &[
        StudyFigure {
            name: "fig6a",
            needs: Vec::new,
            draw: fig6a::fig6a,
            see: "Almost all paths pass about half of the blocks; short paths are rare. The paper: \
                  more than 95 % of the paths pass 19 to 35 of 54 blocks.",
            deviations: "None: exact arithmetic for the paper's 54 blocks.",
        },
        StudyFigure {
            name: "fig7",
            needs: || vec![fig7::need(NETWORK)],
            draw: fig7::fig7,
            see: "Left: deletions leave a larger part of the short paths than of the long ones. \
                  If short paths do the work, as the paper reads it, the error (right) stays low \
                  as long as many of them are left.",
            deviations: "The paper's argument is for the 54 blocks of ResNet-110; the left chart \
                         is for the blocks of the network named. The measured errors on the \
                         right are added.",
        },
    ],
    form: None,
    part,
};

/// The network whose deletions figure 7 shows.
const NETWORK: &str = "resnet110";
/// Blocks of the paper's network, ResNet-110.
const BLOCKS: usize = 54;
/// Lengths that hold almost all of its paths, and those of which the paper says that they
/// hold almost all gradient.
const COMMON: (usize, usize) = (19, 35);
const EFFECTIVE: (usize, usize) = (5, 17);

/// The part of all paths that has one of these lengths, the ends included.
fn share(blocks: usize, (from, to): (usize, usize)) -> f64 {
    // Divided first, so that no sum is above 1.
    let all = 2.0_f64.powi(blocks as i32);
    (from..=to).map(|k| choose(blocks, k) / all).sum()
}

/// The part of the paths of length `k` that is left without `deleted` of the blocks:
/// `C(n - d, k) / C(n, k)`, whichever blocks these are.
pub(super) fn left(blocks: usize, deleted: usize, k: usize) -> f64 {
    choose(blocks - deleted, k) / choose(blocks, k)
}

/// The axis of the lengths of paths through `n` blocks.
pub(super) fn length_axis(n: usize) -> Axis {
    let ticks = (0..=n).step_by(if n <= 20 { 1 } else { 10 }).map(|tick| tick as f64);
    let (from, to) = (-0.5, n as f64 + 0.5);
    Axis { ticks: ticks.collect(), ..Axis::new("path length (branches)", from, to) }
}

/// Of two statements: more than 95 % of the paths pass 19 to 35 blocks; 0.45 % pass 5 to
/// 17. The arithmetic leaves no doubt, so the interval is the value.
fn statements(_: &[&Record]) -> Result<Estimate, ReportError> {
    let common = share(BLOCKS, COMMON) > 0.95;
    let effective = words::decimal(100.0 * share(BLOCKS, EFFECTIVE), 2) == "0.45";
    Ok(Estimate::exactly(f64::from(u8::from(common) + u8::from(effective))))
}

fn part(_: &Answers) -> Result<Part, ReportError> {
    let percent = |range| words::decimal(100.0 * share(BLOCKS, range), 2);
    let rows = [(0, 4), EFFECTIVE, (18, 18), COMMON, (36, BLOCKS)];
    let body = html! {
        p {
            "A path passes each block by its branch or by its skip. Of " (BLOCKS) " blocks there \
             are 2" sup { (BLOCKS) } " paths, and their length, the number of branches, is \
             binomial: half of the blocks on average. Exact arithmetic."
        }
        table.units {
            thead { tr { th.num { "Length" } th.num { "Part of the paths" } } }
            tbody {
                @for (from, to) in rows {
                    tr {
                        td.num { @if from == to { (from) } @else { (from) " to " (to) } }
                        td.num { b { (percent((from, to))) " %" } }
                    }
                }
            }
        }
    };
    let section = Section { id: "path-lengths", title: "Lengths of paths", body };
    Ok(Part { finding: None, section: Some(section) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By whole numbers: sums of Pascal's triangle over 2^54.
    #[test]
    fn shares_are_those_of_whole_numbers() {
        let mut row = vec![1_u64];
        for _ in 0..BLOCKS {
            let inner = row.windows(2).map(|pair| pair[0] + pair[1]);
            row = [1].into_iter().chain(inner).chain([1]).collect();
        }
        for (range, expected) in [(COMMON, 0.980), (EFFECTIVE, 0.004_537)] {
            let sum: u64 = row[range.0..=range.1].iter().sum();
            let exact = sum as f64 / (1_u64 << BLOCKS) as f64;
            assert!((share(BLOCKS, range) - exact).abs() < 1e-15, "{range:?}: {exact}");
            assert!((exact - expected).abs() < 5e-4, "{range:?}: {exact}");
        }
        assert!((share(9, (0, 9)) - 1.0).abs() < 1e-15);
        assert_eq!(statements(&[]).unwrap(), Estimate { value: 2.0, low: 2.0, high: 2.0 });
    }

    /// Counted over all sets of 7 blocks, of which the first 3 are deleted.
    #[test]
    fn what_is_left_is_counted() {
        for k in 0..=7 {
            let paths: Vec<u32> = (0_u32..1 << 7).filter(|p| p.count_ones() == k).collect();
            let alive = paths.iter().filter(|path| *path & 0b111 == 0).count();
            let expected = alive as f64 / paths.len() as f64;
            assert!((left(7, 3, k as usize) - expected).abs() < 1e-15, "{k}");
        }
        // The table of the paper's arithmetic.
        let cases = [(1, 27, 0.5), (5, 11, 0.304), (10, 5, 0.343), (10, 11, 0.080)];
        for (deleted, k, expected) in cases {
            assert!((left(54, deleted, k) - expected).abs() < 5e-4, "{deleted}, {k}");
        }
    }
}
