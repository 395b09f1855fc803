//! Unravel: small fast networks on a CPU, and lesion studies of them.
//!
//! A residual network adds in each block what a branch computes to what a skip hands on.
//! Unravelled, it is a collection of paths, one for each choice of branch or skip (Veit,
//! Wilber and Belongie 2016). This project reproduces what follows from that: blocks can
//! be deleted, and change places, and most of the gradient comes along short paths. Its
//! parts are crates, which this one has under one name:
//!
//! | crate | what for | sees |
//! |---|---|---|
//! | [`tensor`] | dense arrays, kernels, threads, random numbers with addresses | |
//! | [`nn`] | automatic differentiation, layers, optimisers, state dicts | `tensor` |
//! | [`models`] | networks as data; plans: which units run, in which order, along which terms | `nn` |
//! | [`data`] | CIFAR-10: fetched, checked, in batches | `tensor` |
//! | [`record`] | what a run leaves: a question, and every raw number of its answer | |
//! | [`train`] | recipes and the training loop: from images to weights | `models`, `data`, `record` |
//! | [`lesion`] | experiments on trained networks: from weights to records | `models`, `data`, `record` |
//! | [`report`] | figures, claims and the page: from records alone | `record` |
//!
//! The arrows point one way. A network of one's own needs `tensor` and `nn`; deleting its
//! blocks needs `models`; whoever draws a record needs neither. `train` and `lesion` do not
//! know each other: weights lie in a file between them.
//!
//! # A small network, one deletion, the change in error
//!
//! ```
//! use unravel::models::build::{conv, global_average, linear, norm, relu};
//! use unravel::models::{Model, ModelBuilder, Plan, UnitSpec, evaluate};
//! use unravel::nn::layer::BatchNorm;
//! use unravel::nn::optim::{Sgd, SgdOptions};
//! use unravel::nn::{Mode, Pass, Tape, op};
//! use unravel::tensor::{Tensor, random::Stream};
//!
//! // Made-up images of 8 x 8 pixels: noise with stripes, horizontal or vertical.
//! let noise = Stream::new(1, "stripes");
//! let images = |place: u64| {
//!     let mut rng = noise.at(place, 0);
//!     let pixel = |i: usize| {
//!         let (image, y, x) = (i / 192, i / 24 % 8, i / 3 % 8);
//!         let stripe = if image % 2 == 0 { x } else { y };
//!         (stripe % 2) as f32 + 0.3 * rng.normal() as f32
//!     };
//!     let labels: Vec<u8> = (0..64).map(|image| image % 2).collect();
//!     (Tensor::from_fn([64, 8, 8, 3], pixel), labels)
//! };
//!
//! // Three blocks y = x + conv(relu(bn(x))).
//! let block = UnitSpec::residual([norm("bn"), relu(), conv("conv", 8, 3)]);
//! let mut net = ModelBuilder::for_cifar(1);
//! net.stem([conv("stem", 8, 3)]);
//! for i in 0..3 {
//!     net.unit(format!("block{i}"), 0, block.clone());
//! }
//! let head = [norm("bn"), relu(), global_average(), linear("fc", 2).bias(0.0)];
//! let mut model: Model<f32> = net.finish("three-blocks", "block", head);
//!
//! // Training.
//! let intact = Plan::intact(&model);
//! let mut sgd = Sgd::new(SgdOptions { momentum: 0.9, ..SgdOptions::default() });
//! for step in 0..30 {
//!     let (images, labels) = images(step);
//!     let mut pass = Pass::new(Tape::recording(), Mode::Train, &model.params);
//!     let x = pass.tape.constant(images);
//!     let logits = model.forward(&mut pass, &x, &intact);
//!     let loss = op::cross_entropy(&mut pass.tape, &logits, &labels);
//!     let (grads, seen) = (pass.tape.backward(&loss), pass.statistics);
//!     sgd.step(&mut model.params, &grads, 0.1);
//!     model.params.update_running(&seen, BatchNorm::MOMENTUM);
//! }
//!
//! // The lesion: a plan, a value. The network itself stays as it is.
//! let deleted = intact.clone().delete(&model, 1)?;
//! let [before, after] = [&intact, &deleted].map(|plan| evaluate(&model, plan, [images(1000)]));
//! println!("error {:.3}, without block 1 {:.3}", before.error(), after.error());
//! assert!(before.error() < 0.1, "the network has learned: {}", before.error());
//! assert!(after.cross_entropy() != before.cross_entropy(), "the block did something");
//! # Ok::<(), unravel::models::PlanError>(())
//! ```
//!
//! [`lesion`] asks such questions of every block at once, in any number of random draws,
//! with what plans share run once; [`report`] draws what comes out.
//!
//! # Names
//!
//! `use unravel::models;` clashes with a module `models` of one's own. Another name does
//! not, and neither does the path itself:
//!
//! ```
//! mod models {
//!     pub const MINE: &str = "resnet20";
//! }
//! use unravel::models as networks;
//!
//! let model = networks::Arch::parse(models::MINE)?.build::<f32>(1);
//! assert_eq!(unravel::models::Plan::intact(&model).order.len(), 9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Feature `download`** (off by default): [`data::fetch()`] from the network.

pub use {data, lesion, models, nn, record, report, tensor, train};
