//! `docs/claims.lock` holds the criteria of every claim as they were when they were fixed.

use report::claims::{Claim, Claims, TEXT};

/// Claims whose studies are still to be built.
const FURTHER: &str = include_str!("../../../../docs/claims-further.toml");

/// All claims, in the order of the lock, which is that of their numbers.
fn claims() -> Vec<Claim> {
    let of = |text| Claims::parse(text).unwrap().claims;
    let mut all = [of(TEXT), of(FURTHER)].concat();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

#[test]
fn no_criterion_has_changed_since_it_was_fixed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/claims.lock");
    let lock = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = lock.lines().filter(|line| !line.starts_with('#')).collect();
    let claims = claims();
    let mut moved = String::new();
    for (place, claim) in claims.iter().enumerate() {
        let expected = format!("{} {}", claim.id, claim.criteria_sha256());
        let line = lines.get(place).copied().unwrap_or_default();
        let (fixed, date) = line.rsplit_once(' ').unwrap_or_default();
        if fixed != expected || !is_date(date) {
            moved += &format!("\n{expected} YYYY-MM-DD\n  (line {}: {line:?})", place + 1);
        }
    }
    assert!(
        moved.is_empty(),
        "what decides these claims is not what docs/claims.lock holds. Once a network that a claim \
         speaks of has been lesioned, its criteria stay as they are: undo the change in \
         its file. For a new claim, or the same criterion in a new form, put its line into \
         the lock, with the day on which the criterion was fixed:{moved}"
    );
    assert_eq!(lines.len(), claims.len(), "docs/claims.lock has lines of claims that are gone");
}

/// `2026-01-31`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2])
        && parts.iter().all(|part| part.chars().all(|c| c.is_ascii_digit()))
}

#[test]
fn the_committed_files_hold_claims_1_to_42() {
    let ids: Vec<_> = claims().into_iter().map(|claim| claim.id).collect();
    let expected: Vec<_> = (1..=42).map(|number| format!("c{number:02}")).collect();
    assert_eq!(ids, expected);
}

/// The words and the numbers of a criterion are written twice and must agree.
#[test]
fn every_threshold_appears_in_the_words_of_its_criterion() {
    for claim in claims() {
        let conditions = [&claim.reproduced, &claim.partly, &claim.undecided_if];
        for condition in conditions.into_iter().flatten() {
            // Bounds of intervals against 0 are written as "above 0" or "covers 0".
            let number = condition.value.to_string();
            assert!(claim.criterion.contains(&number), "{}: {condition:?}", claim.id);
        }
    }
}
