//! Automatic differentiation and what training needs: ops, layers, optimisers,
//! schedules, state dicts.
//!
//! A [`Tape`] records one node per op. [`Tape::backward`] sweeps it once and frees it on
//! the way; [`Tape::vjp`] can sweep it any number of times. Each op is
//! one file in [`op`]: formula, what it saves, forward, backward.
//!
//! [`Mode`] (batch or running statistics), whether a pass drops and whether its
//! tape records are three arguments that have nothing to do with each other:
//! gradients through a network in evaluation mode are as natural as a
//! training-mode pass without any.
//!
//! **Must not know:** networks, plans, data sets, files and folders.
//!
//! Parameters, an optimiser and a training loop:
//!
//! ```
//! use nn::layer::{Builder, Linear};
//! use nn::optim::{Sgd, SgdOptions};
//! use nn::{Mode, Pass, Tape, op};
//! use tensor::{Tensor, random::Stream};
//!
//! // Points of the plane; the class says whether they lie within the unit circle.
//! let mut rng = Stream::new(1, "points").at(0, 0);
//! let points = Tensor::<f32>::from_fn([64, 2], |_| rng.normal() as f32);
//! let is_inside = |p: &[f32]| u8::from(p[0] * p[0] + p[1] * p[1] < 1.0);
//! let labels: Vec<u8> = points.as_slice().chunks(2).map(is_inside).collect();
//!
//! // Layers are places among the parameters, which have names and initial values.
//! let mut b = Builder::<f32>::new(1);
//! let hidden = Linear::new(&mut b, "hidden", [2, 16], true).with_bias(&mut b, "hidden", 0.0);
//! let output = Linear::new(&mut b, "output", [16, 2], false).with_bias(&mut b, "output", 0.0);
//! let mut params = b.finish();
//!
//! let mut sgd = Sgd::new(SgdOptions { momentum: 0.9, ..SgdOptions::default() });
//! let (mut tape, mut losses) = (Tape::recording(), Vec::new());
//! for _ in 0..100 {
//!     let mut pass = Pass::new(tape, Mode::Train, &params);
//!     let x = pass.tape.constant(points.clone());
//!     let h = hidden.forward(&mut pass, &x);
//!     let h = op::relu(&mut pass.tape, &h);
//!     let logits = output.forward(&mut pass, &h);
//!     let loss = op::cross_entropy(&mut pass.tape, &logits, &labels);
//!     losses.push(loss.value().as_slice()[0]);
//!     let grads = pass.tape.backward(&loss);
//!     sgd.step(&mut params, &grads, 0.1);
//!     tape = grads.into_tape(); // in the same memory
//! }
//! assert!(losses[99] < 0.3 * losses[0], "{} to {}", losses[0], losses[99]);
//! ```

pub mod init;
pub mod layer;
mod mode;
pub mod op;
pub mod optim;
mod param;
mod pass;
mod route;
pub mod state;
mod tape;

pub use mode::Mode;
pub use param::{Param, ParamId, Params};
pub use pass::{BatchStatistics, Parts, Pass};
pub use route::Route;
pub use tape::{Cotangent, Grads, Joint, Pending, PerInput, Rule, Sweep, Tape, Var};
