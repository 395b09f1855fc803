//! What explains most of the differences between a file and a network.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::fit::{Fit, Needed, fit};
use crate::{Arch, Model};

/// Deeper networks are not looked for.
const MOST_BLOCKS: usize = 200;

/// A sentence on why a state dict does not fit, with what to do; `None` if nothing explains
/// it.
pub(crate) fn hint(
    needed: &Needed,
    fit_found: &Fit,
    found: &BTreeMap<String, Vec<usize>>,
) -> Option<String> {
    if let Some(name) = transposed(needed, fit_found) {
        return Some(format!(
            "the convolutions are laid out as [k, k, c_in, c_out], as in TensorFlow ({name}): \
             transpose them to [c_out, c_in, k, k]"
        ));
    }
    if let Some(arch) = other_network(found) {
        return Some(format!("it looks like {arch}: name that model instead"));
    }
    let known = fit_found.entries.iter().filter(|e| needed.tensors.contains_key(&e.to)).count();
    if known == 0 {
        let (Some(theirs), Some(ours)) = (found.keys().next(), needed.tensors.keys().next()) else {
            return None;
        };
        return Some(format!(
            "none of its names is one of the network's: theirs are like {theirs}, ours like \
             {ours}; rename them before exporting"
        ));
    }
    None
}

/// A convolution whose extents are the network's in the order of TensorFlow.
fn transposed<'a>(needed: &Needed, fit: &'a Fit) -> Option<&'a str> {
    let is_transposed = |dims: &[usize], expected: &[usize]| match (dims, expected) {
        (&[kh, kw, c_in, c_out], expected) => {
            dims != expected && [c_out, c_in, kh, kw] == *expected
        }
        _ => false,
    };
    let entry = fit.entries.iter().find(|entry| {
        needed.tensors.get(&entry.to).is_some_and(|dims| is_transposed(&entry.dims, dims))
    });
    entry.map(|entry| entry.from.as_str())
}

/// A network that has exactly these tensors.
fn other_network(found: &BTreeMap<String, Vec<usize>>) -> Option<Arch> {
    let fits = |needed: &Needed| fit(needed, found).is_ok_and(|fit| fit.is_exact(needed));
    let blocks = (1..=MOST_BLOCKS).rev().find(|n| {
        let inside = format!("layer1.{}.", n - 1);
        found.keys().any(|name| name.contains(&inside))
    });
    // A name alone may say any depth: to build such a network would take seconds.
    let blocks = blocks.filter(|blocks| found.len() >= 3 * 2 * blocks);
    let depth = blocks.map_or(0, |blocks| 6 * blocks + 2);
    let of_depth = [
        format!("resnet{depth}"),
        format!("resnet{depth}-v1"),
        format!("resnet{depth}-v1-projection"),
        format!("plain{depth}"),
    ];
    let of_depth = of_depth.iter().filter_map(|name| Arch::parse(name).ok());
    of_depth.into_iter().find(|arch| fits(&needed_of(&arch.build(0)))).or_else(|| {
        let other = OTHERS.iter().find(|(_, needed)| fits(needed));
        other.map(|(arch, _)| *arch)
    })
}

/// The listed networks of other families and what they need, built once for all refusals.
static OTHERS: LazyLock<Vec<(Arch, Needed)>> = LazyLock::new(|| {
    let others = Arch::listed().into_iter().filter(|arch| !arch.to_string().contains("resnet"));
    others.map(|arch| (arch, needed_of(&arch.build(0)))).collect()
});

/// What a network needs.
pub(crate) fn needed_of(model: &Model<f32>) -> Needed {
    let state = model.params.to_state();
    let tensors = state.tensors.into_iter().map(|(name, t)| (name, t.dims().to_vec()));
    Needed { tensors: tensors.collect(), head: HEAD.to_owned() }
}

/// What the last layer of every network here is called.
const HEAD: &str = "linear";
