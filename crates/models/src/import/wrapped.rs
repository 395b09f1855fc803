//! Where in a checkpoint the state dict is.

use std::collections::BTreeSet;

use super::ImportError;
use super::pickle::{Id, Node, Tree};

/// A dict with tensors in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    /// The keys that lead to it, joined by dots; empty for the outermost dict.
    pub(super) path: String,
    pub(super) dict: Id,
    /// Tensors of rank 1 and more in it.
    pub(super) tensors: usize,
}

/// Keys that lead to a network's state dict, the most usual first.
const USUAL: [&str; 14] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "net_state_dict",
    "weights",
    "params",
    "module",
    "ema",
    "model_ema",
    "ema_state_dict",
    "state_dict_ema",
];

/// How many dicts lie around a state dict at most.
const DEPTH: usize = 4;

/// All dicts that may be the state dict, the likeliest first: the outermost, then by the
/// usual names of their keys, then in the order of the file.
pub(super) fn candidates(tree: &Tree) -> Result<Vec<Wrapped>, ImportError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    search(tree, tree.root(), String::new(), DEPTH, &mut seen, &mut found);
    if found.is_empty() {
        return Err(ImportError::NoStateDict { found: tree.describe(tree.root()) });
    }
    let rank = |wrapped: &Wrapped| {
        let last = wrapped.path.rsplit('.').next().unwrap_or_default();
        let usual = USUAL.iter().position(|&usual| usual == last).unwrap_or(USUAL.len());
        // A lone tensor beside the state dict, such as a counter, makes no state dict.
        let is_outermost = wrapped.path.is_empty() && wrapped.tensors > 1;
        if is_outermost { 0 } else { usual + 1 }
    };
    found.sort_by_key(rank);
    Ok(found)
}

fn search(
    tree: &Tree,
    id: Id,
    path: String,
    depth: usize,
    seen: &mut BTreeSet<Id>,
    found: &mut Vec<Wrapped>,
) {
    let Node::Dict(pairs) = tree.node(id) else { return };
    if depth == 0 || !seen.insert(id) {
        return;
    }
    let tensors = pairs.iter().filter(|(_, value)| match tree.node(*value) {
        Node::Tensor(_, view) => !view.dims.is_empty(),
        _ => false,
    });
    let tensors = tensors.count();
    if tensors > 0 {
        found.push(Wrapped { path: path.clone(), dict: id, tensors });
    }
    for &(key, value) in pairs {
        // The moments of an optimiser have the shapes of weights.
        let Some(key) = tree.text(key).filter(|key| !key.contains("optim")) else { continue };
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        search(tree, value, path, depth - 1, seen, found);
    }
}

/// The keys of the outermost dict that do not lead to `chosen`.
pub(super) fn left_out(tree: &Tree, chosen: &Wrapped) -> Vec<String> {
    let Node::Dict(pairs) = tree.node(tree.root()) else { return Vec::new() };
    if chosen.path.is_empty() {
        return Vec::new();
    }
    let leads = |key: &str| {
        chosen.path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let keys = pairs.iter().filter_map(|(key, _)| tree.text(*key));
    keys.filter(|key| !leads(key)).map(str::to_owned).collect()
}
