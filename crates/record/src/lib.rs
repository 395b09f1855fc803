//! What a run leaves behind.
//!
//! A run leaves two files. `NAME.json` is a [`Record`]: what was asked, of which
//! weights, on which data, and every raw number that came out. It holds nothing
//! that depends on when or where the run took place, so the same question gives the
//! same bytes. `NAME.run.json` is a [`RunInfo`]: threads, times, host, date.
//!
//! Through [`atomic_write`] the project writes every file but the data sets it
//! downloads, and [`stats`] holds the statistics that experiments and reports share.
//!
//! ```
//! use record::{DataId, DeleteOne, Deletion, Key, ModelId, Outcome, Record, Score};
//! use record::{UnitDeletion, WeightsId};
//!
//! let record = Record::new(
//!     "delete-one-tiny",
//!     Key {
//!         experiment: "delete-one".into(),
//!         version: 1,
//!         model: ModelId { name: "tiny".into(), parameters: 10, macs: 100 },
//!         weights: WeightsId {
//!             source: "tiny.safetensors".into(),
//!             sha256: "0".repeat(64),
//!             recipe: None,
//!             epochs: None,
//!             seed: None,
//!             test_error: None,
//!         },
//!         data: DataId {
//!             name: "cifar10-test".into(),
//!             sample: true,
//!             images: 100,
//!             sha256: "0".repeat(64),
//!         },
//!         seed: 0,
//!         simd: "portable".into(),
//!         claims_sha256: None,
//!         plans: serde_json::json!({ "deleted": [0] }),
//!     },
//!     Outcome::DeleteOne(DeleteOne {
//!         images: 100,
//!         intact: Score { wrong: 8, cross_entropy: 0.3 },
//!         units: vec![UnitDeletion {
//!             index: 0,
//!             name: "stage1.block0".into(),
//!             stage: 0,
//!             boundary: false,
//!             deleted: Some(Deletion {
//!                 score: Score { wrong: 11, cross_entropy: 0.4 },
//!                 newly_wrong: 5,
//!                 newly_right: 2,
//!             }),
//!         }],
//!     }),
//! );
//! assert!(record.is_up_to_date(&record.key));
//!
//! let dir = tempfile::tempdir()?;
//! let path = record.save(dir.path())?;
//! assert_eq!(Record::load(&path)?, record);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atomic;
mod check;
mod error;
mod file;
mod run_info;
mod schema;
pub mod stats;

pub use atomic::{FailAt, Step, WriteError, atomic_write};
pub use error::RecordError;
pub use run_info::RunInfo;
pub use schema::{
    DataId, DeleteOne, Deletion, Key, ModelId, Outcome, Record, SCHEMA, Score, UnitDeletion,
    WeightsId, sha256_hex,
};
