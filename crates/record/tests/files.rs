//! What holds of record files: they read back, repeat, and refuse what is not theirs.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use record::{
    Bits, DeleteOne, DeleteOneOptions, FailAt, Key, NormStatistics, Plans, Record, RecordError,
    RunInfo, SCHEMA, Score, Step, Term, UnitDeletion,
};
use serde_json::json;
use testkit::made_up;

fn answer() -> DeleteOne {
    let intact = Score { cross_entropy: 1.0 / 3.0, ..made_up::score(100, 10) };
    let deleted = Score { cross_entropy: 0.1 + 0.2, ..made_up::changed(&intact, 5, 2) };
    let unit = |index, deleted| UnitDeletion {
        index,
        name: format!("unit{index}"),
        stage: 0,
        boundary: index == 1,
        deleted,
    };
    let units = vec![unit(0, Some(deleted)), unit(1, None)];
    DeleteOne { images: 100, batches: None, intact, units }
}

fn sample_of(answer: &DeleteOne) -> Result<Record, RecordError> {
    let options = json!({ "term": "branch", "statistics": "running" });
    Record::new("made-up", made_up::key("delete-one", &["tiny"], 100, options), answer)
}

fn sample() -> Record {
    sample_of(&answer()).unwrap()
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

/// A record from before there was a choice would be taken for one of these options.
#[test]
fn single_deletions_that_do_not_say_of_what_are_refused() {
    let key = |options| made_up::key("delete-one", &["tiny"], 100, options);
    let message = Record::new("old", key(json!({})), &answer()).unwrap_err().to_string();
    assert!(message.contains("is of an older version"), "{message}");
    let options = json!({ "term": "skip", "statistics": "reestimated" });
    let of = |batches| DeleteOne { batches, ..answer() };
    for batches in [None, Some(0)] {
        let message = Record::new("x", key(options.clone()), &of(batches)).unwrap_err().to_string();
        assert!(message.contains("answer.batches is"), "{message}");
    }
    let record = Record::new("x", key(options), &of(Some(50))).unwrap();
    let expected = DeleteOneOptions { term: Term::Skip, statistics: NormStatistics::Reestimated };
    assert_eq!(DeleteOneOptions::of(&record.key), Ok(expected));
    assert_eq!(record.answer::<DeleteOne>().unwrap().batches, Some(50));
}

#[test]
fn plans_have_one_score_each() {
    let record = |plans: usize, answer: &Plans| {
        let options = json!({ "plans": vec![json!({}); plans] });
        Record::new("made-up", made_up::key("plans", &["tiny"], 100, options), answer)
    };
    let answer =
        Plans { images: 100, scores: vec![made_up::score(100, 3), made_up::score(100, 7)] };
    assert_eq!(record(2, &answer).unwrap().answer::<Plans>().unwrap(), answer);
    let other_images = Plans { images: 99, ..answer.clone() };
    let short =
        Plans { scores: vec![made_up::score(100, 3), made_up::score(99, 7)], ..answer.clone() };
    for (plans, answer, expected) in [
        (3, answer, "answer.scores has 2 scores, expected one for each of 3"),
        (2, other_images, "answer.images is 99, expected that of key.images[0], 100"),
        (2, short, "answer.scores[1].right has 99 images, expected 100"),
    ] {
        let message = record(plans, &answer).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
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
    let fields = [
        "schema",
        "name",
        "key",
        "experiment",
        "options",
        "networks",
        "weights",
        "conventions",
        "images",
        "work",
        "simd",
        "answer",
        "intact",
        "wrong",
        "cross_entropy",
        "right",
        "units",
    ];
    let mut place = 0;
    for field in fields {
        let found = text[place..].find(&format!("\"{field}\""));
        place += found.unwrap_or_else(|| panic!("{field} is missing or too early in {text}"));
    }
}

#[test]
fn an_answer_is_read_as_what_it_is_and_as_nothing_else() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    struct Own {
        numbers: Vec<f64>,
    }
    impl record::Answer for Own {
        const EXPERIMENT: &'static str = "my-own";
        fn check(&self, _: &Key) -> Result<(), String> {
            if self.numbers.is_empty() { Err("answer.numbers is empty".into()) } else { Ok(()) }
        }
    }
    assert_eq!(sample().answer::<DeleteOne>().unwrap(), answer());
    let message = sample().answer::<Own>().unwrap_err().to_string();
    assert!(message.contains("of the experiment delete-one, expected my-own"), "{message}");

    // An experiment that this crate does not know has records like any other.
    let key = made_up::key("my-own", &[], 100, json!({}));
    let own = Own { numbers: vec![1.0 / 3.0] };
    let dir = tempfile::tempdir().unwrap();
    let record = Record::new("own", key.clone(), &own).unwrap();
    assert_eq!(
        Record::load(&record.save(dir.path()).unwrap()).unwrap().answer::<Own>().unwrap(),
        own
    );
    for (key, answer) in [(key, Own { numbers: vec![] }), (sample().key, own)] {
        assert!(matches!(Record::new("own", key, &answer), Err(RecordError::Answer { .. })));
    }
}

proptest! {
    #[test]
    fn every_finite_float_reads_back_to_the_same_bits(bits in any::<u64>()) {
        let value = f64::from_bits(bits & !(1 << 63));
        prop_assume!(value.is_finite());
        let dir = tempfile::tempdir().unwrap();
        let mut answer = answer();
        answer.intact.cross_entropy = value;
        let path = sample_of(&answer).unwrap().save(dir.path()).unwrap();
        let back: DeleteOne = Record::load(&path).unwrap().answer().unwrap();
        prop_assert_eq!(back.intact.cross_entropy.to_bits(), value.to_bits());
    }
}

#[test]
fn a_record_is_up_to_date_only_for_its_own_key() {
    let record = sample();
    assert!(record.is_up_to_date(&record.key));
    let changes: [fn(&mut Key); 8] = [
        |key| key.version += 1,
        |key| key.options = json!({ "term": "skip", "statistics": "running" }),
        |key| key.simd = "avx2".into(),
        |key| key.networks[0].weights.sha256 = "c".repeat(64),
        |key| key.networks[0].conventions.std[2] = 0.5,
        |key| key.networks[0].branch_scale[0] = 0.9,
        |key| key.images[0].images = 99,
        |key| key.work = "d".repeat(64),
    ];
    for change in changes {
        let mut other = record.key.clone();
        change(&mut other);
        assert!(!record.is_up_to_date(&other), "{other:?}");
        assert_ne!(record.key_hash(), other.hash());
    }
    let mut older = record.clone();
    older.schema = 1;
    assert!(!older.is_up_to_date(&record.key));
}

#[test]
fn the_order_of_options_is_not_part_of_the_question() {
    let key = |options| made_up::key("delete-one", &["tiny"], 100, options);
    let (a, b) = (key(json!({ "seed": 7, "draws": 3 })), key(json!({ "draws": 3, "seed": 7 })));
    assert_eq!((a.hash(), a.seed()), (b.hash(), Some(7)));
    assert_eq!(a, b);
}

#[test]
fn foreign_or_damaged_files_are_refused_with_their_name_and_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(sample().save(dir.path()).unwrap()).unwrap();
    let none_right = (0..100).map(|_| false).collect::<Bits>().to_string();
    let intact_right = answer().intact.right.to_string();
    let cases = [
        (good.replace("\"schema\": 2", "\"schema\": 1"), "record schema 1"),
        (good.replace("\"schema\": 2,", ""), "missing field `schema`"),
        (good.replace("\"version\": 1", "\"version\": 1, \"verse\": 8"), "unknown field `verse`"),
        (good.replace("\"stage\": 0", "\"stage\": 0, \"colour\": 8"), "unknown field `colour`"),
        (good.replace("\"term\": \"branch\",", ""), "missing field `term`"),
        (good.replace("\"running\"", "\"reestimated\""), "answer.batches is None"),
        (good.replace("\"branch\"", "\"both\""), "unknown variant `both`"),
        (good.replace("\"index\": 1", "\"index\": 3"), "units[1].index is 3"),
        (good.replace("\"wrong\": 13", "\"wrong\": 14"), "units[0].deleted.wrong is 14"),
        (good.replace(&intact_right, &none_right), "intact.wrong is 10, expected 100"),
        (good.replace(&intact_right, "9:AAA="), "intact.right has 9 images, expected 100"),
        (good.replace(&intact_right, "100:AAA="), "expected LENGTH:BASE64"),
        (good.replace(&"a1".repeat(32), "aa"), "64 lower-case hexadecimal"),
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
        |record| record.schema = SCHEMA + 1,
        |record| record.key.networks[0].weights.source = "some/folder/a.safetensors".into(),
        |record| record.key.networks[0].weights.test_error = Some(f64::NAN),
        |record| record.key.networks[0].conventions.std[0] = 0.0,
        |record| record.key.networks[0].branch_scale[0] = f64::INFINITY,
        |record| record.key.images[0].images = 99,
    ];
    for change in changes {
        let dir = tempfile::tempdir().unwrap();
        let mut record = sample();
        change(&mut record);
        record.save(dir.path()).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{record:?}");
    }
    let mut answer = answer();
    answer.intact.cross_entropy = f64::INFINITY;
    let message = sample_of(&answer).unwrap_err().to_string();
    assert!(message.contains("made-up: answer.intact.cross_entropy is inf"), "{message}");
}

#[test]
fn a_failed_save_keeps_the_older_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = sample().save(dir.path()).unwrap();
    let mut newer = sample();
    newer.key.version = 8;
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

#[test]
fn the_differences_of_two_keys_are_named_field_by_field() {
    let key = sample().key;
    assert!(key.differences(&key).is_empty());
    let mut other = key.clone();
    other.simd = "another".to_owned();
    other.options = json!({ "term": "skip", "statistics": "running", "draws": 3 });
    other.networks[0].branch_scale.push(0.5);
    other.networks[0].conventions.mean[1] = 0.25;
    let found = other.differences(&key);
    let starts = [
        "options.term is \"skip\" instead of \"branch\"",
        "options.draws is 3 instead of absent",
        "networks[0].conventions.mean[1] is 0.25 instead of ",
        "networks[0].branch_scale is a list of ",
        "simd is \"another\" instead of ",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found}");
    }
}

#[test]
fn a_new_record_replaces_its_own_alone() {
    let dir = tempfile::tempdir().unwrap();
    let record = sample();
    let path = record.save_new(dir.path()).unwrap();
    record.save_new(dir.path()).unwrap();
    let mut other = record.clone();
    other.key.version += 1;
    let error = other.save_new(dir.path()).unwrap_err();
    assert!(matches!(error, RecordError::Taken { .. }), "{error}");
    assert!(error.to_string().contains("version is"), "{error}");
    assert_eq!(Record::load(&path).unwrap(), record);
    // Nor is anything else replaced.
    for text in ["", "{}", "mine"] {
        fs::write(&path, text).unwrap();
        assert!(matches!(record.save_new(dir.path()), Err(RecordError::Taken { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
