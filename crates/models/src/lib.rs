//! Networks as data, plans, and evaluation under a lesion.
