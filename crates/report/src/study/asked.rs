//! What was asked: the first fields of the JSON of every record.

use record::{Key, Record};
use serde_json::{Map, Value, json};

use crate::ReportError;

/// `json`, the answer as its study writes it, after the question: experiment, model and
/// weights (several joined by commas), the first set of images and their number, options.
/// An answer that is not an object is a field `answer`.
///
/// # Errors
/// [`ReportError::Unfit`] if `json` is not JSON.
pub(super) fn with_question(record: &Record, json: &str) -> Result<String, ReportError> {
    let mut fields = fields(&record.key);
    let answer: Value = serde_json::from_str(json).map_err(|error| {
        let what = format!("its study writes no JSON ({error})");
        ReportError::Unfit { name: record.name.clone(), what }
    })?;
    match answer {
        Value::Object(answer) => fields.extend(answer),
        answer => fields.extend([("answer".to_owned(), answer)]),
    }
    Ok(Value::Object(fields).to_string())
}

fn fields(key: &Key) -> Map<String, Value> {
    let joined = |of: fn(&record::NetworkId) -> &str| -> Value {
        key.networks.iter().map(of).collect::<Vec<_>>().join(", ").into()
    };
    let images = key.images.first();
    let mut fields = Map::new();
    let mut field = |name: &str, value| fields.insert(name.to_owned(), value);
    field("experiment", json!(key.experiment));
    match &key.log {
        Some(log) => field("log", json!(log.name)),
        None => {
            field("model", joined(|network| &network.model.name));
            field("weights", joined(|network| &network.weights.source))
        }
    };
    field("data", json!(images.map_or("", |images| &images.name)));
    field("images", json!(images.map_or(0, |images| images.images)));
    field("options", key.options.clone());
    fields
}
