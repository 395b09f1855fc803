//! Deletes each block of a residual network in turn, on a few images of the shipped
//! sample. The network is untrained, so all its errors are those of a guess:
//! `cargo run --release --package lesion --example delete_one`.

use lesion::{Experiment, Subject};
use models::Arch;
use record::Outcome;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arch = Arch::parse("resnet8")?;
    let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
    let subject = Subject::from_bytes(arch, "untrained.safetensors".as_ref(), &bytes)?;
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
    let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(256)?;

    let experiment = Experiment::named("delete-one")?;
    let record = experiment.run(&subject, &images, None, &mut |_done, _total| {})?;

    let Outcome::DeleteOne(outcome) = &record.result;
    println!("{} on {} images", record.name, outcome.images);
    println!("intact: {} wrong", outcome.intact.wrong);
    for unit in &outcome.units {
        let boundary = if unit.boundary { " (boundary)" } else { "" };
        match &unit.deleted {
            Some(deletion) => println!(
                "without {}{boundary}: {} wrong, {} newly wrong, {} newly right",
                unit.name, deletion.score.wrong, deletion.newly_wrong, deletion.newly_right
            ),
            None => println!("{} cannot be deleted", unit.name),
        }
    }
    Ok(())
}
