//! Speed of candle on the CPU: training and evaluation of a pre-activation ResNet-110.

#[path = "../../bench.rs"]
mod bench;
mod net;
mod sgd;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{ModuleT, VarBuilder, VarMap, loss::cross_entropy};
use std::collections::HashMap;

// Only its features matter: see Cargo.toml.
use gemm as _;

fn main() -> Result<()> {
    let args = bench::Args::read();
    let device = Device::Cpu;
    let x = Tensor::randn(0f32, 1.0, (args.batch, 3, 32, 32), &device)?;
    let labels: Vec<u32> = (0..args.batch as u32).map(|i| i % 10).collect();
    let y = Tensor::new(labels, &device)?;

    let vars = VarMap::new();
    let net = net::ResNet::new(VarBuilder::from_varmap(&vars, DType::F32, &device))?;
    let values: usize = vars.all_vars().iter().map(|var| var.elem_count()).sum();
    assert_eq!(values, bench::VALUES);
    let mut sgd = sgd::Sgd::new(vars.all_vars());
    let train = args.rate(|| {
        let mut step = || {
            let loss = cross_entropy(&net.forward_t(&x, true)?, &y)?;
            sgd.step(&loss.backward()?)?;
            loss.to_scalar::<f32>()
        };
        assert!(step().expect("a training step").is_finite());
    });

    // candle records operations on variables; plain tensors leave no graph.
    let tensors: HashMap<String, Tensor> = (vars.data().lock().expect("no other thread").iter())
        .map(|(name, var)| (name.clone(), var.as_detached_tensor()))
        .collect();
    let net = net::ResNet::new(VarBuilder::from_tensors(tensors, DType::F32, &device))?;
    let eval = args.rate(|| {
        let step = || net.forward_t(&x, false)?.sum_all()?.to_scalar::<f32>();
        assert!(step().expect("an evaluation").is_finite());
    });

    let version = bench::version(include_str!("../Cargo.lock"), "candle-core");
    let peer = format!("candle {version}");
    args.report(&peer, candle_core::utils::get_num_threads(), train, eval);
    Ok(())
}
