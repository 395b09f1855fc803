//! What is a path? (Veit et al. 2016, figures 1 and 2.) Diagrams: nothing is measured.

use record::Record;

use super::{Part, Study, StudyFigure};
use crate::ReportError;
use crate::figure::Figure;
use crate::figure::diagram::{Chain, Diagram, ROW, Shape, chain, unravelled};

/// What unravelling means, and what a deletion does to the paths.
pub(super) const STUDY: Study = Study {
    name: "unravelled",
    needs: |_| Vec::new(),
    quantities: &[],
    figures: &[
        StudyFigure {
            name: "fig1",
            needs: Vec::new,
            draw: fig1,
            see: "Each sum has two terms, so every further block doubles the number of paths \
                  from the input to the output. The paper sees the network as the collection of \
                  these paths.",
            deviations: "Drawn anew after the paper's figure 1.",
        },
        StudyFigure {
            name: "fig2",
            needs: Vec::new,
            draw: fig2,
            see: "In the plain network a deletion breaks the only path there is. In the residual \
                  network it breaks the paths through the deleted branch, which are half of \
                  them, and leaves the others.",
            deviations: "Drawn anew after the paper's figure 2.",
        },
    ],
    form: None,
    part: |_| Ok(Part::default()),
};

/// Blocks of the networks drawn; any small number will do.
const BLOCKS: usize = 3;
/// The deleted one, from 1.
const DELETED: usize = 2;

fn heading(y: f64, text: impl Into<String>) -> Shape {
    Shape::Heading { at: (16.0, y), text: text.into() }
}

/// Height of the unravelled view from its first to its last path.
fn rows() -> f64 {
    ROW * ((1 << BLOCKS) - 1) as f64
}

/// Residual blocks in series, the same with every path by itself, and a deletion.
fn fig1(_: &[&Record]) -> Result<Figure, ReportError> {
    let paths = 1 << BLOCKS;
    let series = |deleted, y| chain(Chain { blocks: BLOCKS, skips: true, deleted, y });
    let mut shapes = vec![heading(80.0, format!("(a) {BLOCKS} residual blocks in series"))];
    shapes.extend(series(None, 152.0));
    shapes.push(heading(214.0, format!("(b) The same network unravelled: {paths} paths")));
    let top = 248.0;
    shapes.extend(unravelled(BLOCKS, None, top));
    let next = top + rows() + 50.0;
    let text = format!("(c) Block {DELETED} deleted: its skip is left");
    shapes.push(heading(next, text));
    shapes.extend(series(Some(DELETED), next + 72.0));
    Diagram {
        title: "A residual network is a collection of paths".into(),
        subtitle: "each block adds a function of its input to its input".into(),
        height: next + 108.0,
        shapes,
        caption: format!(
            "The unravelled view. (a) {BLOCKS} residual blocks. (b) Each sum has two terms, the skip \
             (upper) and the branch (lower), so there are 2^{BLOCKS} = {paths} paths from input to \
             output; a function is drawn once for each term that it is applied to. (c) A deletion \
             leaves the skip."
        ),
    }
    .draw("fig1-unravelled")
}

/// One block deleted from a plain network and from a residual one.
fn fig2(_: &[&Record]) -> Result<Figure, ReportError> {
    let (all, left) = (1 << BLOCKS, 1 << (BLOCKS - 1));
    let mut shapes = vec![heading(80.0, "(a) Plain network: the only path is gone")];
    shapes.extend(chain(Chain { blocks: BLOCKS, skips: false, deleted: Some(DELETED), y: 122.0 }));
    let text = format!("(b) Residual network: {left} of {all} paths are left");
    shapes.push(heading(176.0, text));
    let top = 212.0;
    shapes.extend(unravelled(BLOCKS, Some(DELETED), top));
    Diagram {
        title: format!("Deleting block {DELETED}"),
        subtitle: "dashed: what no longer carries anything from the input to the output".into(),
        height: top + rows() + 36.0,
        shapes,
        caption: format!(
            "What the deletion of one block does. (a) A plain network has one path, which is broken. \
             (b) In a residual network half of the paths pass the block by its skip; {left} of {all} \
             are left."
        ),
    }
    .draw("fig2-deletion")
}
