//! Laws of the study of random masks.

use record::{Bits, Committee, MaskCount, Masks, Record, Score};
use serde_json::json;
use testkit::made_up;

use crate::draws::measured;

const IMAGES: usize = 1_000;

/// So many wrong answers: of the scaled network, of the average, and of each of ten masks.
pub(crate) fn record(network: &str, of: &str, [scaled, average, single]: [usize; 3]) -> Record {
    let bits = |wrong: usize| -> Bits { (0..IMAGES).map(|i| i >= wrong).collect() };
    let together = |masks: usize, wrong: usize| Committee {
        member_wrong: vec![single as u32; masks],
        mean: bits(wrong),
        vote: bits(wrong),
        brier: 0.2,
        member_brier: 0.3,
        ambiguity: 0.1,
        correlation: None,
    };
    let averages = vec![
        MaskCount { masks: 1, together: together(1, single) },
        MaskCount { masks: 10, together: together(10, average) },
    ];
    let wrong_masks = (0..IMAGES).map(|i| if i < single { 10 } else { 0 }).collect();
    let answer =
        Masks { images: IMAGES, scaled: Score::new(bits(scaled), 0.5), averages, wrong_masks };
    made_up::record(network, IMAGES, json!({ "of": of, "masks": 10, "seed": 0 }), &answer)
}

#[test]
fn a_network_agrees_within_a_quarter_of_what_averaging_gains() {
    let of = |units: [usize; 3], blocks: [usize; 3]| {
        let records = [record("a", "units", units), record("b", "blocks", blocks)];
        let records: Vec<&Record> = records.iter().collect();
        ["networks that agree", "smallest gain of the average"]
            .map(|quantity| measured("masks", quantity, &records).unwrap())
    };
    // The gain is 40 images, 4 points.
    let close = [109, 100, 140];
    for (units, blocks, expected) in [(close, close, 2.0), ([91, 100, 140], [111, 100, 140], 1.0)] {
        let [agreeing, gain] = of(units, blocks);
        assert!(agreeing == expected && (gain - 4.0).abs() < 1e-12, "{agreeing}, {gain}");
    }
    assert_eq!(of([111, 100, 140], [100, 100, 104])[0], 1.0);
    let [agreeing, gain] = of([130, 100, 140], [103, 100, 104]);
    assert!(agreeing == 0.0 && (gain - 0.4).abs() < 1e-12, "{agreeing}, {gain}");
    // Averaging that makes it worse agrees with nothing.
    assert_eq!(of([100, 100, 90], close)[0], 1.0);
}
