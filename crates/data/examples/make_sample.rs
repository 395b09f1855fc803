//! Makes the shipped sample again from the official files:
//! `cargo run -p data --example make_sample -- CIFAR_DIR DATA_DIR`.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cifar_dir, data_dir] = arguments.as_slice() else {
        return Err("expected two folders: CIFAR_DIR (the six official files) and DATA_DIR".into());
    };
    for path in data::write_sample(Path::new(cifar_dir), Path::new(data_dir))? {
        println!("{}", path.display());
    }
    Ok(())
}
