//! Which tensor of a file is which of a network.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportError, aliases};

/// What a network needs, in PyTorch's layout.
#[derive(Debug, Clone)]
pub(crate) struct Needed {
    /// Names and extents.
    pub(crate) tensors: BTreeMap<String, Vec<usize>>,
    /// The name of its last linear layer, whose outputs are the classes.
    pub(crate) head: String,
}

/// A tensor of a file as one of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name in the file.
    pub(crate) from: String,
    /// Its name in the network.
    pub(crate) to: String,
    /// Its extents in the network's terms.
    pub(crate) dims: Vec<usize>,
}

/// A state dict in a network's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fit {
    /// In the order of the network's names.
    pub(crate) entries: Vec<Entry>,
    /// Outputs of the last layer, where the file has it.
    pub(crate) classes: Option<usize>,
    /// Whether the last layer has no bias in the file.
    pub(crate) lacks_bias: bool,
    /// What was renamed or left out.
    pub(crate) notes: Vec<String>,
}

/// Buffers that PyTorch counts batches in, and nothing here needs.
const COUNTS: &str = "num_batches_tracked";
/// Buffers that a profiler leaves.
const PROFILED: [&str; 2] = ["total_ops", "total_params"];
/// Parts of names that stand for a wrapper around a module.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];
/// Parts of a prefix, and prefixes that are tried, at most.
const MOST_PARTS: usize = 4;
const MOST_PREFIXES: usize = 256;

/// Finds the names of a network among those of a file.
///
/// # Errors
/// If two tensors of the file have the same name in the network.
pub(crate) fn fit(
    needed: &Needed,
    found: &BTreeMap<String, Vec<usize>>,
) -> Result<Fit, ImportError> {
    let mut notes = Vec::new();
    // Names that are being shortened, and what they were.
    let mut names: Vec<(String, &str)> = Vec::new();
    let mut profiled = BTreeSet::new();
    let mut wrappers = BTreeSet::new();
    for name in found.keys() {
        let last = name.rsplit('.').next().unwrap_or_default();
        if last == COUNTS {
            continue;
        }
        if PROFILED.contains(&last) {
            profiled.insert(last);
            continue;
        }
        let (out, kept): (Vec<&str>, Vec<&str>) =
            name.split('.').partition(|part| WRAPPERS.contains(part));
        wrappers.extend(out);
        names.push((kept.join("."), name));
    }
    if !profiled.is_empty() {
        notes.push(format!("left out {}", joined(profiled)));
    }
    let mut prefix = joined_dots(wrappers);
    if let Some(part) = helpful_prefix(needed, &names) {
        for (name, _) in &mut names {
            if let Some(rest) = stripped(name, &part) {
                *name = rest.to_owned();
            }
        }
        prefix.push(format!("{part}."));
    }
    if !prefix.is_empty() {
        notes.push(format!("took off the prefix {}", prefix.concat()));
    }
    let (entries, renamed) = resolved(needed, found, &names)?;
    if !renamed.is_empty() {
        notes.push(format!("renamed {}", renamed.join(", ")));
    }
    Ok(with_head(needed, Fit { entries, notes, ..Fit::default() }))
}

impl Fit {
    /// Whether this is all that the network needs, and nothing else, the number of classes
    /// aside.
    pub(crate) fn is_exact(&self, needed: &Needed) -> bool {
        let weight = format!("{}.weight", needed.head);
        let bias = format!("{}.bias", needed.head);
        let count = self.entries.len() + usize::from(self.lacks_bias);
        count == needed.tensors.len()
            && self.entries.iter().all(|entry| match needed.tensors.get(&entry.to) {
                Some(dims) if entry.to == weight || entry.to == bias => {
                    entry.dims.len() == dims.len() && entry.dims[1..] == dims[1..]
                }
                Some(dims) => entry.dims == *dims,
                None => false,
            })
    }
}

/// The beginning of names that is better taken off: the most of the network's are found then.
fn helpful_prefix(needed: &Needed, names: &[(String, &str)]) -> Option<String> {
    let count = |names: &mut dyn Iterator<Item = &str>| -> usize {
        names.filter_map(|name| target(needed, name)).collect::<BTreeSet<_>>().len()
    };
    let mut best = (count(&mut names.iter().map(|(name, _)| name.as_str())), None);
    if best.0 == needed.tensors.len() {
        return None;
    }
    let beginnings = |(name, _): &'_ (String, &str)| -> Vec<String> {
        let ends = name.match_indices('.').take(MOST_PARTS);
        ends.map(|(end, _)| name[..end].to_owned()).collect()
    };
    // Of equally good ones the first, which is the shortest that begins so.
    let tried: BTreeSet<String> = names.iter().flat_map(beginnings).collect();
    for prefix in tried.into_iter().take(MOST_PREFIXES) {
        // What stands around a network stands around most of it.
        let has = names.iter().filter(|(name, _)| stripped(name, &prefix).is_some()).count();
        if 2 * has < names.len() {
            continue;
        }
        let without = |name| stripped(name, &prefix).unwrap_or(name);
        let found = count(&mut names.iter().map(|(name, _)| without(name.as_str())));
        if found > best.0 {
            best = (found, Some(prefix));
        }
    }
    best.1
}

fn stripped<'a>(name: &'a str, part: &str) -> Option<&'a str> {
    name.strip_prefix(part)?.strip_prefix('.')
}

/// The network's name for a name.
fn target(needed: &Needed, name: &str) -> Option<String> {
    let (module, leaf) = name.rsplit_once('.')?;
    let mut targets = aliases::names(module).into_iter().map(|to| format!("{to}.{leaf}"));
    targets.find(|to| needed.tensors.contains_key(to))
}

type Resolved = (Vec<Entry>, Vec<String>);

fn resolved(
    needed: &Needed,
    found: &BTreeMap<String, Vec<usize>>,
    names: &[(String, &str)],
) -> Result<Resolved, ImportError> {
    // Names that the network has come first: another name is only for what is missing.
    let is_exact = |(name, _): &&(String, &str)| needed.tensors.contains_key(name);
    let exact = names.iter().filter(is_exact);
    let in_order = exact.chain(names.iter().filter(|name| !is_exact(name)));
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let mut renamed: Vec<String> = Vec::new();
    for (name, original) in in_order {
        let free = |to: &String| to == name || !taken.contains_key(to);
        let to = target(needed, name).filter(free).unwrap_or_else(|| name.clone());
        if to != *name {
            let note = rename(name, &to);
            if !renamed.contains(&note) {
                renamed.push(note);
            }
        }
        if let Some(first) = taken.insert(to.clone(), original) {
            let (first, second) = (first.to_owned(), (*original).to_owned());
            return Err(ImportError::Ambiguous { first, second, target: to });
        }
    }
    let entry = |(to, from): (String, &str)| {
        let dims = found[from].clone();
        Entry { from: from.to_owned(), to, dims }
    };
    Ok((taken.into_iter().map(entry).collect(), renamed))
}

/// `downsample.0 -> shortcut.0`: what differs, without what the names have in common.
fn rename(from: &str, to: &str) -> String {
    let (mut from, mut to): (Vec<&str>, Vec<&str>) =
        (from.split('.').collect(), to.split('.').collect());
    // The leaf, such as `weight`.
    from.pop();
    to.pop();
    while from.len() > 1 && to.len() > 1 && from[0] == to[0] {
        from.remove(0);
        to.remove(0);
        // The place in a stage, if the stages agree.
        let is_place = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
        if from.len() > 1 && to.len() > 1 && is_place(&from[0]) && is_place(&to[0]) {
            from.remove(0);
            to.remove(0);
        }
    }
    // Another word for the stage: the rest is the same.
    while from.len() > 2 && to.len() > 2 && from.last() == to.last() && from[0] != to[0] {
        from.pop();
        to.pop();
    }
    if from.len() == 2 && from[1..] == to[1..] && to[0].starts_with("layer") {
        from.pop();
        to.pop();
    }
    format!("{} -> {}", from.join("."), to.join("."))
}

/// The last layer as the file has it: perhaps a 1x1 convolution, perhaps without a bias.
fn with_head(needed: &Needed, mut fit: Fit) -> Fit {
    let weight = format!("{}.weight", needed.head);
    let bias = format!("{}.bias", needed.head);
    let has_bias = fit.entries.iter().any(|entry| entry.to == bias);
    let Some(entry) = fit.entries.iter_mut().find(|entry| entry.to == weight) else { return fit };
    if let [classes, features, 1, 1] = entry.dims[..] {
        entry.dims = vec![classes, features];
        fit.notes.push(format!("read the 1x1 convolution {} as a linear layer", entry.from));
    }
    fit.classes = match entry.dims[..] {
        [classes, _] => Some(classes),
        _ => None,
    };
    if needed.tensors.contains_key(&bias) && !has_bias && fit.classes.is_some() {
        fit.lacks_bias = true;
        fit.notes.push(format!("{} has no bias, took 0", needed.head));
    }
    fit
}

fn joined(parts: BTreeSet<&str>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

fn joined_dots(parts: BTreeSet<&str>) -> Vec<String> {
    parts.into_iter().map(|part| format!("{part}.")).collect()
}
