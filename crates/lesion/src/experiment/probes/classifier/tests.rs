//! Laws of the fit.

use tensor::random::Stream;

use super::*;

/// Noise around a centre for each class, `apart` deviations from each other; the last
/// feature does not vary.
fn made_up(seed: u64, n: usize, classes: usize, apart: f64) -> (Vec<f32>, Vec<u8>) {
    let mut rng = Stream::new(seed, "probes").at(0, 0);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for i in 0..n {
        let class = i % classes;
        for k in 0..WIDTH - 1 {
            let centre = if k % classes == class { apart } else { 0.0 };
            features.push((10.0 * (centre + rng.normal()) + 300.0) as f32);
        }
        features.push(7.25);
        labels.push(class as u8);
    }
    (features, labels)
}

const WIDTH: usize = 6;

fn rows<'a>((features, labels): &'a (Vec<f32>, Vec<u8>)) -> Rows<'a> {
    Rows { width: WIDTH, features, labels }
}

/// The loss written out, image by image.
fn plain_loss(c: &Classifier, rows: Rows<'_>, penalty: f64) -> f64 {
    let n = rows.len() as f64;
    let of_image = |(image, &label): (&[f32], &u8)| {
        let logit = |class: usize| -> f64 {
            let of = |k: usize| {
                let values: Vec<f64> = rows.images().map(|image| f64::from(image[k])).collect();
                let mean = values.iter().sum::<f64>() / n;
                let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
                let z = (f64::from(image[k]) - mean) / variance.sqrt();
                if k == WIDTH - 1 { 0.0 } else { z * c.weights[k * c.classes + class] }
            };
            (0..WIDTH).map(of).sum::<f64>() + c.weights[WIDTH * c.classes + class]
        };
        let all: Vec<f64> = (0..c.classes).map(logit).collect();
        all.iter().map(|v| v.exp()).sum::<f64>().ln() - all[usize::from(label)]
    };
    let loss = rows.images().zip(rows.labels).map(of_image).sum::<f64>() / n;
    loss + 0.5 * penalty * c.weights.iter().map(|w| w * w).sum::<f64>()
}

#[test]
fn the_gradient_is_that_of_the_loss_by_central_differences() {
    let data = made_up(1, 40, 3, 1.0);
    let mut c = fit(rows(&data), 3, 1e-1, None).classifier;
    let mut rng = Stream::new(2, "probes").at(0, 0);
    c.weights.iter_mut().for_each(|w| *w = rng.normal());
    let mut gradient = vec![0.0; c.weights.len()];
    let loss = c.loss(rows(&data), 0.05, &mut gradient);
    assert!((loss - plain_loss(&c, rows(&data), 0.05)).abs() < 1e-12, "{loss}");
    for (i, found) in gradient.iter().enumerate() {
        let moved = |by: f64| {
            let mut c = c.clone();
            c.weights[i] += by;
            plain_loss(&c, rows(&data), 0.05)
        };
        let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((found - expected).abs() < 1e-8, "{i}: {found} {expected}");
    }
}

/// Slow and simple; the chunk of the images is part of the fit, so there are more than one.
#[test]
fn a_fit_is_as_good_as_plain_gradient_descent() {
    let data = made_up(3, AT_ONCE + 76, 4, 1.0);
    for penalty in [1e-1, 1e-3] {
        let Fit { classifier, excess, steps } = fit(rows(&data), 4, penalty, None);
        assert!(excess <= ENOUGH && steps > 0, "{excess}");
        let mut slow = classifier.clone();
        slow.weights.fill(0.0);
        let mut gradient = vec![0.0; slow.weights.len()];
        for _ in 0..3_000 {
            slow.loss(rows(&data), penalty, &mut gradient);
            slow.weights.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= 0.5 * g);
        }
        let mut loss = |c: &Classifier| c.loss(rows(&data), penalty, &mut gradient);
        let (fast, slow) = (loss(&classifier), loss(&slow));
        assert!((fast - slow).abs() <= ENOUGH, "{penalty}: {fast}, expected {slow}");
    }
}

/// The start decides nothing but the steps.
#[test]
fn a_fit_from_another_penalty_ends_at_the_same_minimum() {
    let data = made_up(4, 200, 3, 0.5);
    let strong = fit(rows(&data), 3, 1e-1, None).classifier;
    let (cold, warm) = (fit(rows(&data), 3, 1e-4, None), fit(rows(&data), 3, 1e-4, Some(&strong)));
    let loss = |c: &Classifier| plain_loss(c, rows(&data), 1e-4);
    let (cold, warm) = (loss(&cold.classifier), loss(&warm.classifier));
    assert!((cold - warm).abs() <= ENOUGH, "{cold} {warm}");
}

#[test]
fn classes_that_a_plane_separates_are_told_apart_without_error() {
    let (training, test) = (made_up(5, 300, 3, 12.0), made_up(6, 90, 3, 12.0));
    let chosen = choose(rows(&training), 3, 30);
    assert_eq!(chosen.fit.classifier.predictions(rows(&test)).wrong(), 0);
    // All penalties do, so the strongest is taken.
    assert_eq!((chosen.held_out_wrong, chosen.penalty), ([0; 5], 0));
}

/// The penalty is chosen by the images that the fits have not seen, and these are the last.
#[test]
fn the_penalty_is_the_best_on_the_last_images() {
    let data = made_up(7, 120, 3, 0.6);
    let [seen, held_out] = rows(&data).split(90);
    let wrong = PENALTIES
        .map(|penalty| fit(seen, 3, penalty, None).classifier.predictions(held_out).wrong());
    let chosen = choose(rows(&data), 3, 30);
    assert_eq!(chosen.held_out_wrong, wrong);
    let best = (0..PENALTIES.len()).min_by_key(|&place| wrong[place]).unwrap();
    assert_eq!(chosen.penalty, best);
    // The probe itself has seen all images.
    let all = fit(rows(&data), 3, PENALTIES[best], None).classifier;
    let [mean, other] = [&chosen.fit.classifier.mean, &all.mean];
    assert_eq!(mean, other);
    let difference = plain_loss(&chosen.fit.classifier, rows(&data), PENALTIES[best])
        - plain_loss(&all, rows(&data), PENALTIES[best]);
    assert!(difference.abs() <= ENOUGH, "{difference}");
}

/// Other images are standardised by the statistics of those of the fit, and a feature that
/// did not vary over these says nothing of them.
#[test]
fn standardisation_does_not_look_at_other_images() {
    let (training, mut test) = (made_up(8, 300, 3, 2.0), made_up(9, 60, 3, 2.0));
    let probe = fit(rows(&training), 3, 1e-2, None).classifier;
    let before = probe.predictions(rows(&test));
    // One by one they get the same answers as together.
    let single: Vec<bool> = (0..60)
        .flat_map(|i| {
            let [_, rest] = rows(&test).split(i);
            probe.predictions(rest.split(1)[0]).is_right
        })
        .collect();
    assert_eq!(single, before.is_right);
    test.0.iter_mut().skip(WIDTH - 1).step_by(WIDTH).for_each(|v| *v = -1e6);
    assert_eq!(probe.predictions(rows(&test)), before);
}

#[test]
fn the_order_of_the_images_changes_nothing_but_rounding() {
    let data = made_up(10, 300, 3, 1.0);
    let mut turned = (Vec::new(), Vec::new());
    for i in (0..300).rev() {
        turned.0.extend_from_slice(&data.0[i * WIDTH..(i + 1) * WIDTH]);
        turned.1.push(data.1[i]);
    }
    let [a, b] = [&data, &turned].map(|data| fit(rows(data), 3, 1e-2, None).classifier);
    let [a, b] = [a, b].map(|c| plain_loss(&c, rows(&data), 1e-2));
    assert!((a - b).abs() <= ENOUGH, "{a} {b}");
}
