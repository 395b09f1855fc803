//! Laws and examples of networks, plans and weights, in one program: what they share is built
//! once.

mod batch_laws;
mod branch_laws;
mod common;
mod degree_laws;
mod fixtures;
mod foreign;
mod form_laws;
mod fused_laws;
mod gradients;
mod images;
mod multires_laws;
mod path_laws;
mod plan_laws;
mod recalibration;
mod recording_laws;
mod sgd;
mod shared_laws;
mod sites;
mod units_as_values;
mod weights;
