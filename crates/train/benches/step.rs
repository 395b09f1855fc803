//! One training step at batch 128: `cargo bench -p train`.

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use data::Split;
use models::Arch;
use train::{Job, Recipe, Trainer};

fn step(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let images = |split| data::load_sample(&data, split).expect("the sample is shipped");
    for name in ["resnet20", "resnet110", "vgg15"] {
        let arch = Arch::parse(name).expect("a listed model");
        let job = Job {
            arch,
            recipe: Recipe { batch: 128, ..Recipe::default_for(arch) },
            seed: 1,
            train: images(Split::Train),
            test: images(Split::Test),
            out: "unused".into(),
            resume: false,
        };
        let mut trainer = Trainer::new(&job).expect("the recipe runs");
        let mut group = criterion.benchmark_group("training step");
        group.sample_size(10).throughput(Throughput::Elements(128));
        group.bench_function(name, |b| {
            b.iter(|| {
                // The last, smaller batch of an epoch is left out.
                if trainer.progress.step + 1 == trainer.steps_per_epoch() {
                    trainer.seek(train::Progress::default());
                }
                trainer.step().expect("the loss is finite")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
