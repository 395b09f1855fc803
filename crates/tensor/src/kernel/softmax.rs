//! Log-softmax over rows, and the cross-entropy that follows it.

use super::whole_rows;
use crate::Scalar;

/// `y[r, j] = x[r, j] - ln sum_i exp(x[r, i])`, shifted by the row's maximum
/// so that nothing overflows.
///
/// # Panics
/// If `y` and `x` are not the same number of whole rows.
#[track_caller]
pub fn log_softmax<T: Scalar>(y: &mut [T], x: &[T], classes: usize) {
    whole_rows("log_softmax", x.len(), classes);
    assert!(y.len() == x.len(), "log_softmax: {} numbers of {} logits", y.len(), x.len());
    for (y, x) in y.chunks_exact_mut(classes).zip(x.chunks_exact(classes)) {
        // With a NaN in the row the sum below is NaN whatever the maximum.
        let max = x.iter().fold(T::NEG_INFINITY, |m, &v| if v > m { v } else { m });
        let sum: T = x.iter().map(|&v| (v - max).exp()).sum();
        let shift = max + sum.ln();
        y.iter_mut().zip(x).for_each(|(y, &v)| *y = v - shift);
    }
}

/// `-log_p[r, label_r]` of each row.
///
/// # Panics
/// If there is not one label for each row, or a label is not a class.
#[track_caller]
pub fn negative_log_likelihood<T: Scalar>(
    log_p: &[T],
    labels: &[u8],
    classes: usize,
) -> impl Iterator<Item = T> {
    check_labels(log_p.len(), labels, classes);
    log_p.chunks_exact(classes).zip(labels).map(|(row, &label)| -row[label as usize])
}

/// The gradient of the mean cross-entropy in the logits, times `upstream`:
/// `dx[r, j] = (exp(log_p[r, j]) - [j = label_r]) upstream / rows`.
///
/// # Panics
/// If `dx` and `log_p` differ in length, there is not one label for each row, or a label
/// is not a class.
#[track_caller]
pub fn cross_entropy_grad<T: Scalar>(
    dx: &mut [T],
    log_p: &[T],
    labels: &[u8],
    classes: usize,
    upstream: T,
) {
    check_labels(log_p.len(), labels, classes);
    assert!(
        dx.len() == log_p.len(),
        "cross-entropy: {} gradients of {} logits",
        dx.len(),
        log_p.len()
    );
    let factor = upstream * T::from_f64(1.0 / labels.len() as f64);
    let rows = dx.chunks_exact_mut(classes).zip(log_p.chunks_exact(classes));
    for ((dx, log_p), &label) in rows.zip(labels) {
        for (j, (dx, &l)) in dx.iter_mut().zip(log_p).enumerate() {
            let target = if j == label as usize { T::ONE } else { T::ZERO };
            *dx = (l.exp() - target) * factor;
        }
    }
}

#[track_caller]
fn check_labels(len: usize, labels: &[u8], classes: usize) {
    let rows = whole_rows("cross-entropy", len, classes);
    assert!(labels.len() == rows, "cross-entropy: {} labels for {rows} rows", labels.len());
    if let Some(label) = labels.iter().find(|&&label| label as usize >= classes) {
        panic!("cross-entropy: label {label} is not below {classes}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_even_for_huge_logits() {
        let x = [1000.0f64, 999.0, -1000.0, 0.0, 0.0, 0.0];
        let mut y = [0.0; 6];
        log_softmax(&mut y, &x, 3);
        for row in y.chunks(3) {
            let sum: f64 = row.iter().map(|v| v.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
        assert!((y[0] - y[1] - 1.0).abs() < 1e-9, "differences of logits stay");
        assert!((y[3] + 3f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn a_nan_among_the_logits_reaches_every_probability_of_its_row() {
        let mut y = [0.0f32; 4];
        log_softmax(&mut y, &[1.0, f32::NAN, 1.0, 2.0], 2);
        assert!(y[0].is_nan() && y[1].is_nan() && y[2].is_finite());
    }
}
