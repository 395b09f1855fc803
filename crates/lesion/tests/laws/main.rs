//! Laws of questions, their keys and their subjects, and of running them.

mod catalogue;
mod committees;
mod common;
mod delete_many;
mod delete_one;
mod delete_pairs;
mod folds;
mod key;
mod lesions;
mod options;
mod own;
mod pieces;
mod plans;
mod prefix_tree;
mod reorder;
mod replacements;
mod runner;
mod subject;
