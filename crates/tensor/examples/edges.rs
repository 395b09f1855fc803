//! Finds the edges of a square: `cargo run --release -p tensor --example edges`.

use tensor::Tensor;
use tensor::kernel::conv2d::{self, Conv2dGeom};

fn main() {
    let (h, w) = (8, 12);
    let geom = Conv2dGeom::same([1, h, w, 1], 1, 3);
    let inside = |i: usize| (2..6).contains(&(i / w)) && (3..9).contains(&(i % w));
    let image = Tensor::from_fn(geom.in_shape(), |i| if inside(i) { 1.0f32 } else { 0.0 });
    // The Laplacian is zero wherever the image is flat.
    let laplacian = vec![-1.0, -1.0, -1.0, -1.0, 8.0, -1.0, -1.0, -1.0, -1.0];
    let kernel = Tensor::from_vec(geom.weight_shape(), laplacian);
    let mut edges = Tensor::zeros(geom.out_shape());
    conv2d::forward(edges.as_mut_slice(), image.as_slice(), kernel.as_slice(), &geom);
    for row in edges.as_slice().chunks(w) {
        println!("{}", row.iter().map(|&v| if v > 0.0 { '#' } else { '.' }).collect::<String>());
    }
}
