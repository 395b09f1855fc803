//! Laws of figures, claims, studies and page, on made-up records.

mod answers;
mod chart;
mod claims;
mod committees;
mod common;
mod draws;
mod figure;
mod judge;
mod lock;
mod page;
mod study;
