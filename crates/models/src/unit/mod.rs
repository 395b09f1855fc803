//! Units: the parts of a network that a lesion can act on, as data.
//!
//! ```text
//!          ┌──────── skip ─────────────────┐
//! x ─ pre ─┼─ branch 0 ─┐                  + ─ post ─ y
//!          └─ branch 1 ─┴─ merge ──────────┘
//! ```
//!
//! `c = pre(x)`; the terms are `skip(c)` and `branch(c)`, of which the route says which
//! are added; `post` acts on the sum. `pre` and `post` run under every route. `merge`,
//! mostly nothing, acts on the sum of the branches before the skip joins it.
//!
//! A residual block, a plain layer, a highway layer and a block with several branches
//! differ in these values and in nothing else: no code knows any of them by name.

mod forward;
mod shape;

use nn::Route;

use crate::Layers;
pub(crate) use forward::Run;
pub use shape::UnitShape;

/// A residual block, a gated layer or a plain layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its name: the prefix of its parameters' names.
    pub name: String,
    /// The stage it belongs to, from 0.
    pub stage: usize,
    /// The image it receives, for the standard input of 32 x 32 pixels.
    pub input: UnitShape,
    /// The image it hands on.
    pub output: UnitShape,
    /// What runs before all terms.
    pub pre: Layers,
    /// The term that a deletion leaves.
    pub skip: Skip,
    /// The other terms; there is at least one.
    pub branches: Vec<Layers>,
    /// What acts on the sum of the branches.
    pub merge: Layers,
    /// How skip and branches are joined.
    pub join: Join,
    /// What acts on the sum.
    pub post: Layers,
}

/// The skip of a unit, on the output of its `pre`.
#[derive(Debug, Clone, PartialEq)]
pub enum Skip {
    /// There is none: a plain layer. Where it is deleted the identity stands in for its
    /// branches, if these keep the shape.
    None,
    /// `s = c`.
    Identity,
    /// Fewer pixels and more channels, without parameters.
    OptionA(Padding),
    /// Layers of its own, such as a projection.
    Layers(Layers),
}

/// The shortcut of He et al. 2015, option A: [`nn::op::shortcut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding {
    /// Channels afterwards.
    pub c_out: usize,
    /// How many of the new channels come before the old ones.
    pub before: usize,
    /// The step between the pixels taken.
    pub stride: usize,
}

/// How skip and branches become one.
#[derive(Debug, Clone, PartialEq)]
pub enum Join {
    /// `y = s + h`.
    Sum,
    /// `y = t h + (1 - t) s` with the gate `t = sigmoid(layers(c))` (Srivastava et al.
    /// 2015). Under one term alone the gate is closed, `y = s`, or open, `y = h`.
    Gate(Layers),
}

impl Unit {
    /// The route of the untouched network: all its terms.
    pub fn intact_route(&self) -> Route {
        let branches = Route::first_branches(self.branches.len());
        if self.has_skip() { branches.and(Route::SKIP) } else { branches }
    }

    /// Whether it has a skip, so that its terms are a sum.
    pub fn has_skip(&self) -> bool {
        self.skip != Skip::None
    }

    /// Whether it is a residual block that changes resolution or channels.
    pub fn is_boundary(&self) -> bool {
        self.input != self.output && self.has_skip()
    }

    /// Whether it can be deleted: residual blocks always (the skip does what
    /// is needed), plain layers where the identity can stand in for them.
    pub fn is_deletable(&self) -> bool {
        let c = self.pre.output(self.input);
        self.has_skip() || self.branches.iter().all(|branch| branch.output(c) == c)
    }

    /// Whether it can change places: input and output have the same shape.
    pub fn is_movable(&self) -> bool {
        self.input == self.output
    }

    /// Whether its skip alone hands on what it gets as it is, forward and backward.
    pub(crate) fn hands_on_along_skip(&self) -> bool {
        self.skip == Skip::Identity
            && self.join == Join::Sum
            && self.pre.is_empty()
            && self.post.is_empty()
    }

    /// Whether a batch norm in it sees one value per channel and image, so that a batch
    /// in training mode must have two images or more.
    pub fn norms_features(&self) -> bool {
        let c = self.pre.output(self.input);
        let h = self.branches[0].output(c);
        let on_c = |layers: &Layers| layers.norms_features(c);
        let skip = match &self.skip {
            Skip::Layers(layers) => on_c(layers),
            Skip::None | Skip::Identity | Skip::OptionA(_) => false,
        };
        skip || self.pre.norms_features(self.input)
            || self.branches.iter().any(on_c)
            || matches!(&self.join, Join::Gate(gate) if on_c(gate))
            || self.merge.norms_features(h)
            || self.post.norms_features(self.merge.output(h))
    }

    /// All its layers, in the order in which their parameters are created.
    pub(crate) fn parts_mut(&mut self) -> Vec<&mut Layers> {
        let gate = match &mut self.join {
            Join::Gate(gate) => Some(gate),
            Join::Sum => None,
        };
        let skip = match &mut self.skip {
            Skip::Layers(layers) => Some(layers),
            Skip::None | Skip::Identity | Skip::OptionA(_) => None,
        };
        let parts = [&mut self.pre].into_iter().chain(&mut self.branches);
        let parts = parts.chain([&mut self.merge]).chain(gate).chain(skip);
        parts.chain([&mut self.post]).collect()
    }

    /// What it makes of an image of any size.
    pub(crate) fn output_of(&self, input: UnitShape) -> UnitShape {
        let h = self.branches[0].output(self.pre.output(input));
        self.post.output(self.merge.output(h))
    }

    /// Multiplications of its intact route for one standard image.
    pub fn macs(&self) -> u64 {
        self.macs_along(self.intact_route())
    }

    /// Multiplications of a route for one standard image: those of `pre` and `post` and of
    /// the terms that it takes. Norms, rectifiers and pools are not counted, so the
    /// identity costs 0.
    pub fn macs_along(&self, route: Route) -> u64 {
        let c = self.pre.output(self.input);
        let mut macs = self.pre.macs(self.input);
        if let (true, Skip::Layers(layers)) = (route.skip, &self.skip) {
            macs += layers.macs(c);
        }
        let taken = self.branches.iter().enumerate();
        let taken = taken.filter(|&(i, _)| route.meets(Route::only(i)));
        macs += taken.map(|(_, branch)| branch.macs(c)).sum::<u64>();
        let h = self.branches[0].output(c);
        if route.has_branch() {
            macs += self.merge.macs(h);
        }
        if let (true, true, Join::Gate(gate)) = (route.skip, route.has_branch(), &self.join) {
            macs += gate.macs(c);
        }
        macs + self.post.macs(self.merge.output(h))
    }
}
