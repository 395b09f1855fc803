//! Laws of figures, claims, studies and page, on made-up records.

mod answers;
mod chart;
mod claims;
mod common;
mod draws;
mod effective_paths;
mod figure;
mod judge;
mod lock;
mod page;
mod paths;
mod study;
