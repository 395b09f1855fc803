//! The networks once more, written out op by op from their definitions.
//!
//! They share nothing with the crate but the ops and the parameters' names, so
//! equal bits mean that the crate builds what the definitions say; and their
//! parameters are inputs and their kinks known, as gradient checks need.

mod bottlenecks;

use models::{Model, Plan, Route};
use nn::op::{self, Statistics};
use nn::{Joint, Mode, Sweep, Tape, Var};
use tensor::Tensor;
use testkit::gradcheck::Kinks;

use super::{bits, record};

/// Which definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PreAct,
    /// Convolutions of a stage's steps are shared; their norms too, if naive.
    Shared {
        naive: bool,
    },
    MultiRes,
    PostAct,
    Vgg,
    VggSkip,
    Plain,
    Highway,
    Bottleneck,
    ResNext,
    Identity,
}

/// Images and trained parameters, in the order that [`logits`] expects.
pub(crate) fn inputs(model: &Model<f64>, images: &Tensor<f64>) -> Vec<Tensor<f64>> {
    let trained = model.params.iter().filter(|(_, p)| p.is_trained);
    [images.clone()].into_iter().chain(trained.map(|(_, p)| p.value.clone())).collect()
}

/// The logits of the network under `plan`. `vars` are variables of [`inputs`];
/// of the model itself only names and running statistics are read.
pub(crate) fn logits(
    kind: Kind,
    model: &Model<f64>,
    (plan, mode): (&Plan, Mode),
    tape: &mut Tape<f64>,
    vars: &[Var<f64>],
    kinks: &mut Kinks,
) -> Var<f64> {
    let mut net = Net { model, mode, tape, vars, kinks };
    let x = vars[0].clone();
    match kind {
        Kind::PreAct => net.pre_act(x, plan, [false, false]),
        Kind::Shared { naive } => net.pre_act(x, plan, [true, naive]),
        Kind::MultiRes => net.multi_residual(x, plan),
        Kind::PostAct => net.post_act(x, plan),
        Kind::Vgg | Kind::VggSkip => net.vgg(x, plan),
        Kind::Plain => net.plain(x, plan),
        Kind::Highway => net.highway(x, plan),
        Kind::Bottleneck => net.bottleneck(x, plan),
        Kind::ResNext => net.resnext(x, plan),
        Kind::Identity => net.identity(x, plan),
    }
}

/// Checks that the crate's network and the one written out have the same
/// logits, and the same gradients in the images and every parameter, to the bit.
#[track_caller]
pub(crate) fn assert_same(
    kind: Kind,
    model: &Model<f64>,
    plan: &Plan,
    mode: Mode,
    images: &Tensor<f64>,
) {
    let ours = record(model, plan, mode, images);
    let mut tape = Tape::recording();
    let vars: Vec<_> = inputs(model, images).into_iter().map(|x| tape.input(x)).collect();
    let theirs = logits(kind, model, (plan, mode), &mut tape, &vars, &mut Kinks::default());
    let what = format!("{} {mode:?} {plan:?}", model.name);
    assert_eq!(bits(ours.logits.value()), bits(theirs.value()), "{what}");

    let dy = Tensor::from_fn(theirs.value().shape(), |i| ((i * 7) % 11) as f64 - 5.0);
    let our_grads = ours.tape.vjp(&ours.logits, dy.clone(), &Sweep::default());
    let their_grads = tape.vjp(&theirs, dy, &Sweep::default());
    let of = |var| their_grads.of(var).map(bits);
    assert_eq!(our_grads.of(&ours.x).map(bits), of(&vars[0]), "{what}: images");
    let trained = model.params.iter().filter(|(_, p)| p.is_trained);
    for ((id, p), var) in trained.zip(&vars[1..]) {
        assert_eq!(our_grads.param(id).map(bits), of(var), "{what}: {}", p.name);
    }
}

struct Net<'a> {
    model: &'a Model<f64>,
    mode: Mode,
    tape: &'a mut Tape<f64>,
    vars: &'a [Var<f64>],
    kinks: &'a mut Kinks,
}

impl Net<'_> {
    fn pre_act(
        &mut self,
        x: Var<f64>,
        plan: &Plan,
        [shares_convs, shares_norms]: [bool; 2],
    ) -> Var<f64> {
        let per_stage = plan.routes.len() / 3;
        let mut x = self.conv("conv1", &x, 1);
        for &id in &plan.order {
            let block = format!("layer{}.{}", id / per_stage + 1, id % per_stage);
            let is_boundary = id > 0 && id % per_stage == 0;
            let owner = |shares: bool| match shares && !is_boundary {
                true => format!("layer{}.shared", id / per_stage + 1),
                false => block.clone(),
            };
            let (convs, norms) = (owner(shares_convs), owner(shares_norms));
            let route = plan.routes[id];
            let stride = if is_boundary { 2 } else { 1 };
            let c = if is_boundary || route.has_branch() {
                self.norm_relu(&format!("{norms}.bn1"), &x)
            } else {
                x.clone()
            };
            let skip = match (is_boundary, route.skip) {
                (true, true) => self.conv(&format!("{block}.shortcut"), &c, stride),
                _ => x,
            };
            if !route.has_branch() {
                x = skip;
                continue;
            }
            let h = self.conv(&format!("{convs}.conv1"), &c, stride);
            let h = self.norm_relu(&format!("{norms}.bn2"), &h);
            let branch = self.conv(&format!("{convs}.conv2"), &h, 1);
            x = self.chosen(skip, branch, id, route);
        }
        let h = self.norm_relu("bn", &x);
        let h = op::global_average(self.tape, &h);
        self.linear("linear", &h)
    }

    fn multi_residual(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let per_stage = plan.routes.len() / 3;
        let mut x = self.conv("conv1", &x, 1);
        for &id in &plan.order {
            let block = format!("layer{}.{}", id / per_stage + 1, id % per_stage);
            let is_boundary = id > 0 && id % per_stage == 0;
            let (route, stride) = (plan.routes[id], if is_boundary { 2 } else { 1 });
            let mut c = x.clone();
            if is_boundary {
                c = self.norm_relu(&format!("{block}.bn1"), &x);
                x = self.conv(&format!("{block}.shortcut"), &c, stride);
            }
            let mut sum = route.skip.then_some((x.clone(), Route::SKIP));
            for i in route.branches() {
                let function = format!("{block}.branch{i}");
                let mut h = c.clone();
                if !is_boundary {
                    h = self.norm_relu(&format!("{function}.bn1"), &h);
                }
                h = self.conv(&format!("{function}.conv1"), &h, stride);
                h = self.norm_relu(&format!("{function}.bn2"), &h);
                h = self.conv(&format!("{function}.conv2"), &h, 1);
                let right = Route::only(i);
                sum = Some(match sum {
                    None => (h, right),
                    Some((left, terms)) => {
                        let joint = Joint { unit: id, left: terms, right };
                        (op::join_at(self.tape, &left, &h, joint), terms.and(right))
                    }
                });
            }
            x = sum.expect("a route takes a term").0;
        }
        let h = self.norm_relu("bn", &x);
        let h = op::global_average(self.tape, &h);
        self.linear("linear", &h)
    }

    fn post_act(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let per_stage = plan.order.len() / 3;
        let x = self.conv("conv1", &x, 1);
        let mut x = self.norm_relu("bn1", &x);
        for &id in &plan.order {
            let (stage, i) = (id / per_stage, id % per_stage);
            let block = format!("layer{}.{i}", stage + 1);
            let is_boundary = stage > 0 && i == 0;
            let skip = match is_boundary {
                true => op::option_a(self.tape, &x, 16 << stage, 2),
                false => x.clone(),
            };
            let y = if plan.routes[id].has_branch() {
                let stride = if is_boundary { 2 } else { 1 };
                let h = self.conv(&format!("{block}.conv1"), &x, stride);
                let h = self.norm_relu(&format!("{block}.bn1"), &h);
                let h = self.conv(&format!("{block}.conv2"), &h, 1);
                let branch = self.norm(&format!("{block}.bn2"), &h);
                self.chosen(skip, branch, id, plan.routes[id])
            } else {
                skip
            };
            x = self.kinks.relu(self.tape, &y);
        }
        let h = op::global_average(self.tape, &x);
        self.linear("linear", &h)
    }

    fn vgg(&mut self, mut x: Var<f64>, plan: &Plan) -> Var<f64> {
        let groups = [2, 2, 3, 3, 3];
        let places: Vec<(usize, usize)> =
            (0..5).flat_map(|group| (0..groups[group]).map(move |i| (group, i))).collect();
        for &id in &plan.order[..13] {
            let (group, i) = places[id];
            let layer = format!("layer{}.{i}", group + 1);
            if plan.routes[id].has_branch() {
                let h = self.conv(&format!("{layer}.conv"), &x, 1);
                let h = self.norm_relu(&format!("{layer}.bn"), &h);
                x = self.chosen(x, h, id, plan.routes[id]);
            }
            if i + 1 == groups[group] {
                x = self.kinks.max_pool(self.tape, &x, 2, 2);
            }
        }
        // One pixel is left, of which this is the value.
        x = op::global_average(self.tape, &x);
        if plan.routes[13].has_branch() {
            let h = self.linear("fc1.linear", &x);
            let h = self.norm_relu("fc1.bn", &h);
            x = self.chosen(x, h, 13, plan.routes[13]);
        }
        self.linear("linear", &x)
    }

    fn plain(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let per_stage = plan.routes.len() / 3;
        let mut x = self.conv("conv1", &x, 1);
        for &id in &plan.order {
            if plan.routes[id] == Route::SKIP {
                continue;
            }
            let block = format!("layer{}.{}", id / per_stage + 1, id % per_stage);
            let stride = if id > 0 && id % per_stage == 0 { 2 } else { 1 };
            let h = self.norm_relu(&format!("{block}.bn1"), &x);
            let h = self.conv(&format!("{block}.conv1"), &h, stride);
            let h = self.norm_relu(&format!("{block}.bn2"), &h);
            x = self.conv(&format!("{block}.conv2"), &h, 1);
        }
        let h = self.norm_relu("bn", &x);
        let h = op::global_average(self.tape, &h);
        self.linear("linear", &h)
    }

    fn highway(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let x = self.conv("conv1", &x, 1);
        let mut x = self.norm_relu("bn1", &x);
        for &id in &plan.order {
            // Five gated units, then two times a plain layer and five gated units.
            let (stage, i) = if id < 5 { (0, id + 1) } else { ((id + 1) / 6, (id + 1) % 6) };
            let (is_gated, route) = (i > 0, plan.routes[id]);
            let layer = match i {
                0 => format!("layer{}.down", stage + 1),
                i => format!("layer{}.{}", stage + 1, i - 1),
            };
            if route == Route::SKIP {
                continue;
            }
            let h = self.conv(&format!("{layer}.conv"), &x, if is_gated { 1 } else { 2 });
            let h = self.norm_relu(&format!("{layer}.bn"), &h);
            if route == Route::BRANCH {
                x = h;
                continue;
            }
            let t = self.conv(&format!("{layer}.gate"), &x, 1);
            let t = op::sigmoid(self.tape, &t);
            let carried = op::carry(self.tape, &t, &x);
            let gated = op::mul(self.tape, &t, &h);
            x = op::join(self.tape, &carried, &gated, id);
        }
        let h = op::global_average(self.tape, &x);
        self.linear("linear", &h)
    }

    fn chosen(&mut self, skip: Var<f64>, branch: Var<f64>, id: usize, route: Route) -> Var<f64> {
        match route {
            Route::BOTH => op::join(self.tape, &skip, &branch, id),
            Route::SKIP => skip,
            _ => branch,
        }
    }

    fn conv(&mut self, name: &str, x: &Var<f64>, stride: usize) -> Var<f64> {
        let weight = self.param(&format!("{name}.weight")).expect("a convolution has weights");
        let padding = weight.value().dims()[0] / 2;
        let y = op::conv2d(self.tape, x, &weight, stride, padding);
        self.with_bias(name, y)
    }

    fn linear(&mut self, name: &str, x: &Var<f64>) -> Var<f64> {
        let weight = self.param(&format!("{name}.weight")).expect("a linear map has weights");
        let y = op::linear(self.tape, x, &weight);
        self.with_bias(name, y)
    }

    fn with_bias(&mut self, name: &str, y: Var<f64>) -> Var<f64> {
        match self.param(&format!("{name}.bias")) {
            Some(bias) => op::bias(self.tape, &y, &bias),
            None => y,
        }
    }

    fn norm_relu(&mut self, name: &str, x: &Var<f64>) -> Var<f64> {
        let h = self.norm(name, x);
        self.kinks.relu(self.tape, &h)
    }

    /// Batch norm; the identity where the network has none of that name.
    fn norm(&mut self, name: &str, x: &Var<f64>) -> Var<f64> {
        let Some(scale) = self.param(&format!("{name}.weight")) else { return x.clone() };
        let shift = self.param(&format!("{name}.bias")).expect("a batch norm has a shift");
        let buffer = |what: &str| {
            let id = self.model.params.find(&format!("{name}.{what}"));
            self.model.params.value(id.expect("a batch norm has running statistics"))
        };
        let statistics = match self.mode {
            Mode::Train => Statistics::Batch,
            Mode::Eval => {
                Statistics::Running { mean: buffer("running_mean"), var: buffer("running_var") }
            }
        };
        op::batch_norm(self.tape, x, &scale, &shift, statistics).0
    }

    fn param(&self, name: &str) -> Option<Var<f64>> {
        let mut trained = self.model.params.iter().filter(|(_, p)| p.is_trained);
        trained.position(|(_, p)| p.name == name).map(|i| self.vars[1 + i].clone())
    }
}
