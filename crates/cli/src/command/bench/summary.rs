//! What `--json` prints: medians over the rounds, and ratios.

use serde::Serialize;

use super::rounds::{Results, Series, Spread};
use super::setting::BATCH;

/// The circumstances of a run.
#[derive(Debug, Clone)]
pub(super) struct Circumstances {
    /// The level of vector instructions, unless a measurement forces another.
    pub(super) level: String,
    /// Threads, unless a measurement says otherwise.
    pub(super) threads: usize,
    /// Rounds made.
    pub(super) rounds: usize,
    /// The part of the processors' time that other programs took, where it is known.
    pub(super) others: Option<f64>,
    /// What is compared with.
    pub(super) peer: Option<String>,
    /// What `deletions` would be by multiplications alone.
    pub(super) deletions_ideal: f64,
}

/// The result; its fields are a stable interface. `null` is what cannot be had here.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    train_img_s: Option<f64>,
    eval_img_s: Option<f64>,
    peak_mb: Option<f64>,
    vgg15_train_img_s: Option<f64>,
    two_threads: Option<f64>,
    deletions: Option<f64>,
    deletions_ideal: f64,
    avx2_train_img_s: Option<f64>,
    level: &'a str,
    threads: usize,
    batch: usize,
    rounds: usize,
    others: Option<f64>,
    peer: Option<PeerMedians<'a>>,
    /// Ours over the peer's: the median of the rounds' ratios.
    ratio: Option<Ratios<f64>>,
    /// The lowest and the highest ratio of a round.
    ratio_range: Option<Ratios<[f64; 2]>>,
}

#[derive(Debug, Serialize)]
struct PeerMedians<'a> {
    name: &'a str,
    train_img_s: Option<f64>,
    eval_img_s: Option<f64>,
    peak_mb: Option<f64>,
    vgg15_train_img_s: Option<f64>,
    avx2_train_img_s: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Ratios<T> {
    train: Option<T>,
    eval: Option<T>,
    vgg15_train: Option<T>,
    peak_memory: Option<T>,
    avx2_train: Option<T>,
}

impl<'a> Summary<'a> {
    /// The summary of what was measured.
    pub(super) fn of(results: &Results, at: &'a Circumstances) -> Summary<'a> {
        let ours = |series: &Series| middle(&series.ours);
        let peer = |series: &Series| middle(&series.peer);
        let has_peer = at.peer.is_some();
        Summary {
            train_img_s: ours(&results.train),
            eval_img_s: ours(&results.eval),
            peak_mb: ours(&results.peak_mb),
            vgg15_train_img_s: ours(&results.vgg15_train),
            two_threads: ours(&results.two_threads),
            deletions: ours(&results.deletions),
            deletions_ideal: rounded(at.deletions_ideal),
            avx2_train_img_s: ours(&results.avx2_train),
            level: &at.level,
            threads: at.threads,
            batch: BATCH,
            rounds: at.rounds,
            others: at.others.map(rounded),
            peer: at.peer.as_deref().map(|name| PeerMedians {
                name,
                train_img_s: peer(&results.train),
                eval_img_s: peer(&results.eval),
                peak_mb: peer(&results.peak_mb),
                vgg15_train_img_s: peer(&results.vgg15_train),
                avx2_train_img_s: peer(&results.avx2_train),
            }),
            ratio: has_peer.then(|| Ratios::of(results, |ratio| rounded(ratio.median))),
            ratio_range: has_peer
                .then(|| Ratios::of(results, |r| [rounded(r.lowest), rounded(r.highest)])),
        }
    }
}

impl<T> Ratios<T> {
    fn of(results: &Results, what: impl Fn(Spread) -> T) -> Ratios<T> {
        let ratio = |series: &Series| series.ratio().map(&what);
        Ratios {
            train: ratio(&results.train),
            eval: ratio(&results.eval),
            vgg15_train: ratio(&results.vgg15_train),
            peak_memory: ratio(&results.peak_mb),
            avx2_train: ratio(&results.avx2_train),
        }
    }
}

fn middle(values: &[f64]) -> Option<f64> {
    Spread::of(values).map(|spread| rounded(spread.median))
}

/// Four decimals: more than any clock here can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Three rounds, with or without a peer.
    pub(in super::super) fn example(with_peer: bool) -> (Results, Circumstances) {
        let series = |ours: &[f64], peer: &[f64]| Series {
            ours: ours.to_vec(),
            peer: if with_peer { peer.to_vec() } else { Vec::new() },
        };
        let results = Results {
            train: series(&[150.0, 120.0, 160.0], &[100.0, 100.0, 100.0]),
            eval: series(&[300.0, 330.0, 270.0], &[300.0, 300.0, 300.0]),
            peak_mb: series(&[1000.0, 1000.0, 1001.0], &[2000.0, 2000.0, 2000.0]),
            vgg15_train: series(&[50.0, 50.0, 50.0], &[100.0, 100.0, 100.0]),
            avx2_train: series(&[100.0, 90.0, 80.0], &[80.0, 80.0, 80.0]),
            two_threads: series(&[1.9, 1.8, 1.85], &[]),
            deletions: series(&[0.54, 0.52, 0.53], &[]),
        };
        let at = Circumstances {
            level: "avx512".to_owned(),
            threads: 2,
            rounds: 3,
            others: Some(0.01),
            peer: with_peer.then(|| "torch 2.15.0".to_owned()),
            deletions_ideal: 0.509_049,
        };
        (results, at)
    }

    fn json(results: &Results, at: &Circumstances) -> Value {
        serde_json::to_value(Summary::of(results, at)).unwrap()
    }

    #[test]
    fn the_fields_are_the_stable_ones() {
        let (results, at) = example(true);
        let expected = json!({
            "train_img_s": 150.0, "eval_img_s": 300.0, "peak_mb": 1000.0,
            "vgg15_train_img_s": 50.0, "two_threads": 1.85, "deletions": 0.53,
            "deletions_ideal": 0.509, "avx2_train_img_s": 90.0,
            "level": "avx512", "threads": 2, "batch": 128, "rounds": 3, "others": 0.01,
            "peer": {
                "name": "torch 2.15.0", "train_img_s": 100.0, "eval_img_s": 300.0,
                "peak_mb": 2000.0, "vgg15_train_img_s": 100.0, "avx2_train_img_s": 80.0,
            },
            "ratio": {
                "train": 1.5, "eval": 1.0, "vgg15_train": 0.5, "peak_memory": 0.5,
                "avx2_train": 1.125,
            },
            "ratio_range": {
                "train": [1.2, 1.6], "eval": [0.9, 1.1], "vgg15_train": [0.5, 0.5],
                "peak_memory": [0.5, 0.5005], "avx2_train": [1.0, 1.25],
            },
        });
        assert_eq!(json(&results, &at), expected);
    }

    #[test]
    fn what_cannot_be_had_is_null() {
        let (mut results, at) = example(false);
        results.avx2_train = Series::default();
        results.peak_mb = Series::default();
        let summary = json(&results, &at);
        for field in ["peer", "ratio", "ratio_range", "avx2_train_img_s", "peak_mb"] {
            assert_eq!(summary.get(field), Some(&Value::Null), "{field}");
        }
        assert_eq!(summary["train_img_s"], 150.0);

        let (mut results, at) = example(true);
        results.avx2_train = Series::default();
        let summary = json(&results, &at);
        assert_eq!(summary["ratio"].get("avx2_train"), Some(&Value::Null));
        assert_eq!(summary["peer"].get("avx2_train_img_s"), Some(&Value::Null));
    }
}
