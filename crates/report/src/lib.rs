//! Figures, claims and the one-file HTML page, from records alone.
//!
//! Nothing here knows networks or tensors: what a figure shows is in the record of the
//! run, and the same records give the same bytes on any machine.
//!
//! - [`study`]: one file for each question: its quantities, tables, figures, its part of
//!   the page.
//! - [`figure`]: figures as SVG and PNG, drawn by plotters without system fonts, also of
//!   data of one's own.
//! - [`claims`]: the paper's claims, judged by criteria fixed beforehand.
//! - [`page`]: everything on one page that needs no network.
//!
//! ```
//! use record::Record;
//! use report::{Answers, claims, page, study};
//!
//! # let units: &[testkit::made_up::Unit] = &[("stage1.block0", false, Some(11))];
//! # let record = testkit::made_up::delete_one("resnet20", units, 100, 10);
//! # let records = [record];
//! // records: Vec<Record>, for instance read with Record::load.
//! let shown: Vec<&Record> = records.iter().collect();
//! let drawn = page::Drawn::from(study::figure("fig3")?, shown)?;
//! assert!(drawn.figure.svg.starts_with("<svg"));
//! print!("{}", study::table(&records[0])?);
//!
//! let criteria = claims::Claims::parse(claims::TEXT)?;
//! let rows = claims::results(&criteria, study::ALL, &Answers::new(&records))?;
//! let page = page::render(&page::PageInput {
//!     studies: study::ALL,
//!     records: &records,
//!     figures: &[drawn],
//!     claims: &rows,
//!     pictures: None,
//!     preview: true,
//! })?;
//! assert!(page.contains("Delete one block of resnet20: +1.0 points"));
//! # Ok::<(), report::ReportError>(())
//! ```

mod answers;
pub mod claims;
mod error;
pub mod figure;
pub mod page;
mod pictures;
pub mod study;
mod words;

pub use answers::{Answers, Need};
pub use error::ReportError;
pub use pictures::Pictures;
