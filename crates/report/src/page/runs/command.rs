//! The command that asks the question of a record again.

use record::{Key, NetworkId};
use serde_json::Value;

/// `cargo xtask lesion EXPERIMENT MODEL --weights …`, with every option of the key.
pub(super) fn command(key: &Key) -> String {
    let mut words = vec!["cargo xtask lesion".to_string(), quoted(&key.experiment)];
    words.extend(key.networks.iter().map(|network| quoted(&network.model.name)));
    let weights = key.networks.iter().map(weights_name);
    words.extend(weights.map(|name| format!("--weights {}", quoted(name))));
    words.extend(key.log.iter().map(|log| format!("--log {}", quoted(&log.name))));
    if let Some(images) = key.images.first() {
        words.push(format!("--data {}", if images.sample { "sample" } else { "DIR" }));
        // The option takes the first test images; training images are used whole.
        if !images.name.ends_with("-train") {
            words.push(format!("--images {}", images.images));
        }
    }
    let options = key.options.as_object().into_iter().flatten();
    words.extend(options.map(|(name, value)| option(name, value)));
    words.join(" ")
}

/// The name of the weights file without its extension.
fn weights_name(network: &NetworkId) -> &str {
    let source = &network.weights.source;
    source.strip_suffix(".safetensors").unwrap_or(source)
}

/// `--max-deleted 20`. What does not fit on a command line is read from a file.
fn option(name: &str, value: &Value) -> String {
    let name = quoted(&format!("--{}", name.replace('_', "-")));
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    };
    let text = match value {
        Value::Array(items) => {
            items.iter().map(plain).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        other => plain(other),
    };
    text.map_or_else(|| format!("{name} FILE.jsonl"), |text| format!("{name} {}", quoted(&text)))
}

/// A word of a shell command, in quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_are_words_of_a_command() {
        let cases = [
            ("draws", json!(10), "--draws 10"),
            ("max_deleted", json!(20), "--max-deleted 20"),
            ("pool", json!("nb"), "--pool nb"),
            ("pool", json!("it's; rm"), r"--pool 'it'\''s; rm'"),
            ("depths", json!([1, 2.5]), "--depths 1,2.5"),
            ("plans", json!([{ "order": [1, 0] }]), "--plans FILE.jsonl"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(option(name, &value), expected);
        }
    }
}
