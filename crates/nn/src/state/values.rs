//! Values that no trained network has: NaN, infinities, negative variances, and tensors that
//! are nothing but denormal numbers, which floats in the wrong byte order look like.

use std::collections::BTreeMap;

use tensor::Tensor;

use super::StateError;

/// How many tensors a message names.
const NAMED: usize = 5;

/// Refuses tensors with such values, by name, channel and value.
pub(super) fn check(tensors: &BTreeMap<String, Tensor<f32>>) -> Result<(), StateError> {
    let mut faults: Vec<String> = tensors
        .iter()
        .filter_map(|(name, t)| Some(format!("{name} {}", fault(name, t)?)))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let more = faults.len().saturating_sub(NAMED);
    faults.truncate(NAMED);
    if more > 0 {
        faults.push(format!("and {more} more tensors"));
    }
    Err(StateError::Values(faults))
}

/// What is wrong with the first value that cannot be.
fn fault(name: &str, t: &Tensor<f32>) -> Option<String> {
    let values = t.as_slice();
    let is_variance = name.rsplit('.').next() == Some("running_var");
    let cannot_be = |v: &f32| !v.is_finite() || (is_variance && *v < 0.0);
    if let Some(at) = values.iter().position(cannot_be) {
        let value = values[at];
        let rule = if value.is_finite() { ", and a variance is at least 0" } else { "" };
        // PyTorch's layouts have the channel of the output first.
        let channels = t.dims().first().copied().unwrap_or(1);
        let place = match t.dims() {
            [] => String::new(),
            _ => format!("in channel {}", at / (values.len() / channels)),
        };
        return Some(format!("is {value} {place}{rule}"));
    }
    let is_denormal = |v: &f32| *v != 0.0 && v.abs() < f32::MIN_POSITIVE;
    let denormal = values.iter().copied().find(is_denormal)?;
    values.iter().all(|v| *v == 0.0 || is_denormal(v)).then(|| {
        format!(
            "has nothing but numbers as small as {denormal:e}, as floats in the wrong byte order \
             are"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, dims: &[usize], values: &[f32]) -> Option<String> {
        let tensor = Tensor::from_vec(dims, values.to_vec());
        let result = check(&BTreeMap::from([(name.to_owned(), tensor)]));
        result.err().map(|error| error.to_string())
    }

    #[test]
    fn tensor_channel_and_value_are_named() {
        let swapped = f32::from_bits(1.0f32.to_bits().swap_bytes());
        let cases: [(&str, &[usize], &[f32], &str); 6] = [
            ("bn.running_var", &[3], &[1.0, 0.0, -1e-5], "running_var is -0.00001 in channel 2"),
            ("a.running_var", &[2], &[-1.0, -2.0], "is -1 in channel 0, and a variance is at"),
            ("conv.weight", &[2, 2, 1, 1], &[0.0, 1.0, 2.0, f32::NAN], "is NaN in channel 1"),
            ("fc.bias", &[2], &[f32::NEG_INFINITY, 0.0], "is -inf in channel 0"),
            ("bn.weight", &[2], &[swapped, swapped], "wrong byte order"),
            ("bn.bias", &[2], &[0.0, 1e-40], "numbers as small as 1e-40"),
        ];
        for (name, dims, values, expected) in cases {
            let message = message(name, dims, values).unwrap();
            assert!(message.contains(name) && message.contains(expected), "{message}");
        }
    }

    #[test]
    fn what_a_trained_network_may_have_passes() {
        let cases: [(&str, &[f32]); 5] = [
            ("bn.running_var", &[0.0, -0.0, 1e-40, 3.0]),
            ("bn.running_mean", &[-1.0, 0.0]),
            ("bn.bias", &[0.0; 3]),
            ("bn.weight", &[1e-40, 1.0]),
            ("fc.bias", &[]),
        ];
        for (name, values) in cases {
            assert_eq!(message(name, &[values.len()], values), None, "{name}");
        }
    }

    #[test]
    fn of_many_tensors_the_first_are_named_and_the_rest_counted() {
        let nan = |i| (format!("t{i}"), Tensor::full([1], f32::NAN));
        let error = check(&(0..8).map(nan).collect()).unwrap_err().to_string();
        assert!(error.contains("t4 is NaN") && error.contains("and 3 more tensors"), "{error}");
        assert!(!error.contains("t5"), "{error}");
    }
}
