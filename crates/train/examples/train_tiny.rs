//! Trains a ResNet-8 on the shipped sample for a few epochs:
//! `cargo run --release -p train --example train_tiny -- OUT`.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use data::Split;
use models::Arch;
use train::{EpochLog, Event, Job, Measured, Recipe, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).ok_or("name a folder for the checkpoint and the weights")?;
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let arch = Arch::parse("resnet8")?;
    let job = Job {
        arch,
        recipe: Recipe { epochs: 5, ..Recipe::default_for(arch) },
        seed: 1,
        train: data::load_sample(&sample, Split::Train)?,
        measured: Measured::Test(data::load_sample(&sample, Split::Test)?),
        out: out.into(),
        resume: false,
    };
    let ending = run(&job, &AtomicBool::new(false), &mut |event| {
        if let Event::Epoch(EpochLog { epoch, test_error: Some(error), .. }) = event {
            println!("epoch {epoch}: test error {:.1} %", 100.0 * error);
        }
    })?;
    println!("{ending:?}");
    Ok(())
}
