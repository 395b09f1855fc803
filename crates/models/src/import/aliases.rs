//! Other names for the same layer.
//!
//! Names here are those of the networks of He et al. as most repositories write them:
//! `conv1`, `layer2.0.conv1`, `layer2.0.shortcut.0`, `bn`, `linear`. A name of a file is
//! only ever another name for one that the network needs and the file lacks, and shapes
//! have to agree, so a rule that is meant for another network does no harm.

/// The layers of a file, then those of a network that they may be, at the top level.
const TOP: [(&[&str], &[&str]); 4] = [
    (&["conv0", "conv", "stem", "stem.0", "stem.conv", "conv1.0", "conv_1_3x3"], &["conv1"]),
    (&["bn0", "bn_1", "norm1", "stem.1", "stem.bn", "conv1.1"], &["bn1"]),
    (&["bn1", "norm", "bn_final", "final_bn", "bn_last", "last_bn", "bn_out"], &["bn"]),
    (
        &[
            "fc",
            "classifier",
            "head",
            "output",
            "out",
            "logits",
            "dense",
            "last_linear",
            "fc.0",
            "head.fc",
            "classifier.0",
            "classifier.1",
            "linear.0",
        ],
        &["linear"],
    ),
];

/// The same inside a block. A projection without batch norm is `shortcut` here, one with it
/// `shortcut.0` and `shortcut.1`.
const BLOCK: [(&[&str], &[&str]); 7] = [
    (&["conv_a"], &["conv1"]),
    (&["bn_a"], &["bn1"]),
    (&["conv_b"], &["conv2"]),
    (&["bn_b"], &["bn2"]),
    (
        &[
            "downsample.0",
            "shortcut.0",
            "skip.0",
            "projection.0",
            "proj.0",
            "shortcut.conv",
            "downsample.conv",
            "downsample",
            "shortcut",
            "skip",
            "projection",
            "proj",
            "convShortcut",
            "shortcut_conv",
            "conv_shortcut",
            "downsample_conv",
            "short_cut.0",
        ],
        &["shortcut", "shortcut.0"],
    ),
    (
        &[
            "downsample.1",
            "skip.1",
            "projection.1",
            "proj.1",
            "shortcut.bn",
            "downsample.bn",
            "shortcut_bn",
            "bn_shortcut",
            "downsample_bn",
            "short_cut.1",
        ],
        &["shortcut.1"],
    ),
    (&["norm1"], &["bn1"]),
];

/// The layers of a network that the layer `module` of a file may be, itself first.
pub(super) fn names(module: &str) -> Vec<String> {
    let mut names = vec![module.to_owned()];
    let (block, inside) = match block(module) {
        Some((block, inside)) => (block, inside),
        None => {
            names.extend(targets(&TOP, module).map(str::to_owned));
            return names;
        }
    };
    let under = |inside: &str| format!("{block}.{inside}");
    names.push(under(inside));
    names.extend(targets(&BLOCK, inside).map(under));
    names
}

fn targets<'a>(
    rules: &'a [(&[&str], &[&'a str])],
    layer: &'a str,
) -> impl Iterator<Item = &'a str> {
    let matching = rules.iter().filter(move |(from, _)| from.contains(&layer));
    matching.flat_map(|(_, to)| to.iter().copied())
}

/// `layer2.0` and the rest of a name: stages are also called `stage2`, `stage_2`, `group2`
/// or `block2`, and those of wide networks `block2.layer`.
fn block(module: &str) -> Option<(String, &str)> {
    let (stage, rest) = module.split_once('.')?;
    let words = ["layer", "stage_", "stage", "group", "block"];
    let number = words.iter().find_map(|word| stage.strip_prefix(word))?;
    let rest = rest.strip_prefix("layer.").unwrap_or(rest);
    let (place, inside) = rest.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(number) && is_number(place)).then(|| (format!("layer{number}.{place}"), inside))
}
