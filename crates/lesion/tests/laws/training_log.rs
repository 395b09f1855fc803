//! The log of a training as a question's input.

use crate::common::{sample, untrained};
use lesion::experiment::{DeleteOne, TrainingLog};
use lesion::{Inputs, Log, Question, Runner};
use serde_json::json;

const TWO: &str = concat!(
    r#"{"epoch":1,"rate":0.1,"train_loss":1.5,"train_error":0.6,"test_error":0.5}"#,
    "\n",
    r#"{"epoch":2,"rate":0.05,"train_loss":1.0,"train_error":0.4,"test_error":0.3}"#,
    "\n"
);

/// The log of a training that led to no network.
fn diverged(text: &str) -> Log {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("diverged.jsonl");
    std::fs::write(&path, text).unwrap();
    Log::load(&path).unwrap()
}

fn question(log: Log) -> Question {
    let inputs = Inputs { log: Some(log), test: Some(sample(2)), ..Inputs::default() };
    Question::new(&TrainingLog, json!({}), inputs).unwrap()
}

#[test]
fn the_record_is_the_log_and_names_it_by_content() {
    let log = diverged(TWO);
    let question = question(log.clone());
    assert_eq!(question.record_name(), format!("training-log-diverged-{}", &log.id.sha256[..8]));
    let listed = self::question(Log { listed: true, ..log.clone() });
    assert_eq!(listed.record_name(), "training-log-diverged");
    assert_eq!(question.key().log, Some(log.id));
    assert!(question.key().images.is_empty() && question.key().networks.is_empty());
    let record = question.run(&mut Runner::default()).unwrap();
    assert_eq!(record.answer::<record::TrainingLog>().unwrap().epochs, log.epochs);
    assert!(record.is_up_to_date(question.key()));
    let other = self::question(diverged(&TWO.replace("0.05", "0.06")));
    assert!(!record.is_up_to_date(other.key()));
}

#[test]
fn a_log_is_needed_where_it_is_read_and_not_part_of_other_questions() {
    let none = Question::new(&TrainingLog, json!({}), Inputs::default()).unwrap_err().to_string();
    assert_eq!(none, "training-log reads the log of a training, but none is given");
    let ask = |log| {
        let networks = vec![untrained("resnet8", 1)];
        let inputs = Inputs { networks, test: Some(sample(2)), log, ..Inputs::default() };
        Question::new(&DeleteOne, json!({}), inputs).unwrap()
    };
    assert_eq!(ask(Some(diverged(TWO))).key(), ask(None).key());
}
