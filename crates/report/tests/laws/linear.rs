//! Laws of the study of linear residual networks.

use record::{Answer, LinearDepth, LinearDraw, LinearResidual, Record};
use serde_json::json;
use testkit::made_up;

use crate::draws::measured;

/// A map whose norms are `factor / depth^power`.
fn map(gamma: f64, factor: f64, power: f64) -> LinearDraw {
    let at = |depth: usize| LinearDepth {
        depth,
        steps: 100,
        relative_loss: 1e-10,
        largest_norm: factor / (depth as f64).powf(power),
    };
    LinearDraw { gamma, depths: [8, 16, 32, 64].map(at).to_vec() }
}

fn record(draws: Vec<LinearDraw>) -> Record {
    let mut key =
        made_up::key(LinearResidual::EXPERIMENT, &[], 0, json!({ "draws": 10, "seed": 0 }));
    key.images.clear();
    Record::new("linear-residual", key, &LinearResidual { size: 16, draws }).unwrap()
}

pub(crate) fn made_up_answer() -> Record {
    record(vec![map(2.0, 3.0, 1.0), map(1.5, 2.5, 1.05)])
}

#[test]
fn a_map_agrees_if_slope_bound_and_descent_do() {
    let agreeing = |draw: LinearDraw| {
        measured("linear-residual", "draws that agree", &[&record(vec![draw])]).unwrap()
    };
    // The bound at gamma 2 is 2 (1.772 + 2.449)^2 / l = 35.6 / l.
    for (draw, expected) in [
        (map(2.0, 3.0, 1.0), 1.0),
        (map(2.0, 3.0, 0.92), 1.0),
        (map(2.0, 3.0, 0.88), 0.0),
        (map(2.0, 3.0, 1.08), 1.0),
        (map(2.0, 3.0, 1.12), 0.0),
        (map(2.0, 35.0, 1.0), 1.0),
        (map(2.0, 36.0, 1.0), 0.0),
        // From depth 9.3 on there is a bound, 2 (1.772 + 3.05)^2 / l = 46.5 / l.
        (map(3.1, 47.0, 1.0), 0.0),
        (map(3.1, 46.0, 1.0), 1.0),
    ] {
        assert_eq!(agreeing(draw.clone()), expected, "{draw:?}");
    }
    let mut unfinished = map(2.0, 3.0, 1.0);
    unfinished.depths[3].relative_loss = 1.1e-10;
    assert_eq!(agreeing(unfinished), 0.0);
    // Above the bound, but at a depth for which there is none.
    let mut shallow = map(3.1, 45.0, 1.0);
    shallow.depths[0].largest_norm *= 1.05;
    assert_eq!(agreeing(shallow), 1.0);
}

#[test]
fn answers_that_contradict_themselves_are_refused() {
    let of = |draws: Vec<LinearDraw>| {
        let key = made_up::key(LinearResidual::EXPERIMENT, &[], 0, json!({}));
        LinearResidual { size: 16, draws }.check(&key)
    };
    let good = map(2.0, 3.0, 1.0);
    assert!(of(vec![good.clone()]).is_ok() && of(Vec::new()).is_err());
    let mut negative = good.clone();
    negative.depths[1].largest_norm = -1.0;
    let mut falling = good.clone();
    falling.depths.swap(0, 1);
    let mut empty = good.clone();
    empty.depths.clear();
    for bad in [negative, falling, empty, LinearDraw { gamma: f64::INFINITY, ..good }] {
        assert!(of(vec![bad.clone()]).is_err(), "{bad:?}");
    }
}
