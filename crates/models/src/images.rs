//! What a network takes for images.

use tensor::{Scalar, Shape};

use crate::{Model, UnitShape};

impl<T: Scalar> Model<T> {
    /// # Panics
    /// If these are not images `[n, h, w, 3]`, at least one of them, and says what they look
    /// like instead; or if pooling leaves nothing of them.
    #[track_caller]
    pub(crate) fn require_images(&self, shape: Shape) {
        let c = Self::IMAGE.c;
        let is_batch = matches!(*shape.dims(), [_, _, _, channels] if channels == c);
        if !is_batch || shape.is_empty() {
            let guess = looks_like(shape.dims(), c);
            panic!("{} takes images [n, h, w, {c}], got {shape}{guess}", self.name);
        }
        let mut image = UnitShape { h: shape.dims()[1], w: shape.dims()[2], c };
        image = self.stem.output(image);
        for unit in &self.units {
            image = unit.output_of(image);
            assert!(
                image.pixels() > 0,
                "{}: images {shape} are too small: no pixel is left after {}",
                self.name,
                unit.name
            );
        }
    }
}

/// What a shape that is not `[n, h, w, c]` looks like, and what to do.
fn looks_like(dims: &[usize], c: usize) -> String {
    match *dims {
        _ if dims.contains(&0) => ": there is nothing in it".to_owned(),
        [n, channels, h, w] if channels == c => format!(
            ": this looks like [n, c, h, w], PyTorch's order; bring the channels to the end \
             ([{n}, {h}, {w}, {channels}]), for instance with ndarray's permuted_axes([0, 2, 3, 1])"
        ),
        [channels, ..] if channels == c && dims.len() == 3 => {
            ": this looks like one image [c, h, w]; bring its channels to the end, and give a \
             batch [1, h, w, c]"
                .to_owned()
        }
        [h, w, channels] if channels == c => {
            format!(": this looks like one image [h, w, c]; give a batch [1, {h}, {w}, {channels}]")
        }
        [_, _, _, 1] | [_, 1, _, _] => {
            format!(": these look like grey images; repeat their channel {c} times")
        }
        [_, _, _, 4] | [_, 4, _, _] => {
            format!(": these look like images with an alpha channel; leave it out, {c} remain")
        }
        [n, numbers] if numbers % c == 0 => format!(
            ": this looks like images flattened to rows; give them their shape back. The rows of \
             CIFAR-10's own files hold one channel after the other: [{n}, {c}, h, w], with the \
             channels to be brought to the end"
        ),
        _ => String::new(),
    }
}
