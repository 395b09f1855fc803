//! Deletes each block of a residual network in turn, on a few images of the shipped
//! sample. The network is untrained, so all its errors are those of a guess:
//! `cargo run --release --package lesion --example delete_one`.

use lesion::{Inputs, Question, Runner, Subject, experiment};
use models::Arch;
use record::DeleteOne;
use record::stats::Comparison;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arch = Arch::parse("resnet8")?;
    let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
    let subject = Subject::from_bytes(arch, "untrained.safetensors".as_ref(), &bytes)?;
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
    let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(256)?;

    let inputs = Inputs { networks: vec![subject], test: Some(images), ..Inputs::default() };
    let question = Question::new(&experiment::DeleteOne, serde_json::json!({}), inputs)?;
    let record = question.run(&mut Runner::default())?;

    let answer: DeleteOne = record.answer()?;
    println!("{} on {} images", record.name, answer.images);
    println!("intact: {} wrong", answer.intact.wrong);
    for unit in &answer.units {
        let boundary = if unit.boundary { " (boundary)" } else { "" };
        let Some(deleted) = &unit.deleted else {
            println!("{} cannot be deleted", unit.name);
            continue;
        };
        let Comparison { newly_wrong, newly_right, .. } =
            Comparison::of(&answer.intact.right, &deleted.right);
        println!(
            "without {}{boundary}: {} wrong, {newly_wrong} newly wrong, {newly_right} newly right",
            unit.name, deleted.wrong
        );
    }
    Ok(())
}
