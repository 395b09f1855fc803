//! What holds of record files: they read back, repeat, and refuse what is not theirs.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use record::{
    DataId, DeleteOne, Deletion, FailAt, Key, ModelId, Outcome, Record, RecordError, RunInfo,
    Score, Step, UnitDeletion, WeightsId,
};

fn sample() -> Record {
    let deletion = Deletion {
        score: Score { wrong: 13, cross_entropy: 0.1 + 0.2 },
        newly_wrong: 5,
        newly_right: 2,
    };
    let unit = |index, deleted| UnitDeletion {
        index,
        name: format!("unit{index}"),
        stage: 0,
        boundary: index == 1,
        deleted,
    };
    Record::new(
        "made-up",
        Key {
            experiment: "delete-one".into(),
            version: 1,
            model: ModelId { name: "tiny".into(), parameters: 10, macs: 100 },
            weights: WeightsId {
                source: "tiny.safetensors".into(),
                sha256: "a".repeat(64),
                recipe: Some("short".into()),
                epochs: Some(3),
                seed: Some(u64::MAX),
                test_error: Some(0.1),
            },
            data: DataId {
                name: "cifar10-test".into(),
                sample: true,
                images: 100,
                sha256: "b".repeat(64),
            },
            seed: 7,
            simd: "portable".into(),
            claims_sha256: None,
            plans: serde_json::json!({ "deleted": [0, 1] }),
        },
        Outcome::DeleteOne(DeleteOne {
            images: 100,
            intact: Score { wrong: 10, cross_entropy: 1.0 / 3.0 },
            units: vec![unit(0, Some(deletion)), unit(1, None)],
        }),
    )
}

fn outcome(record: &mut Record) -> &mut DeleteOne {
    let Outcome::DeleteOne(outcome) = &mut record.result;
    outcome
}

#[test]
fn a_saved_record_reads_back_equal_and_the_same_record_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = sample().save(&dir.path().join("new/records")).unwrap();
    assert!(path.ends_with("new/records/made-up.json"));
    assert_eq!(Record::load(&path).unwrap(), sample());

    let first = fs::read(&path).unwrap();
    assert_eq!(first.last(), Some(&b'\n'));
    Record::load(&path).unwrap().save(path.parent().unwrap()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), first);
}

/// The sum of "abc" is the example of FIPS 180-2.
#[test]
fn sums_are_written_as_64_lower_case_digits() {
    assert_eq!(
        record::sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn fields_appear_in_the_order_of_the_structs() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(sample().save(dir.path()).unwrap()).unwrap();
    let fields = ["schema", "name", "key", "experiment", "weights", "plans", "result", "kind"];
    let places: Vec<_> =
        fields.iter().map(|field| text.find(&format!("\"{field}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.contains("\"kind\": \"delete-one\""));
}

proptest! {
    #[test]
    fn every_finite_float_reads_back_to_the_same_bits(bits in any::<u64>()) {
        let value = f64::from_bits(bits & !(1 << 63));
        prop_assume!(value.is_finite());
        let dir = tempfile::tempdir().unwrap();
        let mut record = sample();
        outcome(&mut record).intact.cross_entropy = value;
        let mut back = Record::load(&record.save(dir.path()).unwrap()).unwrap();
        prop_assert_eq!(outcome(&mut back).intact.cross_entropy.to_bits(), value.to_bits());
    }
}

#[test]
fn a_record_is_up_to_date_only_for_its_own_key() {
    let record = sample();
    assert!(record.is_up_to_date(&record.key));
    let changes: [fn(&mut Key); 7] = [
        |key| key.version += 1,
        |key| key.seed += 1,
        |key| key.simd = "avx2".into(),
        |key| key.weights.sha256 = "c".repeat(64),
        |key| key.data.images = 99,
        |key| key.plans = serde_json::json!({ "deleted": [0] }),
        |key| key.claims_sha256 = Some("d".repeat(64)),
    ];
    for change in changes {
        let mut other = record.key.clone();
        change(&mut other);
        assert!(!record.is_up_to_date(&other), "{other:?}");
        assert_ne!(record.key_hash(), other.hash());
    }
    let older = Record { schema: 0, ..record.clone() };
    assert!(!older.is_up_to_date(&record.key));
}

#[test]
fn foreign_or_damaged_files_are_refused_with_their_name_and_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(sample().save(dir.path()).unwrap()).unwrap();
    let cases = [
        (good.replace("\"schema\": 1", "\"schema\": 2"), "record schema 2"),
        (good.replace("\"schema\": 1,", ""), "missing field `schema`"),
        (good.replace("\"seed\": 7", "\"seed\": 7, \"sed\": 8"), "unknown field `sed`"),
        (good.replace("\"stage\": 0", "\"stage\": 0, \"colour\": 8"), "unknown field `colour`"),
        (good.replace("\"kind\": \"delete-one\"", "\"kind\": \"delete-two\""), "delete-two"),
        (good.replace("\"index\": 1", "\"index\": 3"), "units[1].index is 3"),
        (good.replace("\"newly_wrong\": 5", "\"newly_wrong\": 6"), "newly_wrong - newly_right = 4"),
        (good.replace("\"wrong\": 10,", "\"wrong\": 101,"), "intact.wrong is 101"),
        // Of ten images that were right 92 cannot become wrong, though 92 - 89 is the change.
        (
            good.replace("\"wrong\": 10,", "\"wrong\": 90,")
                .replace("\"wrong\": 13,", "\"wrong\": 93,")
                .replace("\"newly_wrong\": 5", "\"newly_wrong\": 92")
                .replace("\"newly_right\": 2", "\"newly_right\": 89"),
            "newly_wrong is 92, more than the 10 images",
        ),
        (good.replace(&"a".repeat(64), "aa"), "64 lower-case hexadecimal"),
        (good[..good.len() / 2].to_string(), "is not a record"),
        (String::new(), "is not a record"),
    ];
    for (text, reason) in cases {
        assert_ne!(text, good, "{reason}");
        let path = dir.path().join("altered.json");
        fs::write(&path, text).unwrap();
        let message = Record::load(&path).unwrap_err().to_string();
        assert!(message.contains("altered.json"), "{message}");
        assert!(message.contains(reason), "expected {reason:?} in {message:?}");
    }
    let absent = Record::load(&dir.path().join("absent.json")).unwrap_err();
    assert!(matches!(absent, RecordError::Read { .. }));
    assert!(absent.to_string().contains("absent.json"));
}

#[test]
fn what_would_not_read_back_is_not_written() {
    let changes: [fn(&mut Record); 8] = [
        |record| record.name = "../escape".into(),
        |record| record.name = String::new(),
        |record| record.schema = 2,
        |record| record.key.weights.source = "some/folder/a.safetensors".into(),
        |record| record.key.weights.test_error = Some(f64::NAN),
        |record| record.key.data.images = 99,
        |record| outcome(record).intact.cross_entropy = f64::INFINITY,
        |record| outcome(record).units[0].deleted.as_mut().unwrap().newly_right = 11,
    ];
    for change in changes {
        let dir = tempfile::tempdir().unwrap();
        let mut record = sample();
        change(&mut record);
        record.save(dir.path()).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{record:?}");
    }
}

#[test]
fn a_failed_save_keeps_the_older_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = sample().save(dir.path()).unwrap();
    let newer = Record { key: Key { seed: 8, ..sample().key }, ..sample() };
    let _full_disk = FailAt::step(Step::Write);
    let message = newer.save(dir.path()).unwrap_err().to_string();
    assert!(message.contains("made-up.json (step write)"), "{message}");
    assert_eq!(Record::load(&path).unwrap(), sample());
}

#[test]
fn run_info_lies_beside_the_record_and_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let info = RunInfo {
        threads: 2,
        seconds: 1.25,
        host: "a computer".into(),
        date: "2026-01-02T03:04:05Z".into(),
        program_version: "0.1.0".into(),
    };
    let path = info.save(dir.path(), "made-up").unwrap();
    assert_eq!(path.file_name(), Path::new("made-up.run.json").file_name());
    assert_eq!(RunInfo::load(&path).unwrap(), info);
    assert!(info.save(dir.path(), "a/b").is_err());
    assert!(RunInfo { seconds: f64::NAN, ..info }.save(dir.path(), "made-up").is_err());
}
