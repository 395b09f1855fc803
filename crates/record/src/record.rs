//! A record: one question and its raw answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Answer, Key, RecordError, answer};

/// Version of the file format; a file with another number is refused.
pub const SCHEMA: u32 = 2;

/// One run's question and raw answer: the file `NAME.json`.
///
/// Two runs that ask the same question of the same weights and images, at the same
/// SIMD level, leave the same bytes, whatever the machine or the thread count.
///
/// Any type can be an answer:
///
/// ```
/// use record::{Answer, Key, Record};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Sum(f64);
///
/// impl Answer for Sum {
///     const EXPERIMENT: &'static str = "squares";
///
///     fn check(&self, _: &Key) -> Result<(), String> {
///         if self.0 >= 0.0 { Ok(()) } else { Err(format!("a sum of squares is {}", self.0)) }
///     }
/// }
///
/// let key = Key {
///     experiment: "squares".into(),
///     version: 1,
///     options: serde_json::json!({ "terms": 4 }),
///     networks: Vec::new(),
///     log: None,
///     images: Vec::new(),
///     work: "0".repeat(64), // the sha-256 of what was computed
///     simd: "portable".into(),
/// };
/// let record = Record::new("squares-terms4", key.clone(), &Sum(14.0))?;
/// assert_eq!(record.answer::<Sum>()?, Sum(14.0));
/// assert!(Record::new("squares-terms4", key, &Sum(-1.0)).is_err());
/// # Ok::<(), record::RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Format version, [`SCHEMA`] in every record this program writes.
    pub schema: u32,
    /// File name without extension, for instance `delete-one-resnet20-sample`.
    pub name: String,
    /// What was asked.
    pub key: Key,
    /// What came out, as [`Record::answer`] reads it.
    answer: Value,
}

impl Record {
    /// A record of the current [`SCHEMA`].
    ///
    /// # Errors
    /// [`RecordError::Answer`] if `key` is of another experiment, or the numbers of the
    /// answer contradict each other or the key.
    pub fn new<A: Answer>(
        name: impl Into<String>,
        key: Key,
        answer: &A,
    ) -> Result<Record, RecordError> {
        let name = name.into();
        let wrong = |what| RecordError::Answer { name: name.clone(), what };
        if key.experiment != A::EXPERIMENT {
            return Err(wrong(of_another(A::EXPERIMENT, &key.experiment)));
        }
        answer.check(&key).map_err(wrong)?;
        let answer = serde_json::to_value(answer).map_err(|error| wrong(error.to_string()))?;
        Ok(Record { schema: SCHEMA, name, key, answer })
    }

    /// The answer, typed and checked.
    ///
    /// # Errors
    /// [`RecordError::Answer`] if it is of another experiment, has other fields, or its
    /// numbers contradict each other or the key.
    pub fn answer<A: Answer>(&self) -> Result<A, RecordError> {
        let wrong = |what| RecordError::Answer { name: self.name.clone(), what };
        if self.key.experiment != A::EXPERIMENT {
            return Err(wrong(of_another(A::EXPERIMENT, &self.key.experiment)));
        }
        let answer = A::deserialize(&self.answer).map_err(|error| wrong(error.to_string()))?;
        answer.check(&self.key).map_err(wrong)?;
        Ok(answer)
    }

    /// The answer as it is stored, for records whose experiment has no type here.
    pub fn raw_answer(&self) -> &Value {
        &self.answer
    }

    /// Whether this record answers `key`, so that the run can be skipped.
    pub fn is_up_to_date(&self, key: &Key) -> bool {
        self.schema == SCHEMA && self.key == *key
    }

    /// [`Key::hash`] of the key.
    pub fn key_hash(&self) -> String {
        self.key.hash()
    }

    /// Says what is inconsistent, as `field is this, expected that`. The answer of an
    /// experiment that this crate does not know is checked when it is read.
    pub(crate) fn check(&self) -> Result<(), String> {
        crate::check::file_stem(&self.name)?;
        self.key.check()?;
        answer::check(&self.key, &self.answer)
    }
}

fn of_another(expected: &str, found: &str) -> String {
    format!("it is of the experiment {found}, expected {expected}")
}
