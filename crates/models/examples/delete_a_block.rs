//! Deletes one block of a small residual network and shows how the logits move.
//!
//! ```text
//! cargo run -p models --example delete_a_block
//! ```

use models::{Arch, Plan};
use tensor::Tensor;
use tensor::random::Stream;

fn main() {
    let model = Arch::parse("resnet8").expect("a known name").build::<f32>(1);
    let mut random = Stream::new(1, "image").at(0, 0);
    let image = Tensor::from_fn([1, 32, 32, 3], |_| random.normal() as f32);

    let intact = Plan::intact(&model);
    let deleted = intact.clone().delete(&model, 1).expect("every residual block can be deleted");
    let before = model.logits(image.clone(), &intact);
    let after = model.logits(image, &deleted);

    println!("{} without block 1, {}:", model.name, model.units[1].name);
    println!("class  intact  deleted");
    for (class, (a, b)) in before.as_slice().iter().zip(after.as_slice()).enumerate() {
        println!("{class:5} {a:7.3} {b:8.3}");
    }
}
