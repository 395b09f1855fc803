//! Lesion experiments and their statistics.
