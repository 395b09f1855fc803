//! Made-up records, not results.

use record::{
    DataId, DeleteOne, Deletion, Key, ModelId, Outcome, Record, Score, UnitDeletion, WeightsId,
};

/// What is made up of one unit: its name, whether it is a boundary, and the number of
/// wrong answers without it, if it can be deleted.
pub(crate) type Unit = (&'static str, bool, Option<u32>);

/// A delete-one record of `model` on 2,000 sample images, 200 of them wrong intact.
pub(crate) fn record(model: &str, units: &[Unit]) -> Record {
    record_of(model, units, 2_000, 200)
}

/// A delete-one record on `images` images (2,000: the sample), `intact` of them wrong.
/// A deletion that adds d wrong answers makes d + 10 newly wrong and 10 newly right.
pub(crate) fn record_of(model: &str, units: &[Unit], images: usize, intact: u32) -> Record {
    let unit = |(index, (name, boundary, wrong)): (usize, &Unit)| UnitDeletion {
        index,
        name: (*name).into(),
        stage: index / 2,
        boundary: *boundary,
        deleted: wrong.map(|wrong| Deletion {
            score: Score { wrong, cross_entropy: 1.0 },
            newly_wrong: wrong + 10 - intact,
            newly_right: 10,
        }),
    };
    let key = Key {
        experiment: "delete-one".into(),
        version: 1,
        model: ModelId { name: model.into(), parameters: 272_474, macs: 40_813_184 },
        weights: WeightsId {
            source: format!("{model}.safetensors"),
            sha256: "a1".repeat(32),
            recipe: Some("short".into()),
            epochs: Some(15),
            seed: Some(3),
            test_error: Some(0.0987),
        },
        data: DataId {
            name: "cifar10-test".into(),
            sample: images == 2_000,
            images,
            sha256: "b2".repeat(32),
        },
        seed: 0,
        simd: "portable".into(),
        claims_sha256: Some("c3".repeat(32)),
        plans: serde_json::json!({ "deleted": [0, 1] }),
    };
    let intact = Score { wrong: intact, cross_entropy: 0.3 };
    let units = units.iter().enumerate().map(unit).collect();
    let name = format!("delete-one-{model}-{images}");
    Record::new(name, key, Outcome::DeleteOne(DeleteOne { images, intact, units }))
}

/// Five blocks, of which one is a boundary.
pub(crate) fn resnet() -> Record {
    let wrong = [500, 220, 600, 210, 260];
    let names = ["stage1.block0", "stage1.block1", "stage2.block0", "stage2.block1", "last"];
    let units: Vec<Unit> = (0..5).map(|i| (names[i], i == 2, Some(wrong[i]))).collect();
    record("resnet14", &units)
}

/// Seven layers, of which the first and the fourth cannot be deleted.
pub(crate) fn vgg() -> Record {
    let wrong = [None, Some(1800), Some(1750), None, Some(1700), Some(1790), Some(1650)];
    let names = ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "fc1"];
    let units: Vec<Unit> = (0..7).map(|i| (names[i], i == 0, wrong[i])).collect();
    record("vgg15", &units)
}
