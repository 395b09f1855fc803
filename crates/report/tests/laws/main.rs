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
mod linear;
mod lock;
mod masks;
mod multi_residual;
mod page;
mod paths;
mod probes;
mod scatter;
mod study;
mod trained;
mod training;
mod within;
