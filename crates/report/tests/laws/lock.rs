//! `docs/claims.lock` holds the criteria of every claim as they were when they were fixed.

use report::claims::{Claims, TEXT};

#[test]
fn no_criterion_has_changed_since_it_was_fixed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/claims.lock");
    let lock = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = lock.lines().filter(|line| !line.starts_with('#')).collect();
    let claims = Claims::parse(TEXT).unwrap().claims;
    for (place, claim) in claims.iter().enumerate() {
        let (id, sum) = (&claim.id, claim.criteria_sha256());
        let line = lines.get(place).copied().unwrap_or_default();
        let (fixed, date) = line.rsplit_once(' ').unwrap_or_default();
        assert!(
            fixed == format!("{id} {sum}"),
            "{id}: what decides this claim is not what docs/claims.lock holds. Once a network that \
             it speaks of has been lesioned, its criteria stay as they are: undo the change in \
             docs/claims.toml. For a new claim, or a new form of the same criterion, put this line \
             at place {} of the lock, with the day on which the criterion was fixed:\n\
             {id} {sum} YYYY-MM-DD\n(found: {line:?})",
            place + 1
        );
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        let parts: Vec<&str> = date.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert!(
            lengths == [4, 2, 2] && parts.iter().all(|part| digits(part)),
            "{id}: {date:?} is not a date such as 2026-01-31"
        );
    }
    assert_eq!(lines.len(), claims.len(), "docs/claims.lock has lines of claims that are gone");
}

#[test]
fn the_committed_file_holds_claims_1_to_24_in_order() {
    let claims = Claims::parse(TEXT).unwrap().claims;
    let ids: Vec<_> = claims.iter().map(|claim| claim.id.as_str()).collect();
    let expected: Vec<_> = (1..=24).map(|number| format!("c{number:02}")).collect();
    assert_eq!(ids, expected);
}

/// The words and the numbers of a criterion are written twice and must agree.
#[test]
fn every_threshold_appears_in_the_words_of_its_criterion() {
    for claim in Claims::parse(TEXT).unwrap().claims {
        for condition in claim.reproduced.iter().chain(&claim.partly) {
            // Bounds of intervals against 0 are written as "above 0" or "covers 0".
            let number = condition.value.to_string();
            assert!(claim.criterion.contains(&number), "{}: {condition:?}", claim.id);
        }
    }
}
