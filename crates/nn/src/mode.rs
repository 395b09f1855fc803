//! Training or evaluation.

/// How batch norm and dropout behave; independent of whether a tape records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Batch norm uses the statistics of the batch; dropout drops.
    Train,
    /// Batch norm uses its running statistics; dropout is the identity.
    Eval,
}
