//! Units: the parts of a network that a lesion can act on.
//!
//! ```text
//!          ┌──────── skip ────────┐
//! x ─ pre ─┤                      + ─ post ─ y
//!          └─────── branch ───────┘
//! ```
//!
//! `c = pre(x)`, `s = skip(x, c)`, `b = branch(x, c)`, and `y = post(s + b)`,
//! `post(s)` or `post(b)` by the route. `pre` and `post` run under every route.

mod plain;
mod post_act;
mod pre_act;

use nn::{Pass, Route, Var, op};
use tensor::Scalar;

pub use plain::{PlainLayer, PlainOp};
pub use post_act::PostActBlock;
pub use pre_act::PreActBlock;

/// The extents of an image between units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitShape {
    /// Height.
    pub h: usize,
    /// Width.
    pub w: usize,
    /// Channels.
    pub c: usize,
}

impl UnitShape {
    pub(crate) fn square(side: usize, c: usize) -> Self {
        UnitShape { h: side, w: side, c }
    }

    pub(crate) fn pixels(&self) -> usize {
        self.h * self.w
    }
}

/// A residual block or a plain layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its name: the prefix of its parameters' names.
    pub name: String,
    /// The stage it belongs to, from 0.
    pub stage: usize,
    /// What it computes.
    pub kind: UnitKind,
    /// The image it receives, for the standard input of 32 x 32 pixels.
    pub input: UnitShape,
    /// The image it hands on.
    pub output: UnitShape,
}

/// What a unit computes.
#[derive(Debug, Clone, PartialEq)]
pub enum UnitKind {
    /// A pre-activation residual block.
    PreAct(PreActBlock),
    /// A post-activation residual block.
    PostAct(PostActBlock),
    /// A layer without a skip.
    Plain(PlainLayer),
}

impl Unit {
    /// The route of the untouched network.
    pub fn intact_route(&self) -> Route {
        match self.kind {
            UnitKind::PreAct(_) | UnitKind::PostAct(_) => Route::Both,
            UnitKind::Plain(_) => Route::Branch,
        }
    }

    /// Whether it is a residual block that changes resolution or channels.
    pub fn is_boundary(&self) -> bool {
        self.input != self.output && !matches!(self.kind, UnitKind::Plain(_))
    }

    /// Whether it can be deleted: residual blocks always (the skip does what
    /// is needed), plain layers where the identity can stand in for them.
    pub fn is_deletable(&self) -> bool {
        match &self.kind {
            UnitKind::PreAct(_) | UnitKind::PostAct(_) => true,
            UnitKind::Plain(layer) => layer.keeps_channels(),
        }
    }

    /// Whether it can change places: input and output have the same shape.
    pub fn is_movable(&self) -> bool {
        self.input == self.output
    }

    /// Whether a batch norm in it sees one value per channel and image, so that a batch
    /// in training mode must have two images or more.
    pub fn norms_features(&self) -> bool {
        match &self.kind {
            UnitKind::Plain(layer) => layer.norms_features(),
            UnitKind::PreAct(_) | UnitKind::PostAct(_) => false,
        }
    }

    /// Multiplications of its intact route for one standard image.
    pub fn macs(&self) -> u64 {
        self.macs_along(self.intact_route())
    }

    /// Multiplications of a route for one standard image: those of the terms that it
    /// takes. Norms, rectifiers and pools are not counted, so the identity costs 0.
    pub fn macs_along(&self, route: Route) -> u64 {
        let (skip, branch) = match &self.kind {
            UnitKind::PreAct(block) => {
                (block.skip_macs(self.output), block.branch_macs(self.output))
            }
            UnitKind::PostAct(block) => (0, block.macs(self.output)),
            UnitKind::Plain(layer) => (0, layer.macs(self.input)),
        };
        let counted = |is_taken: bool, macs: u64| if is_taken { macs } else { 0 };
        counted(route.has_skip(), skip) + counted(route.has_branch(), branch)
    }

    /// Runs the unit along a route. `id` is its index in the network, under
    /// which sweeps find its sum; `branch_scale` multiplies the branch where
    /// both terms are taken.
    ///
    /// # Panics
    /// If the unit has no such route; plans are checked before they run.
    #[track_caller]
    pub fn forward<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        x: &Var<T>,
        id: usize,
        route: Route,
        branch_scale: f64,
    ) -> Var<T> {
        match &self.kind {
            UnitKind::PreAct(block) => {
                let c = block.pre(pass, x);
                match route {
                    Route::Skip => block.skip(pass, x, &c),
                    Route::Branch => block.branch(pass, &c, None),
                    Route::Both => {
                        let skip = block.skip(pass, x, &c);
                        if branch_scale == 1.0 {
                            return block.branch(pass, &c, Some((&skip, id)));
                        }
                        let branch = block.branch(pass, &c, None);
                        sum(pass, &skip, &branch, id, branch_scale)
                    }
                }
            }
            UnitKind::PostAct(block) => {
                let y = match route {
                    Route::Skip => block.skip(pass, x),
                    Route::Branch => block.branch(pass, x),
                    Route::Both => {
                        let skip = block.skip(pass, x);
                        let branch = block.branch(pass, x);
                        sum(pass, &skip, &branch, id, branch_scale)
                    }
                };
                op::relu(&mut pass.tape, &y)
            }
            UnitKind::Plain(layer) => {
                let x = layer.pre(pass, x);
                let y = match route {
                    Route::Skip if layer.keeps_channels() => x,
                    Route::Branch => layer.branch(pass, &x),
                    _ => panic!("layer {} has no route {route:?}", self.name),
                };
                layer.post(pass, y)
            }
        }
    }
}

/// `skip + branch_scale branch`, under the name of the unit.
fn sum<T: Scalar>(
    pass: &mut Pass<'_, T>,
    skip: &Var<T>,
    branch: &Var<T>,
    id: usize,
    branch_scale: f64,
) -> Var<T> {
    if branch_scale == 1.0 {
        return op::join(&mut pass.tape, skip, branch, id);
    }
    let branch = op::scale(&mut pass.tape, branch, T::from_f64(branch_scale));
    op::join(&mut pass.tape, skip, &branch, id)
}
