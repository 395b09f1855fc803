//! Tape autodiff, layers, optimisers and checkpoints.
