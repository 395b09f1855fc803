//! Laws of figures, claims, studies and page, on made-up records.

mod answers;
mod chart;
mod claims;
mod committees;
mod common;
mod contest;
mod deletions;
mod deviation;
mod draws;
mod effective_paths;
mod figure;
mod gallery;
mod inside;
mod judge;
mod lock;
mod page;
mod paths;
mod scatter;
mod study;
mod training;
mod within;
