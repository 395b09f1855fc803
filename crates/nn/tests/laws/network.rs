//! A small residual network as a whole, in both modes.

use nn::{Mode, Sweep, Tape, Var};
use proptest::prelude::*;
use tensor::random::Stream;
use tensor::threads;
use testkit::gradcheck::Kinks;

use crate::small_net::{SmallNet, recorded, sizes};
use crate::{for_all, hold, problem};

fn check(what: &str, mode: Mode) {
    hold(what, 3, sizes(), |&sizes, rng| {
        let net = SmallNet::new(sizes, mode, rng);
        problem(net.inputs(), move |tape, v, kinks| net.through_ops(tape, v, kinks))
    });
}

#[test]
fn every_gradient_in_training_mode() {
    check("network, train", Mode::Train);
}

#[test]
fn every_gradient_in_evaluation_mode() {
    check("network, eval", Mode::Eval);
}

/// So the checks above hold for layers and named parameters too.
#[test]
fn layers_with_named_parameters_do_what_their_ops_do() {
    for_all((sizes(), any::<u64>()), |(sizes, seed)| {
        for mode in [Mode::Train, Mode::Eval] {
            let net = SmallNet::new(sizes, mode, &mut Stream::new(seed, "net").at(0, 0));
            let mut tape = Tape::recording();
            let inputs: Vec<Var<f64>> = net.inputs().into_iter().map(|t| tape.input(t)).collect();
            let loss = net.through_ops(&mut tape, &inputs, &mut Kinks::default());
            let expected = tape.vjp(&loss, loss.value().clone(), &Sweep::default());

            let (pass, x, loss_of_layers) = recorded(&net);
            assert_eq!(loss_of_layers.value(), loss.value());
            let got = pass.tape.vjp(&loss_of_layers, loss.value().clone(), &Sweep::default());
            assert_eq!(got.of(&x), expected.of(&inputs[0]));
            let (trained, buffers): (Vec<_>, Vec<_>) =
                net.params.iter().partition(|(_, p)| p.is_trained);
            assert_eq!(trained.len(), inputs.len() - 1);
            for ((id, param), input) in trained.iter().zip(&inputs[1..]) {
                assert!(got.param(*id).is_some(), "{}", param.name);
                assert_eq!(got.param(*id), expected.of(input), "{}", param.name);
            }
            assert!(buffers.iter().all(|(id, _)| got.param(*id).is_none()));
        }
    });
}

#[test]
fn gradients_have_the_same_bits_for_any_number_of_threads() {
    for mode in [Mode::Train, Mode::Eval] {
        let mut rng = Stream::new(1, "net").at(0, 0);
        let net = SmallNet::new([8, 16, 16, 3, 16, 32], mode, &mut rng);
        let run = || {
            let (pass, x, loss) = recorded(&net);
            let grads = pass.tape.backward(&loss);
            let params = net.params.iter().map(|(id, _)| grads.param(id).cloned());
            let params: Vec<_> = params.collect();
            (loss.into_value(), grads.of(&x).cloned(), params)
        };
        let alone = threads::with_threads(1, run).unwrap();
        assert!(alone.1.is_some() && alone.2.iter().any(Option::is_some));
        for n in [2, 3, 7] {
            assert_eq!(threads::with_threads(n, run).unwrap(), alone, "{mode:?}, {n} threads");
        }
    }
}
