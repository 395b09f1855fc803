//! Made-up records, not results.

use record::Record;
pub(crate) use testkit::made_up::Unit;
use testkit::made_up::delete_one;

/// A delete-one record of `network` on 2,000 sample images, 200 of them wrong intact.
pub(crate) fn record(network: &str, units: &[Unit]) -> Record {
    delete_one(network, units, 2_000, 200)
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
