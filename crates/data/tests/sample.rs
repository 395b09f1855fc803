//! The shipped sample holds what its description says.

use std::fs;
use std::path::{Path, PathBuf};

use data::{DataError, Split, fill_batch, load, load_sample, write_sample};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

#[test]
fn the_sample_is_the_first_images_of_each_split() {
    let train = load_sample(&shipped(), Split::Train).unwrap();
    let test = load_sample(&shipped(), Split::Test).unwrap();
    assert_eq!((train.len(), test.len()), (1_000, 2_000));
    // The published order begins frog, truck, truck, deer, car; and cat, ship, ship, airplane.
    assert_eq!(train.labels()[..5], [6, 9, 9, 4, 1]);
    assert_eq!(test.labels()[..5], [3, 8, 8, 0, 6]);
    assert_eq!(train.id().name, "cifar10-sample-train");
    assert_eq!(test.id().name, "cifar10-sample-test");
    let file = fs::read(shipped().join("cifar10-sample/test-2000.bin")).unwrap();
    assert_eq!(test.image(1_999), &file[file.len() - 3_072..]);
}

#[test]
fn no_image_is_in_both_halves() {
    let [train, test] = [Split::Train, Split::Test].map(|of| load_sample(&shipped(), of).unwrap());
    assert_eq!((test.shared_with(&train), train.shared_with(&test)), (0, 0));
    assert_eq!(test.range(10..14).unwrap().shared_with(&test), 4);
}

#[test]
fn the_channel_statistics_fit_the_sample() {
    let train = load_sample(&shipped(), Split::Train).unwrap();
    let indices: Vec<u32> = (0..1_000).collect();
    let (mut pixels, mut labels) = (vec![0.0; 1_000 * 3_072], vec![0; 1_000]);
    fill_batch(&mut pixels, &mut labels, &train, &indices, &train.description().normalisation);
    assert_eq!(labels, train.labels());
    for channel in 0..3 {
        let values = || pixels.iter().skip(channel).step_by(3).map(|&x| f64::from(x));
        let mean = values().sum::<f64>() / 1_024_000.0;
        let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 1_024_000.0;
        // The statistics are those of all 50,000 images; a channel out of place shifts by 0.03 up.
        assert!(mean.abs() < 0.03, "channel {channel}: mean {mean}");
        assert!((variance.sqrt() - 1.0).abs() < 0.03, "channel {channel}: variance {variance}");
    }
}

#[test]
fn a_damaged_sample_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cifar10-sample");
    fs::create_dir(&folder).unwrap();
    let sound = fs::read(shipped().join("cifar10-sample/train-1000.bin")).unwrap();
    let load = |bytes: &[u8]| {
        fs::write(folder.join("train-1000.bin"), bytes).unwrap();
        load_sample(dir.path(), Split::Train)
    };
    load(&sound).unwrap();
    assert!(matches!(load(&sound[1..]), Err(DataError::WrongSize { .. })));
    let mut altered = sound;
    altered[1_000_000] ^= 0x80;
    let message = load(&altered).unwrap_err().to_string();
    assert!(message.contains("train-1000.bin: altered"), "{message}");
    assert!(message.contains("git checkout data/cifar10-sample"), "{message}");
}

#[test]
fn official_files_of_another_size_are_refused_with_the_command_to_run() {
    let dir = tempfile::tempdir().unwrap();
    let missing = load(dir.path(), Split::Test).unwrap_err().to_string();
    assert!(missing.contains("test_batch.bin is missing; run `cargo xtask data`"), "{missing}");
    fs::write(dir.path().join("test_batch.bin"), b"short").unwrap();
    for error in [load(dir.path(), Split::Test).unwrap_err(), {
        fs::write(dir.path().join("data_batch_1.bin"), b"short").unwrap();
        write_sample(dir.path(), dir.path()).unwrap_err()
    }] {
        assert!(error.to_string().contains("5 bytes instead of 30730000 (truncated)"), "{error}");
    }
}
