//! A residual network with two units, small enough for finite differences:
//! convolution; a pre-activation unit; a boundary unit with a projection;
//! batch norm, rectifier, global average, linear, cross-entropy.

use nn::layer::{BatchNorm, Builder, Conv2d, Linear};
use nn::op::{self, Statistics};
use nn::{Mode, Params, Pass, Tape, Var};
use proptest::prelude::*;
use tensor::Tensor;
use tensor::random::{Random, Stream};
use testkit::gradcheck::Kinks;
use testkit::noise::{labels, live_in, normal};

/// Classes of the small network.
pub(crate) const CLASSES: usize = 4;

/// Batch, height, width, and the channels of image, first and second unit.
pub(crate) fn sizes() -> impl Strategy<Value = [usize; 6]> {
    (3usize..6, 3usize..6, 3usize..6, 1usize..4, 3usize..5, 3usize..6)
        .prop_map(|(n, h, w, c0, c1, c2)| [n, h, w, c0, c1, c2])
}

/// One problem: the network's parameters, an image batch, its labels.
#[derive(Debug, Clone)]
pub(crate) struct SmallNet {
    pub(crate) params: Params<f64>,
    pub(crate) x: Tensor<f64>,
    pub(crate) labels: Vec<u8>,
    mode: Mode,
    layers: Layers,
}

#[derive(Debug, Clone)]
struct Layers {
    stem: Conv2d,
    bn1: BatchNorm,
    conv1: Conv2d,
    bn2: BatchNorm,
    projection: Conv2d,
    conv2: Conv2d,
    bn3: BatchNorm,
    linear: Linear,
}

impl SmallNet {
    /// A network none of whose parameters or buffers is at its default.
    pub(crate) fn new([n, h, w, c0, c1, c2]: [usize; 6], mode: Mode, rng: &mut Random) -> Self {
        let seed = rng.below(1 << 32);
        let mut b = Builder::new(seed);
        let layers = Layers {
            stem: Conv2d::new(&mut b, "stem", [c0, c1], 3, 1).with_bias(&mut b, "stem", 0.0),
            bn1: BatchNorm::new(&mut b, "bn1", c1),
            conv1: Conv2d::new(&mut b, "conv1", [c1, c1], 3, 1),
            bn2: BatchNorm::new(&mut b, "bn2", c1),
            projection: Conv2d::new(&mut b, "projection", [c1, c2], 1, 2),
            conv2: Conv2d::new(&mut b, "conv2", [c1, c2], 3, 2),
            bn3: BatchNorm::new(&mut b, "bn3", c2),
            linear: Linear::new(&mut b, "linear", [c2, CLASSES], false)
                .with_bias(&mut b, "linear", 0.0),
        };
        let mut params = b.finish();
        live_in(&mut params, seed);
        let (x, labels) = (normal([n, h, w, c0], rng), labels(seed, n, CLASSES));
        SmallNet { params, x, labels, mode, layers }
    }

    /// The loss, run through the layers; parameters are leaves of the tape.
    pub(crate) fn through_layers(&self, pass: &mut Pass<'_, f64>, x: &Var<f64>) -> Var<f64> {
        let l = &self.layers;
        let x = l.stem.forward(pass, x);
        let y = l.bn1.forward(pass, &x);
        let y = op::relu(&mut pass.tape, &y);
        let y = l.conv1.forward(pass, &y);
        let x = op::join(&mut pass.tape, &x, &y, 0);
        let y = l.bn2.forward(pass, &x);
        let c = op::relu(&mut pass.tape, &y);
        let skip = l.projection.forward(pass, &c);
        let branch = l.conv2.forward(pass, &c);
        let x = op::join(&mut pass.tape, &skip, &branch, 1);
        let y = l.bn3.forward(pass, &x);
        let y = op::relu(&mut pass.tape, &y);
        let y = op::global_average(&mut pass.tape, &y);
        let y = l.linear.forward(pass, &y);
        op::cross_entropy(&mut pass.tape, &y, &self.labels)
    }

    /// The image batch and every trained parameter, in order of creation.
    pub(crate) fn inputs(&self) -> Vec<Tensor<f64>> {
        let trained = self.params.iter().filter(|(_, p)| p.is_trained);
        let trained = trained.map(|(_, p)| p.value.clone());
        std::iter::once(self.x.clone()).chain(trained).collect()
    }

    /// The same loss from ops alone, as a function of [`inputs`](Self::inputs).
    pub(crate) fn through_ops(
        &self,
        tape: &mut Tape<f64>,
        inputs: &[Var<f64>],
        kinks: &mut Kinks,
    ) -> Var<f64> {
        let mut inputs = inputs.iter();
        let mut next = || inputs.next().expect("there are fifteen inputs");
        let x = op::conv2d(tape, next(), next(), 1, 1);
        let x = op::bias(tape, &x, next());
        let y = self.norm(tape, "bn1", &x, next(), next());
        let y = kinks.relu(tape, &y);
        let y = op::conv2d(tape, &y, next(), 1, 1);
        let x = op::join(tape, &x, &y, 0);
        let y = self.norm(tape, "bn2", &x, next(), next());
        let c = kinks.relu(tape, &y);
        let skip = op::conv2d(tape, &c, next(), 2, 0);
        let branch = op::conv2d(tape, &c, next(), 2, 1);
        let x = op::join(tape, &skip, &branch, 1);
        let y = self.norm(tape, "bn3", &x, next(), next());
        let y = kinks.relu(tape, &y);
        let y = op::global_average(tape, &y);
        let y = op::linear(tape, &y, next());
        let y = op::bias(tape, &y, next());
        op::cross_entropy(tape, &y, &self.labels)
    }

    fn norm(
        &self,
        tape: &mut Tape<f64>,
        name: &str,
        x: &Var<f64>,
        scale: &Var<f64>,
        shift: &Var<f64>,
    ) -> Var<f64> {
        let buffer = |what: &str| {
            let id = self.params.find(&format!("{name}.running_{what}"));
            self.params.value(id.expect("every batch norm has its buffers"))
        };
        let statistics = match self.mode {
            Mode::Train => Statistics::Batch,
            Mode::Eval => Statistics::Running { mean: buffer("mean"), var: buffer("var") },
        };
        op::batch_norm(tape, x, scale, shift, statistics).0
    }
}

/// One such network on a recording tape: the pass, the image batch, the loss.
pub(crate) fn recorded(net: &SmallNet) -> (Pass<'_, f64>, Var<f64>, Var<f64>) {
    let mut pass = Pass::new(Tape::recording(), net.mode, &net.params);
    let x = pass.tape.input(net.x.clone());
    let loss = net.through_layers(&mut pass, &x);
    (pass, x, loss)
}

/// A network of middling size from a seed.
pub(crate) fn seeded(seed: u64, mode: Mode) -> SmallNet {
    SmallNet::new([3, 5, 4, 2, 3, 4], mode, &mut Stream::new(seed, "net").at(0, 0))
}
