//! The network before its training, as experiments draw it, is the one that a training
//! starts with.

use std::path::Path;

use data::{Dataset, Split};
use lesion::Subject;
use models::{Arch, Metadata};
use train::{Job, Measured, Recipe, TrainedPaths, Trainer};

fn sample(split: Split) -> Dataset {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    data::load_sample(&shipped, split).unwrap().take_first(8).unwrap()
}

#[test]
fn initial_weights_are_those_that_a_training_starts_with() {
    for (name, paths) in [
        ("highway-b0", TrainedPaths::All),
        ("resnet8", TrainedPaths::StochasticDepth { p_last: 0.5 }),
    ] {
        let arch = Arch::parse(name).unwrap();
        let recipe = Recipe { batch: 4, paths, ..Recipe::default_for(arch) };
        let (train, measured) = (sample(Split::Train), Measured::Test(sample(Split::Test)));
        let (seed, out) = (7, "unused".into());
        let job = Job { arch, recipe, seed, train, measured, out, resume: false };
        let start = Trainer::new(&job).unwrap().model;
        // What the training leaves: other weights, and who drew them.
        let metadata = Metadata {
            model: name.to_owned(),
            recipe: "one-cycle".to_owned(),
            peak_rate: None,
            epochs: 1,
            of_epochs: None,
            seed,
            test_error: None,
            normalisation: arch.default_normalisation(),
            branch_scale: start.branch_scale.clone(),
            paths: None,
            backward: None,
            program: "0.0.0".to_owned(),
        };
        let mut state = arch.build::<f32>(8).params.to_state();
        state.metadata = Some(serde_json::to_string(&metadata).unwrap());
        let path = "left.safetensors".as_ref();
        let left = Subject::from_bytes(arch, path, &state.to_bytes()).unwrap();
        assert_ne!(left.model, start, "{name}");
        assert_eq!(left.initial().unwrap(), start, "{name}");
    }
}
