//! Laws of what the terminal shows of a record.

use crate::common::record;
use crate::draws::made_up_answer;
use record::{Answer, Bits, Key, Record, Score};
use report::{Answers, study};
use serde::{Deserialize, Serialize};
use serde_json::json;
use testkit::made_up;

/// Scripts and people read these bytes.
#[test]
fn delete_one_has_its_table_and_its_stable_json() {
    let units = [
        ("conv1", true, Some(500)),
        ("conv2", false, None),
        ("conv3", false, Some(195)),
        ("a.much.longer.name", false, Some(200)),
    ];
    let record = record("vgg15", &units);
    let table = "\
delete-one: vgg15 (vgg15.safetensors), 2000 images of cifar10-test, shipped sample
intact: 200 wrong, error 10.00 % (95 % interval 8.76 to 11.39), cross-entropy 1.0000

unit  name                     wrong  error %  difference  95 % interval (paired)
   0  conv1          boundary    500    25.00      +15.00  +13.36 to +16.61
   1  conv2                   cannot be deleted
   2  conv3                      195     9.75       -0.25  -0.64 to +0.14
   3  a.much.longer.name             200    10.00       +0.00  -0.45 to +0.45

Units count from 0; differences are in points against the intact network.
";
    assert_eq!(study::table(&record).unwrap(), table);
    let json = concat!(
        r#"{"experiment":"delete-one","model":"vgg15","weights":"vgg15.safetensors","#,
        r#""data":"cifar10-test","images":2000,"#,
        r#""options":{"term":"branch","statistics":"running"},"names":["conv1","conv2","conv3","a.much.longer.name"],"#,
        r#""deletable":[true,false,true,true],"intact_wrong":200,"intact_cross_entropy":1.0,"#,
        r#""deleted_wrong":[500,null,195,200],"deleted_cross_entropy":[1.0,null,1.0,1.0]}"#
    );
    assert_eq!(study::json(&record).unwrap(), json);
}

/// An experiment that this crate does not know.
#[derive(Serialize, Deserialize)]
struct Own {
    scores: Vec<Score>,
}

impl Answer for Own {
    const EXPERIMENT: &'static str = "own";

    fn check(&self, _: &Key) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_record_without_a_study_shows_its_question_and_its_raw_answer() {
    let right: Bits = [true, false].into_iter().collect();
    let own = Own { scores: vec![Score::new(right, 0.5)] };
    let record = made_up::record("resnet20", 2, json!({ "depth": 3 }), &own);
    let json = r#"{"experiment":"own","model":"resnet20","weights":"resnet20.safetensors","data":"cifar10-test","images":2,"options":{"depth":3},"scores":[{"wrong":1,"cross_entropy":0.5,"right":"2:AQ=="}]}"#;
    assert_eq!(study::json(&record).unwrap(), json);
    let table = study::table(&record).unwrap();
    let first = r#"own: resnet20 on 2 images of cifar10-test; options {"depth":3}"#;
    assert_eq!(table.lines().next(), Some(first));
    let (_, answer) = table.split_once('\n').unwrap();
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    assert!(json.ends_with(answer.to_string().strip_prefix('{').unwrap()), "{answer}");
}

#[test]
fn an_answer_that_is_not_what_its_experiment_promises_is_an_error_that_names_the_record() {
    let own = Own { scores: Vec::new() };
    let mut record: Record = made_up::record("resnet20", 2, json!({}), &own);
    record.key.experiment = "delete-one".into();
    for error in [study::table(&record).unwrap_err(), study::json(&record).unwrap_err()] {
        let message = error.to_string();
        assert!(message.contains("the answer of record own-resnet20-2"), "{message}");
    }
}

/// What `reproduce` runs is enough for what it draws.
#[test]
fn a_figure_can_be_drawn_from_the_records_it_needs() {
    for figure in study::figures() {
        let needs = (figure.needs)();
        let records: Vec<Record> = needs.iter().map(made_up_answer).collect();
        let found = Answers::new(&records).find_all(&(figure.needs)()).unwrap();
        let drawn = (figure.draw)(&found).unwrap();
        assert!(drawn.name.starts_with(figure.name), "{}", drawn.name);
        // The numbers of a chart lie beside it; a diagram has none.
        let rows = drawn.csv.as_deref().map_or(0, |csv| csv.lines().count() - 1);
        assert_eq!(rows == 0, ["fig1", "fig2"].contains(&figure.name), "{}", drawn.name);
    }
}

/// An answer may say the number of its images again, and nothing else of the question.
#[test]
fn no_answer_hides_what_was_asked() {
    let needs = study::figures().flat_map(|figure| (figure.needs)());
    for record in needs.map(|need| made_up_answer(&need)) {
        let json: serde_json::Value = serde_json::from_str(&study::json(&record).unwrap()).unwrap();
        let key = &record.key;
        assert_eq!(json["experiment"], json!(key.experiment), "{}", record.name);
        assert_eq!(json["options"], key.options, "{}", record.name);
        let images = key.images.first();
        assert_eq!(
            json["data"],
            json!(images.map_or("", |images| &images.name)),
            "{}",
            record.name
        );
        assert_eq!(
            json["images"],
            json!(images.map_or(0, |images| images.images)),
            "{}",
            record.name
        );
        if key.log.is_none() {
            let models: Vec<&str> = key.networks.iter().map(|n| n.model.name.as_str()).collect();
            let weights: Vec<&str> =
                key.networks.iter().map(|n| n.weights.source.as_str()).collect();
            assert_eq!(json["model"], json!(models.join(", ")), "{}", record.name);
            assert_eq!(json["weights"], json!(weights.join(", ")), "{}", record.name);
        }
    }
}

#[test]
fn names_of_studies_quantities_and_figures_are_unique() {
    let mut names: Vec<String> = study::figures().map(|figure| figure.name.to_string()).collect();
    for study in study::ALL {
        names.push(study.name.into());
        names.extend(study.quantities.iter().map(|q| format!("{}/{}", study.name, q.name)));
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
