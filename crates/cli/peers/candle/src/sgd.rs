//! SGD with momentum 0.9 and weight decay 1e-4, as in PyTorch: candle's own has neither.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

pub struct Sgd {
    vars: Vec<(Var, Option<Tensor>)>,
}

impl Sgd {
    pub fn new(vars: Vec<Var>) -> Self {
        Sgd { vars: vars.into_iter().map(|var| (var, None)).collect() }
    }

    pub fn step(&mut self, gradients: &GradStore) -> Result<()> {
        for (var, velocity) in &mut self.vars {
            let Some(gradient) = gradients.get(var) else { continue };
            // Detached throughout: a velocity with a graph would keep every step alive.
            let weights = var.as_detached_tensor();
            let gradient = (gradient.detach() + (&weights * 1e-4)?)?;
            let next = match velocity.take() {
                Some(old) => ((old * 0.9)? + gradient)?,
                None => gradient,
            };
            var.set(&(weights - (&next * 0.01)?)?)?;
            *velocity = Some(next);
        }
        Ok(())
    }
}
