//! Named parameters and buffers, apart from the layers that use them.

use std::sync::{Arc, OnceLock};

use tensor::{Scalar, Tensor, threads};

use crate::op::ConvWeights;

/// The place of a parameter in its [`Params`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParamId(usize);

impl ParamId {
    /// The index, in order of creation.
    pub fn index(self) -> usize {
        self.0
    }
}

/// A parameter or buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Param<T: Scalar> {
    /// Its name, as in a PyTorch state dict.
    pub name: String,
    /// Its value. Convolution weights are `[kernel, kernel, c_in, c_out]`.
    pub value: Tensor<T>,
    /// Trained by the optimiser; a running statistic is not.
    pub is_trained: bool,
}

/// All parameters of a network, in order of creation.
///
/// Layers hold [`ParamId`]s, so a network is plain data, and its values can be
/// copied, cast or replaced without touching it.
///
/// ```
/// use nn::Params;
/// use tensor::Tensor;
///
/// let mut params = Params::<f32>::new();
/// let w = params.add("fc.weight", Tensor::zeros([10, 64]));
/// params.add_buffer("bn.running_mean", Tensor::zeros([64]));
/// assert_eq!(params.find("fc.weight"), Some(w));
/// assert_eq!(params.count_trained(), 640);
/// params.value_mut(w).as_mut_slice()[0] = 1.0;
/// assert_eq!(params.cast::<f64>().value(w).as_slice()[0], 1.0);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params<T: Scalar> {
    entries: Vec<Param<T>>,
    /// Each entry's value, transformed for the kernels.
    made: Vec<Made>,
}

/// Follows from a parameter's value, so copies and comparisons leave it out.
#[derive(Debug, Default)]
struct Made(OnceLock<Arc<ConvWeights>>);

impl Made {
    /// Forgets everything; what a tape still holds stays with the tape.
    fn forget(&mut self) {
        match self.0.get_mut().map(Arc::get_mut) {
            Some(Some(weights)) => *weights = ConvWeights::default(),
            _ => *self = Made::default(),
        }
    }
}

impl Clone for Made {
    fn clone(&self) -> Self {
        Made::default()
    }
}

impl PartialEq for Made {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Scalar> Params<T> {
    /// No parameters yet.
    pub fn new() -> Self {
        Params { entries: Vec::new(), made: Vec::new() }
    }

    /// Adds a trained parameter.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add(&mut self, name: impl Into<String>, value: Tensor<T>) -> ParamId {
        self.push(Param { name: name.into(), value, is_trained: true })
    }

    /// Adds a buffer, such as a running mean, which no optimiser touches.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add_buffer(&mut self, name: impl Into<String>, value: Tensor<T>) -> ParamId {
        self.push(Param { name: name.into(), value, is_trained: false })
    }

    #[track_caller]
    fn push(&mut self, param: Param<T>) -> ParamId {
        let taken = self.entries.iter().any(|p| p.name == param.name);
        assert!(!taken, "two parameters are called {}", param.name);
        self.entries.push(param);
        self.made.push(Made::default());
        ParamId(self.entries.len() - 1)
    }

    /// The value of a parameter.
    pub fn value(&self, id: ParamId) -> &Tensor<T> {
        &self.entries[id.0].value
    }

    /// The name of a parameter.
    pub fn name(&self, id: ParamId) -> &str {
        &self.entries[id.0].name
    }

    /// The weights of a convolution, transformed for the kernels; kept until they change.
    pub fn conv_weights(&self, id: ParamId) -> &Arc<ConvWeights> {
        self.made[id.0].0.get_or_init(Arc::default)
    }

    /// Transforms the weights of all convolutions for the kernels, spread over the
    /// threads. Otherwise each is transformed on one thread when it is first needed.
    pub fn prepare(&self) {
        threads::for_each(self.entries.len(), |i| {
            let value = &self.entries[i].value;
            if value.dims().len() == 4 {
                self.conv_weights(ParamId(i)).prepare(value);
            }
        });
    }

    /// The value of a parameter, to change.
    pub fn value_mut(&mut self, id: ParamId) -> &mut Tensor<T> {
        self.made[id.0].forget();
        &mut self.entries[id.0].value
    }

    /// The places of all parameters and buffers.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<T> {
        (0..self.entries.len()).map(ParamId)
    }

    /// Whether the optimiser trains a parameter.
    pub fn is_trained(&self, id: ParamId) -> bool {
        self.entries[id.0].is_trained
    }

    /// All parameters and buffers with their places.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, &Param<T>)> {
        self.entries.iter().enumerate().map(|(i, p)| (ParamId(i), p))
    }

    /// The place of the parameter called `name`.
    pub fn find(&self, name: &str) -> Option<ParamId> {
        self.entries.iter().position(|p| p.name == name).map(ParamId)
    }

    /// How many numbers are trained.
    pub fn count_trained(&self) -> usize {
        self.entries.iter().filter(|p| p.is_trained).map(|p| p.value.len()).sum()
    }

    /// The same parameters in another precision.
    pub fn cast<U: Scalar>(&self) -> Params<U> {
        let cast = |p: &Param<T>| Param {
            name: p.name.clone(),
            value: p.value.cast(),
            is_trained: p.is_trained,
        };
        let made = self.entries.iter().map(|_| Made::default()).collect();
        Params { entries: self.entries.iter().map(cast).collect(), made }
    }
}
