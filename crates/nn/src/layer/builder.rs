//! Creates parameters under dotted names, with seeded initial values.

use tensor::random::{Random, Stream};
use tensor::{Scalar, Tensor};

use crate::{ParamId, Params};

/// Collects the parameters of a network under construction.
///
/// The initial value of the `i`-th parameter is drawn from its own place of
/// the stream `"init"`, so it does not change when another layer does.
pub struct Builder<T: Scalar> {
    params: Params<T>,
    stream: Stream,
}

impl<T: Scalar> Builder<T> {
    /// No parameters yet; initial values from `seed`.
    pub fn new(seed: u64) -> Self {
        Builder { params: Params::new(), stream: Stream::new(seed, "init") }
    }

    /// The parameters.
    pub fn finish(self) -> Params<T> {
        self.params
    }

    pub(super) fn random(
        &mut self,
        name: String,
        draw: impl FnOnce(&mut Random) -> Tensor<T>,
    ) -> ParamId {
        let mut rng = self.stream.at(self.params.iter().count() as u64, 0);
        self.params.add(name, draw(&mut rng))
    }

    pub(super) fn constant(&mut self, name: String, len: usize, value: T) -> ParamId {
        self.params.add(name, Tensor::full([len], value))
    }

    pub(super) fn buffer(&mut self, name: String, len: usize, value: T) -> ParamId {
        self.params.add_buffer(name, Tensor::full([len], value))
    }
}
