//! Training or evaluation.

/// How batch norm behaves; independent of whether a tape records, and of dropout, which
/// a pass with [random numbers](crate::Pass::dropout) does in either mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Batch norm uses the statistics of the batch.
    Train,
    /// Batch norm uses its running statistics.
    Eval,
}
