//! Lists the three worst deletions of a record:
//! `cargo run -p record --example worst_deletions -- out/records/NAME.json`.

use record::{DeleteOne, DeleteOneOptions, NormStatistics, Record, Term};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a record")?;
    let record = Record::load(path.as_ref())?;
    let answer: DeleteOne = record.answer()?;
    let mut deletions: Vec<_> = answer
        .units
        .iter()
        .filter_map(|unit| Some((unit.deleted.as_ref()?.wrong, &unit.name)))
        .collect();
    deletions.sort_by(|a, b| b.cmp(a));
    let DeleteOneOptions { term, statistics } = DeleteOneOptions::of(&record.key)?;
    let what = match term {
        Term::Branch => "deleted",
        Term::Skip => "without its skip",
    };
    if statistics == NormStatistics::Reestimated {
        println!("batch-norm statistics re-estimated under each lesion");
    }
    println!("{} intact: {} of {} wrong", record.name, answer.intact.wrong, answer.images);
    for (wrong, name) in deletions.iter().take(3) {
        println!("{name} {what}: {wrong} wrong");
    }
    Ok(())
}
