//! Laws of the experiment `plans`.

use lesion::experiment::{Plans, plans::parse_lines};
use lesion::{Inputs, Question};
use models::Plan;
use serde_json::json;

use crate::common::{delete_one, foreign, question, run, sample, training, untrained};

const INTACT: &str = r#"{"order":[0,1,2],"routes":["both","both","both"]}"#;
const DELETED: &str = r#"{"order":[0,1,2],"routes":["both","skip","both"]}"#;

#[test]
fn each_line_gets_its_score_also_one_that_is_there_twice() {
    let (subject, images) = (untrained("resnet8", 2), sample(33));
    let single = run(&delete_one(subject.clone(), images.clone()));
    let single: record::DeleteOne = single.answer().unwrap();
    let text = format!("{DELETED}\n{INTACT}\n{{\"plan\":{DELETED}}}\n\n");
    let plans = parse_lines(&text).unwrap();
    let question = question(&Plans, json!({ "plans": plans }), subject, images);
    assert_eq!((question.plans().count(), question.distinct()), (3, 2));
    let found: record::Plans = run(&question).answer().unwrap();
    let deleted = single.units[1].deleted.clone().unwrap();
    assert_eq!(found.scores, [deleted.clone(), single.intact, deleted]);
    let (front, sum) = question.record_name().rsplit_once("-plans").unwrap();
    assert_eq!(
        (front, sum.len()),
        (format!("plans-{}-sample-first-33", foreign(&question, "resnet8")).as_str(), 8)
    );
}

#[test]
fn a_line_that_is_not_a_plan_is_named() {
    let unknown = DELETED.replace("order", "ordre");
    let wrong_lesion = format!("{{\"plan\":{INTACT},\"scale\":1}}");
    for (bad, expected) in [
        ("{", "EOF"),
        ("\n7", "EOF"),
        ("7", "invalid type"),
        (unknown.as_str(), "unknown field `ordre`"),
        (wrong_lesion.as_str(), "unknown field `scale`"),
    ] {
        let message = parse_lines(&format!("{INTACT}\n{DELETED}\n{bad}")).unwrap_err().to_string();
        assert!(message.starts_with("line 3 of the plans is neither a plan nor"), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_lesion_that_does_not_fit_the_network_is_named_by_its_line() {
    let ask = |line: &str, training| {
        let plans = parse_lines(&format!("{INTACT}\n{line}")).unwrap();
        let networks = vec![untrained("resnet8", 1)];
        let inputs = Inputs { networks, test: Some(sample(2)), training, ..Inputs::default() };
        Question::new(&Plans, json!({ "plans": plans }), inputs).unwrap_err().to_string()
    };
    let lesion = |rest: &str| format!("{{\"plan\":{INTACT},{rest}}}");
    let reestimated =
        |n: usize| lesion(&format!(r#""statistics":{{"reestimated":{{"batches":{n}}}}}"#));
    let cases = [
        (
            r#"{"order":[0,1],"routes":["both","skip"]}"#.to_owned(),
            "line 2 of the plans: the plan is for 2 units, but resnet8 has 3",
        ),
        (
            lesion(r#""branch_scale":[1.0]"#),
            "line 2 of the plans: branch_scale is [1.0]; expected 3 finite numbers",
        ),
        (reestimated(0), "line 2 of the plans: statistics re-estimated on 0 batches"),
        (
            reestimated(3),
            "line 2 of the plans: statistics re-estimated on 3 batches of 128 training images; \
             300 images are enough for 1 to 2",
        ),
    ];
    for (line, expected) in cases {
        let message = ask(&line, Some(training(300)));
        assert!(message.starts_with(expected), "{message}");
    }
    assert_eq!(ask(&reestimated(1), None), "plans needs training images, but none are given");
}

#[test]
fn no_plans_are_not_a_question() {
    let networks = vec![untrained("resnet8", 1)];
    let inputs = Inputs { networks, test: Some(sample(2)), ..Inputs::default() };
    let message = Question::new(&Plans, json!({}), inputs).unwrap_err().to_string();
    assert_eq!(message, "plans: the option plans is []: expected at least one plan");
}

#[test]
fn the_list_itself_is_in_the_key() {
    let subject = untrained("resnet8", 1);
    let plans = [Plan::intact(&subject.model)].map(lesion::Lesion::from);
    let question = question(&Plans, json!({ "plans": plans }), subject, sample(2));
    assert_eq!(question.key().options, json!({ "plans": plans }));
}
