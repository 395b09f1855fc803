//! What a run leaves behind.
//!
//! A run leaves two files. `NAME.json` is a [`Record`]: what was asked, of which
//! weights, on which data, and every raw number that came out. It holds nothing
//! that depends on when or where the run took place, so the same question gives the
//! same bytes. `NAME.run.json` is a [`RunInfo`]: threads, times, host, date.
//!
//! A record's answer is typed: [`Answer`] is implemented once for each experiment, also
//! by crates outside of this project, and [`Record::answer`] reads it back.
//!
//! The project writes every file through [`atomic_write`], except the data sets that it
//! downloads; [`stats`] holds the statistics that experiments and reports share.
//!
//! ```
//! use record::{Bits, DeleteOne, Key, Record, Score, UnitDeletion};
//!
//! let right = |text: &str| text.chars().map(|c| c == '1').collect::<Bits>();
//! let answer = DeleteOne {
//!     images: 8,
//!     batches: None,
//!     intact: Score::new(right("11110111"), 0.3),
//!     units: vec![UnitDeletion {
//!         index: 0,
//!         name: "layer1.0".into(),
//!         stage: 0,
//!         boundary: false,
//!         deleted: Some(Score::new(right("11010110"), 0.4)),
//!     }],
//! };
//! # let images = record::ImagesId {
//! #     name: "cifar10-test".into(),
//! #     sample: true,
//! #     images: 8,
//! #     classes: 10,
//! #     sha256: "0".repeat(64),
//! # };
//! # let key = Key {
//! #     experiment: "delete-one".into(),
//! #     version: 3,
//! #     options: serde_json::json!({ "term": "branch", "statistics": "running" }),
//! #     networks: Vec::new(),
//! #     log: None,
//! #     images: vec![images],
//! #     work: "0".repeat(64),
//! #     simd: "portable".into(),
//! # };
//! let record = Record::new("delete-one-tiny", key, &answer)?;
//! assert!(record.is_up_to_date(&record.key));
//!
//! let dir = tempfile::tempdir()?;
//! let read = Record::load(&record.save(dir.path())?)?;
//! assert_eq!(read.answer::<DeleteOne>()?, answer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod answer;
mod atomic;
mod bits;
mod check;
mod committee;
mod error;
mod fail_at;
mod file;
mod key;
mod mean_sd;
mod median;
mod record;
mod run_info;
mod score;
pub mod stats;
mod tally;
mod training_log;

pub use answer::*;
pub use atomic::{Step, WriteError, atomic_write, remove_leftovers};
pub use bits::{Bits, BitsError};
pub use committee::Committee;
pub use error::RecordError;
pub use fail_at::{FailAt, Failure};
pub use key::{Conventions, ImagesId, Key, LogId, ModelId, NetworkId, WeightsId, sha256_hex};
pub use mean_sd::MeanSd;
pub use median::Median;
pub use record::{Record, SCHEMA};
pub use run_info::RunInfo;
pub use score::Score;
pub use tally::{Tally, fold};
pub use training_log::{EpochLog, TrainingLogError, parse_training_log};
