//! Laws of figures, claims and page, on made-up records.

mod claims;
mod common;
mod figure;
mod page;
