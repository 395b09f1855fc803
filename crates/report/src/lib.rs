//! Figures, claims and the one-file HTML page, from records alone.
//!
//! Nothing here knows networks or tensors: what a figure shows is in the record of the
//! run, and the same records give the same bytes on any machine.
//!
//! - [`figure`]: figures as SVG and PNG, drawn by plotters without system fonts.
//! - [`claims`]: the paper's claims, judged by criteria fixed beforehand.
//! - [`page`]: everything on one page that needs no network.
//!
//! ```
//! use record::{DataId, DeleteOne, Deletion, Key, ModelId, Outcome, Record, Score};
//! use record::{UnitDeletion, WeightsId};
//! use report::{claims, figure, page};
//!
//! // A made-up network of one block, on a hundred images.
//! let block = UnitDeletion {
//!     index: 0,
//!     name: "stage1.block0".into(),
//!     stage: 0,
//!     boundary: false,
//!     deleted: Some(Deletion {
//!         score: Score { wrong: 11, cross_entropy: 0.4 },
//!         newly_wrong: 5,
//!         newly_right: 2,
//!     }),
//! };
//! let key = Key {
//!     experiment: "delete-one".into(),
//!     version: 1,
//!     model: ModelId { name: "resnet8".into(), parameters: 10, macs: 100 },
//!     weights: WeightsId {
//!         source: "resnet8.safetensors".into(),
//!         sha256: "0".repeat(64),
//!         recipe: None,
//!         epochs: None,
//!         seed: None,
//!         test_error: None,
//!     },
//!     data: DataId {
//!         name: "cifar10-test".into(),
//!         sample: true,
//!         images: 100,
//!         sha256: "0".repeat(64),
//!     },
//!     seed: 0,
//!     simd: "portable".into(),
//!     claims_sha256: Some(claims::sha256()),
//!     plans: serde_json::json!({ "deleted": [0] }),
//! };
//! let intact = Score { wrong: 8, cross_entropy: 0.3 };
//! let outcome = DeleteOne { images: 100, intact, units: vec![block] };
//! let records = [Record::new("delete-one-resnet8", key, Outcome::DeleteOne(outcome))];
//!
//! let figure = figure::fig3(&records.iter().collect::<Vec<_>>())?;
//! assert!(figure.svg.starts_with("<svg"));
//!
//! let rows = claims::results(&claims::Claims::parse(claims::TEXT)?, &records)?;
//! let page = page::render(&page::PageInput {
//!     records: &records,
//!     figures: &[figure],
//!     claims: &rows,
//!     preview: true,
//! });
//! assert!(page.contains("Delete one block of resnet8: +3.0 points"));
//! # Ok::<(), report::ReportError>(())
//! ```

pub mod claims;
mod error;
pub mod figure;
pub mod page;
mod sweep;
mod words;

pub use error::ReportError;
