//! Speed of burn on the CPU: training and evaluation of a pre-activation ResNet-110.

#[path = "../../bench.rs"]
mod bench;
mod net;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Distribution, Int, Tensor};

fn main() {
    let args = bench::Args::read();
    let device = Device::flex().autodiff();
    let mut net = net::ResNet::new(&device);
    assert_eq!(net.num_params(), bench::VALUES);
    let normal = Distribution::Normal(0.0, 1.0);
    let x = Tensor::<4>::random([args.batch, 3, 32, 32], normal, &device);
    let labels: Vec<i32> = (0..args.batch as i32).map(|i| i % 10).collect();
    let y = Tensor::<1, Int>::from_ints(labels.as_slice(), &device);

    let entropy = CrossEntropyLossConfig::new().init(&device);
    let mut sgd = SgdConfig::new()
        .with_momentum(Some(MomentumConfig::new().with_dampening(0.0)))
        .with_weight_decay(Some(WeightDecayConfig::new(1e-4)))
        .init();
    let train = args.rate(|| {
        let loss = entropy.forward(net.forward(x.clone()), y.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = sgd.step(0.01, net.clone(), gradients);
        assert!(loss.into_scalar::<f32>().is_finite());
    });

    let net = net.valid();
    let x = x.inner();
    let eval = args.rate(|| {
        let logits: f32 = net.forward(x.clone()).sum().into_scalar();
        assert!(logits.is_finite());
    });

    let version = bench::version(include_str!("../Cargo.lock"), "burn");
    let peer = format!("burn {version} (flex)");
    args.report(&peer, rayon::current_num_threads(), train, eval);
}
