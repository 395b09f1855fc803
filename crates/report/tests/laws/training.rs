//! Learning curves, from made-up logs.

use record::{EpochLog, LogId, Record, TrainingLog};
use report::{Answers, Need, study};
use serde_json::json;
use testkit::made_up;

fn epoch(epoch: u32, error: f64, held_out: bool) -> EpochLog {
    EpochLog {
        epoch,
        rate: 0.1 / f64::from(epoch),
        train_loss: 3.0 * error,
        train_error: error + 0.01,
        test_error: (!held_out).then_some(error),
        test_loss: (!held_out).then_some(2.0 * error),
        validation_error: held_out.then_some(error),
        validation_loss: held_out.then_some(2.0 * error),
    }
}

pub(crate) fn record(name: &str, held_out: bool) -> Record {
    let mut key = made_up::key("training-log", &[], 1, json!({}));
    key.images.clear();
    key.log = Some(LogId { name: name.into(), sha256: "d4".repeat(32) });
    let errors = [0.6, 0.3, 0.0625];
    let epochs = errors.iter().zip(1..).map(|(error, n)| epoch(n, *error, held_out)).collect();
    Record::new(format!("training-log-{name}"), key, &TrainingLog { epochs }).unwrap()
}

#[test]
fn a_need_of_a_log_is_met_by_the_log_of_that_name() {
    let records = [record("resnet20", false), record("vgg15", true)];
    let answers = Answers::new(&records);
    let found = answers.find(&Need::of("training-log", "vgg15")).unwrap();
    assert_eq!(found.name, "training-log-vgg15");
    assert!(answers.find(&Need::of("training-log", "resnet8")).is_none());
}

#[test]
fn each_training_has_a_curve_for_the_images_that_it_was_measured_on() {
    let records = [record("resnet20", false), record("vgg15", true)];
    let figure = study::figure("fig-training").unwrap();
    let drawn = (figure.draw)(&records.each_ref()).unwrap();
    for curve in ["resnet20, training", "resnet20, test", "vgg15, training", "vgg15, validation"] {
        assert!(drawn.svg.contains(curve), "{curve} is not in the figure");
    }
    let ends = "resnet20 6.25 % of the test images; vgg15 6.25 % of the held-out images";
    assert!(drawn.caption.contains(ends), "{}", drawn.caption);
}

#[test]
fn the_table_has_a_line_for_each_epoch() {
    let table = "\
training-log: resnet20, 3 epochs

epoch      rate  training loss    error      test loss    error
    1   0.10000         1.8000  61.00 %         1.2000  60.00 %
    2   0.05000         0.9000  31.00 %         0.6000  30.00 %
    3   0.03333         0.1875   7.25 %         0.1250   6.25 %
";
    assert_eq!(study::table(&record("resnet20", false)).unwrap(), table);
    let held_out = study::table(&record("resnet20", true)).unwrap();
    assert!(
        held_out
            .ends_with("\"test\": held-out training images, where the log has no test images\n")
    );
    let json = study::json(&record("resnet20", false)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["training"], "resnet20");
    assert_eq!(json["epochs"][2]["test_error"], 0.0625);
}
