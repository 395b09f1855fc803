//! On which side of its kinks a function is evaluated.

use nn::{Tape, Var, op};
use tensor::Tensor;
use tensor::kernel::pool::{self, PoolGeom};

/// The side on which each rectifier input lies, and the place of each pooling
/// maximum. Between two points with the same `Kinks` a function that runs
/// these ops through here is smooth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinks(Vec<u32>);

impl Kinks {
    /// [`op::relu`], noting its mask.
    pub fn relu(&mut self, tape: &mut Tape<f64>, x: &Var<f64>) -> Var<f64> {
        self.note_signs(x.value());
        op::relu(tape, x)
    }

    /// [`op::max_pool`], noting where the maxima lie.
    ///
    /// # Panics
    /// If the window does not fit into the image.
    #[track_caller]
    pub fn max_pool(
        &mut self,
        tape: &mut Tape<f64>,
        x: &Var<f64>,
        kernel: usize,
        stride: usize,
    ) -> Var<f64> {
        let [batch, h, w, c] = x.value().shape().nhwc("max_pool");
        let geom = PoolGeom { batch, h, w, c, kernel, stride };
        let mut y = Tensor::<f64>::for_overwrite(geom.out_shape());
        let mut argmax = vec![0; y.len()];
        pool::max_pool(y.as_mut_slice(), &mut argmax, x.value().as_slice(), &geom);
        self.0.extend(argmax);
        op::max_pool(tape, x, kernel, stride)
    }

    /// Notes which entries are positive: for rectifiers inside an op that shows only
    /// their inputs or their outputs.
    pub fn note_signs(&mut self, x: &Tensor<f64>) {
        self.0.extend(x.as_slice().iter().map(|&v| u32::from(v > 0.0)));
    }
}
