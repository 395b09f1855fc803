//! Laws of questions, their keys and their subjects, and of running them.

mod additivity;
mod branch_scales;
mod catalogue;
mod committees;
mod common;
mod delete_many;
mod delete_one;
mod delete_pairs;
mod folds;
mod gates;
mod key;
mod lesions;
mod options;
mod own;
mod path_gradients;
mod pieces;
mod plans;
mod prefix_tree;
mod reorder;
mod replacements;
mod residual_norms;
mod runner;
mod subject;
mod training_log;
