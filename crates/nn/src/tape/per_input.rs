//! Values that belong to the inputs of an op.

use std::array;
use std::iter::Take;

/// For each input of an op a value or `None`. They are held in place, because a step
/// through a network makes thousands of them.
#[derive(Debug, Clone)]
pub struct PerInput<V> {
    values: [Option<V>; MAX_INPUTS],
    inputs: usize,
}

const MAX_INPUTS: usize = 4;

impl<V> PerInput<V> {
    /// The most inputs that an op can have.
    pub const MAX: usize = MAX_INPUTS;

    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The value of each input.
    pub fn iter(&self) -> impl Iterator<Item = Option<&V>> {
        self.values[..self.inputs].iter().map(Option::as_ref)
    }

    /// `f` of each value.
    pub fn map<U>(self, mut f: impl FnMut(V) -> U) -> PerInput<U> {
        PerInput { values: self.values.map(|value| value.map(&mut f)), inputs: self.inputs }
    }
}

/// # Panics
/// If there are more than four.
impl<V> FromIterator<Option<V>> for PerInput<V> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = Option<V>>>(values: I) -> Self {
        let mut all = PerInput { values: [const { None }; MAX_INPUTS], inputs: 0 };
        for value in values {
            assert!(all.inputs < MAX_INPUTS, "an op has at most {MAX_INPUTS} inputs");
            all.values[all.inputs] = value;
            all.inputs += 1;
        }
        all
    }
}

impl<V, const N: usize> From<[Option<V>; N]> for PerInput<V> {
    #[track_caller]
    fn from(values: [Option<V>; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<V> IntoIterator for PerInput<V> {
    type Item = Option<V>;
    type IntoIter = Take<array::IntoIter<Option<V>, MAX_INPUTS>>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter().take(self.inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_each_input_and_no_more() {
        let values = PerInput::from([Some(1), None, Some(3)]);
        assert_eq!(values.inputs(), 3);
        assert!(values.map(|v| 2 * v).into_iter().eq([Some(2), None, Some(6)]));
    }

    #[test]
    #[should_panic(expected = "an op has at most 4 inputs")]
    fn a_fifth_input_is_refused() {
        let _ = PerInput::from([Some(0); 5]);
    }
}
