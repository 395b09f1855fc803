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
//! ```
//! use nn::{Tape, op};
//! use tensor::Tensor;
//!
//! let mut tape = Tape::<f64>::recording();
//! let x = tape.input(Tensor::from_vec([1, 2], vec![-1.0, 3.0]));
//! let y = op::relu(&mut tape, &x);
//! let grads = tape.vjp(&y, Tensor::full([1, 2], 10.0), &Default::default());
//! assert_eq!(grads.of(&x).unwrap().as_slice(), [0.0, 10.0]);
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
pub use pass::{BatchStatistics, Pass};
pub use route::Route;
pub use tape::{Cotangent, Grads, Joint, Pending, PerInput, Rule, Sweep, Tape, Var};
