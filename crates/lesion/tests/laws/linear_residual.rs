//! The linear residual networks as an experiment.

use lesion::experiment::LinearResidual;
use lesion::{Inputs, LesionError, Question, Runner};
use serde_json::json;

use crate::common::however_cut;

fn question(draws: usize) -> Result<Question, LesionError> {
    Question::new(&LinearResidual, json!({ "draws": draws }), Inputs::default())
}

fn ask(draws: usize) -> Result<record::LinearResidual, LesionError> {
    let question = question(draws)?;
    assert!(question.key().networks.is_empty() && question.key().images.is_empty());
    Ok(question.run(&mut Runner::default())?.answer()?)
}

/// More draws leave those that were there as they were, to the bit.
#[test]
fn maps_are_reached_at_every_depth_and_do_not_depend_on_each_other() {
    let two = ask(2).unwrap();
    assert_eq!(two.draws[..1], ask(1).unwrap().draws);
    assert!(two.draws[0].gamma != two.draws[1].gamma);
    for draw in &two.draws {
        assert!(draw.gamma > 0.5 && draw.gamma < 5.0, "{}", draw.gamma);
        for at in &draw.depths {
            assert!(at.relative_loss <= 1e-10 && at.relative_loss > 0.0, "{at:?}");
            // At least the geometric mean of the singular values has to be reached.
            assert!(at.largest_norm >= draw.gamma / at.depth as f64 * 0.5, "{at:?}");
        }
    }
    assert!(ask(0).unwrap_err().to_string().contains("draws"));
}

#[test]
fn no_bit_depends_on_the_cut_or_the_threads() {
    however_cut(&question(1).unwrap());
}
