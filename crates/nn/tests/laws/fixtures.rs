//! Every single operation of `fixtures/ops.safetensors`, in `f32` and `f64`,
//! against what PyTorch computed.

use nn::layer::{BatchNorm, Builder};
use nn::{Grads, Mode, Params, Pass, Sweep, Tape, Var, op};
use serde::Deserialize;
use tensor::{Scalar, Tensor};
use testkit::fixture::{self, Fixture};

/// A line of `fixtures/ops.json`.
#[derive(Deserialize)]
struct Case {
    case: String,
    #[serde(flatten)]
    op: Op,
    tensors: Vec<String>,
}

/// An operation unknown here fails the test.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    Conv2d {
        kernel: usize,
        stride: usize,
        padding: usize,
        bias: bool,
        #[serde(default = "one")]
        groups: usize,
    },
    BatchNorm {
        mode: String,
        eps: f64,
        momentum: f64,
    },
    MaxPool2d {
        kernel: usize,
        stride: usize,
        padding: usize,
    },
    GlobalAvgPool,
    Relu,
    Linear,
    CrossEntropy {
        reduction: String,
    },
    OptionA {
        c_out: usize,
        stride: usize,
    },
}

/// Cases that do not say their groups have one.
fn one() -> usize {
    1
}

#[test]
fn every_operation_agrees_with_pytorch_in_f32() {
    check_all::<f32>();
}

#[test]
fn every_operation_agrees_with_pytorch_in_f64() {
    check_all::<f64>();
}

fn check_all<T: Scalar>() {
    let cases: Vec<Case> = serde_json::from_str(&fixture::text("ops.json"))
        .expect("ops.json holds operations that are known here");
    assert!(!cases.is_empty(), "ops.json is empty");
    let fixture = Fixture::load("ops");
    for case in &cases {
        for tensor in &case.tensors {
            assert!(fixture.has(&format!("{}/{tensor}", case.case)), "{}/{tensor}", case.case);
        }
        let run = Run { fixture: &fixture, case: &case.case };
        match &case.op {
            Op::BatchNorm { mode, eps, momentum } => {
                assert_eq!((*eps, *momentum), (op::EPSILON, BatchNorm::MOMENTUM));
                match mode.as_str() {
                    "train" => run.batch_norm::<T>(Mode::Train),
                    "eval" => run.batch_norm::<T>(Mode::Eval),
                    other => panic!("{}: a mode called {other}", case.case),
                }
            }
            other => run.plain::<T>(other),
        }
    }
    assert_eq!(fixture.unused(), Vec::<&str>::new(), "tensors that no check has used");
}

/// One case, and the file that its tensors are in.
struct Run<'a> {
    fixture: &'a Fixture,
    case: &'a str,
}

impl Run<'_> {
    fn key(&self, tensor: &str) -> String {
        format!("{}/{tensor}", self.case)
    }

    fn tensor<T: Scalar>(&self, key: &str) -> Tensor<T> {
        self.fixture.tensor(&self.key(key))
    }

    fn check<T: Scalar>(&self, key: &str, got: &Tensor<T>) {
        self.fixture.check(&self.key(key), got);
    }

    /// An op without buffers: `y`, then `dx` and, where they exist, `dw`, `db`.
    fn plain<T: Scalar>(&self, kind: &Op) {
        let mut tape = Tape::<T>::recording();
        let x = tape.input(self.tensor("x"));
        let leaf = |tape: &mut Tape<T>, key: &str| {
            let key = self.key(key);
            self.fixture.has(&key).then(|| tape.input(self.fixture.weight(&key)))
        };
        let (w, b) = (leaf(&mut tape, "w"), leaf(&mut tape, "b"));
        let weight = || w.as_ref().expect("the case has a weight");
        let mut y = match kind {
            Op::Conv2d { kernel, stride, padding, bias, groups } => {
                assert_eq!((weight().value().dims()[0], b.is_some()), (*kernel, *bias));
                op::grouped_conv2d(&mut tape, &x, weight(), *groups, *stride, *padding)
            }
            Op::Linear => op::linear(&mut tape, &x, weight()),
            Op::MaxPool2d { kernel, stride, padding } => {
                assert_eq!(*padding, 0, "{}: pooling does not pad here", self.case);
                op::max_pool(&mut tape, &x, *kernel, *stride)
            }
            Op::GlobalAvgPool => op::global_average(&mut tape, &x),
            Op::Relu => op::relu(&mut tape, &x),
            Op::CrossEntropy { reduction } => {
                assert_eq!(reduction, "mean");
                op::cross_entropy(&mut tape, &x, &self.fixture.labels(&self.key("labels")))
            }
            Op::OptionA { c_out, stride } => op::option_a(&mut tape, &x, *c_out, *stride),
            Op::BatchNorm { .. } => unreachable!("batch norm has buffers"),
        };
        if let Some(b) = &b {
            y = op::bias(&mut tape, &y, b);
        }
        // A loss has rank 0 in the file.
        let in_file = self.tensor::<T>("y").shape();
        self.check("y", &y.value().clone().reshape(in_file));
        let dy = self.tensor("dy").reshape(y.value().shape());
        let grads = tape.vjp(&y, dy, &Sweep::default());
        self.check("dx", arrived(&grads, &x));
        for (key, leaf) in [("dw", &w), ("db", &b)] {
            if let Some(leaf) = leaf {
                self.fixture.check_weight(&self.key(key), arrived(&grads, leaf));
            }
        }
    }

    /// Batch norm as a layer: output, gradients, and in training mode the
    /// running statistics after a first and a second batch.
    fn batch_norm<T: Scalar>(&self, mode: Mode) {
        let mut b = Builder::<T>::new(0);
        let scale: Tensor<T> = self.tensor("w");
        let layer = BatchNorm::new(&mut b, "bn", scale.len());
        let mut params = b.finish();
        let id = |params: &Params<T>, name: &str| {
            params.find(&format!("bn.{name}")).expect("a batch norm has that parameter")
        };
        let names = [
            ("weight", "w"),
            ("bias", "b"),
            ("running_mean", "running_mean"),
            ("running_var", "running_var"),
        ];
        for (name, key) in names {
            let place = id(&params, name);
            *params.value_mut(place) = self.tensor(key);
        }

        let mut pass = Pass::new(Tape::recording(), mode, &params);
        let x = pass.tape.input(self.tensor("x"));
        let y = layer.forward(&mut pass, &x);
        self.check("y", y.value());
        let grads = pass.tape.vjp(&y, self.tensor("dy"), &Sweep::default());
        self.check("dx", arrived(&grads, &x));
        for (name, key) in [("weight", "dw"), ("bias", "db")] {
            self.check(key, grads.param(id(&params, name)).expect("a gradient arrived"));
        }
        let statistics = pass.statistics;
        if mode == Mode::Eval {
            assert!(statistics.is_empty(), "{}: evaluation takes no statistics", self.case);
            return;
        }
        params.update_running(&statistics, BatchNorm::MOMENTUM);
        self.check("running_mean1", params.value(id(&params, "running_mean")));
        self.check("running_var1", params.value(id(&params, "running_var")));

        let mut pass = Pass::new(Tape::off(), mode, &params);
        let x2 = pass.tape.constant(self.tensor("x2"));
        let y2 = layer.forward(&mut pass, &x2);
        self.check("y2", y2.value());
        let statistics = pass.statistics;
        params.update_running(&statistics, BatchNorm::MOMENTUM);
        self.check("running_mean2", params.value(id(&params, "running_mean")));
        self.check("running_var2", params.value(id(&params, "running_var")));
    }
}

fn arrived<'a, T: Scalar>(grads: &'a Grads<T>, var: &Var<T>) -> &'a Tensor<T> {
    grads.of(var).expect("a gradient arrived")
}
