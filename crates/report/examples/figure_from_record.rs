//! Draws figure 3 from record files:
//! `cargo run -p report --example figure_from_record -- records/*.json`
//!
//! Writes `fig3-delete-one.svg` and `.png` into the current folder.

use std::path::Path;

use record::Record;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Beside each record lies a NAME.run.json, which a shell pattern also matches.
    let files = std::env::args().skip(1).filter(|file| !file.ends_with(".run.json"));
    let records: Vec<Record> =
        files.map(|file| Record::load(Path::new(&file))).collect::<Result<_, _>>()?;
    let figure = (report::study::figure("fig3")?.draw)(&records.iter().collect::<Vec<_>>())?;
    for path in figure.save(Path::new("."))? {
        println!("{}", path.display());
    }
    println!("{}", figure.caption);
    Ok(())
}
