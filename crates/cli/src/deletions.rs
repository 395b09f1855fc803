//! What `--delete` names: units by number or name, ranges of them, branches of one.

use models::Model;

/// A unit, or one of its branches.
type Deletion = (usize, Option<usize>);

/// The deletions that one entry names: `3`, `layer2.0`, `1-3` (both ends included),
/// `layer1.0-layer1.2`, and `3.1` or `layer2.0.1` for a branch. A number need not exist
/// where it stands alone; whoever deletes it says so.
///
/// # Errors
/// In words, if it is none of these.
pub(crate) fn parse(entry: &str, model: &Model<f32>) -> Result<Vec<Deletion>, String> {
    let entry = entry.trim();
    if let Some(id) = unit(entry, model) {
        return Ok(vec![(id, None)]);
    }
    if let Some((id, branch)) = entry.rsplit_once('.')
        && let (Some(id), Some(branch)) = (unit(id, model), number(branch))
    {
        return Ok(vec![(id, Some(branch))]);
    }
    // A name may have dashes of its own.
    let dashes = entry.match_indices('-').map(|(at, _)| (&entry[..at], &entry[at + 1..]));
    let mut ranges = dashes.filter_map(|(a, b)| unit(a, model).zip(unit(b, model)));
    if let Some((first, last)) = ranges.next() {
        let units = model.units.len();
        return if last >= units {
            Err(format!("unit {last} does not exist; {} has units 0 to {}", model.name, units - 1))
        } else if first > last {
            Err(format!("the range is empty; write {last}-{first}"))
        } else {
            Ok((first..=last).map(|id| (id, None)).collect())
        };
    }
    Err(format!(
        "expected a unit such as 3 or {}, a range such as 0-{}, or a branch of a unit such as 3.1; \
         `cargo xtask models {}` lists the units",
        model.units.first().map_or("layer1.0", |unit| unit.name.as_str()),
        model.units.len().saturating_sub(1),
        model.name
    ))
}

/// A unit by name or by number.
fn unit(text: &str, model: &Model<f32>) -> Option<usize> {
    let by_name = model.units.iter().position(|unit| unit.name == text);
    by_name.or_else(|| number(text))
}

/// Digits alone: no sign, no blank.
fn number(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use models::Arch;

    use super::*;

    #[test]
    fn units_ranges_and_branches_are_told_apart() {
        let model = Arch::parse("resnet14").unwrap().build(0);
        let units = |ids: &[usize]| ids.iter().map(|&id| (id, None)).collect::<Vec<_>>();
        for (entry, expected) in [
            ("3", units(&[3])),
            ("99", units(&[99])),
            ("layer2.0", units(&[2])),
            ("1-3", units(&[1, 2, 3])),
            ("2-2", units(&[2])),
            ("layer1.1-layer2.0", units(&[1, 2])),
            ("0-layer1.1", units(&[0, 1])),
            ("3.1", vec![(3, Some(1))]),
            ("layer3.1.0", vec![(5, Some(0))]),
            (" 4", units(&[4])),
        ] {
            assert_eq!(parse(entry, &model), Ok(expected), "{entry}");
        }
        for (entry, expected) in [
            ("", "expected a unit such as 3 or layer1.0"),
            ("layer4.0", "cargo xtask models resnet14"),
            ("layer1", "a range such as 0-5"),
            ("+3", "expected a unit"),
            ("1.x", "a branch of a unit such as 3.1"),
            ("1.0-3.0", "expected a unit"),
            ("1-2-3", "expected a unit"),
            ("3-1", "the range is empty; write 1-3"),
            ("0-99999999999", "unit 99999999999 does not exist; resnet14 has units 0 to 5"),
        ] {
            let message = parse(entry, &model).unwrap_err();
            assert!(message.contains(expected), "{entry}: {message}");
        }
    }
}
