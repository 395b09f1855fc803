//! Laws of what the verdicts say of the readings: it is computed, and nothing is left out.

use report::claims::{
    Claim, ClaimResult, Claims, Effect, Evidence, EvidenceRow, Level, TEXT, Verdict, results,
};
use report::page::{PageInput, render};
use report::{Answers, study};

const FURTHER: &str = include_str!("../../../../docs/claims-further.toml");

fn claims() -> Vec<Claim> {
    let of = |text| Claims::parse(text).unwrap().claims;
    [of(TEXT), of(FURTHER)].concat()
}

/// Every committed claim with this verdict.
fn all(level: Level, borderline: bool) -> Vec<ClaimResult> {
    let claims = Claims::parse(TEXT).unwrap();
    let none = results(&claims, study::ALL, &Answers::new(&[])).unwrap();
    let verdict = Verdict { level, borderline, preview: None, reason: None };
    none.into_iter().map(|row| ClaimResult { verdict: verdict.clone(), ..row }).collect()
}

fn effects(rows: &[EvidenceRow], claim: &str) -> Vec<Effect> {
    let row = rows.iter().find(|row| row.claim == claim).unwrap();
    row.cells.iter().map(|cell| cell.effect).collect()
}

fn page(claims: &[ClaimResult]) -> String {
    let (studies, pictures) = (study::ALL, None);
    let input = PageInput { studies, records: &[], figures: &[], claims, pictures, preview: false };
    let text = render(&input).unwrap();
    let start = text.find("<section id=\"evidence\"").unwrap();
    let end = start + text[start..].find("</section>").unwrap();
    text[start..end].to_owned()
}

#[test]
fn every_claim_bears_on_a_reading_or_on_none_with_the_reason() {
    let evidence = Evidence::committed().unwrap();
    let silent = evidence.silent.iter().flat_map(|one| one.claims.iter().map(String::as_str));
    let mut placed: Vec<&str> = evidence.claims().into_iter().chain(silent).collect();
    placed.sort_unstable();
    let claims = claims();
    let mut known: Vec<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
    known.sort_unstable();
    assert_eq!(placed, known, "docs/evidence.toml has each claim of docs/claims*.toml once");
    let reasons = evidence.bearings.iter().map(|one| &one.why);
    for why in reasons.chain(evidence.silent.iter().map(|one| &one.why)) {
        assert!(why.ends_with('.') && !why.contains("  ") && why.len() > 20, "{why:?}");
    }
}

/// Support is worth something only where the opposite could have come out: of each reading at
/// least half of the claims that bear on it can contradict it.
#[test]
fn every_reading_can_be_contradicted() {
    let evidence = Evidence::committed().unwrap();
    assert_eq!(evidence.readings.len(), 4);
    for reading in &evidence.readings {
        let own = evidence.bearings.iter().filter(|one| one.reading == reading.id);
        let (can, cannot): (Vec<_>, Vec<_>) = own.partition(|one| !one.contradicts.is_empty());
        let (can, cannot) = (can.len(), cannot.len());
        assert!(can >= cannot, "{}: {can} can, {cannot} cannot", reading.name);
    }
}

#[test]
fn another_verdict_gives_another_cell() {
    use Effect::{Contradicts, Open, Silent, Supports};
    let evidence = Evidence::committed().unwrap();
    // Paths, refinement, small residuals, linear ensemble.
    let cases = [
        ("c04", Level::Reproduced, [Supports, Supports, Supports, Silent]),
        ("c04", Level::Partly, [Silent; 4]),
        ("c04", Level::Not, [Contradicts, Contradicts, Contradicts, Silent]),
        ("c14", Level::Partly, [Supports, Silent, Silent, Silent]),
        ("c34", Level::Reproduced, [Contradicts, Silent, Contradicts, Supports]),
        ("c34", Level::Not, [Supports, Silent, Supports, Contradicts]),
        ("c34", Level::Undecided, [Silent; 4]),
        ("c34", Level::NotRun, [Open, Silent, Open, Open]),
        ("c24", Level::Reproduced, [Silent, Supports, Supports, Silent]),
        ("c24", Level::Not, [Supports, Contradicts, Contradicts, Silent]),
        // Bears on paths only to say why it does not tell: nothing to wait for.
        ("c05", Level::NotRun, [Silent, Open, Silent, Silent]),
    ];
    for (claim, level, expected) in cases {
        let results = all(level, false);
        assert_eq!(effects(&evidence.rows(&results), claim), expected, "{claim} {level}");
    }
    // A claim that is not among the results is open.
    assert_eq!(effects(&evidence.rows(&[]), "c34"), [Open, Silent, Open, Open]);
}

#[test]
fn the_table_on_the_page_follows_the_verdicts() {
    let evidence = Evidence::committed().unwrap();
    let cells = |results: &[ClaimResult], effect: Effect| {
        let rows = evidence.rows(results);
        rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.effect == effect).count()
    };
    for level in [Level::Reproduced, Level::Partly, Level::Not, Level::Undecided, Level::NotRun] {
        let results = all(level, false);
        let text = page(&results);
        for effect in [Effect::Supports, Effect::Contradicts, Effect::Open] {
            let shown = text.matches(&format!("\">{}</span>", effect.words())).count();
            assert_eq!(shown, cells(&results, effect), "{level} {effect:?}");
        }
    }
    let count = |text: &str, what: &str| text.matches(what).count();
    let sure = page(&all(Level::Not, false));
    assert_eq!(count(&sure, "borderline"), 0);
    assert!(sure.contains("contradict another: "), "c24 and c34 separate readings");
    let border = page(&all(Level::Not, true));
    assert!(count(&border, ">borderline<") > cells(&all(Level::Not, true), Effect::Contradicts));
    assert!(page(&all(Level::NotRun, false)).contains("None of the claims"));
    let one: Vec<_> = all(Level::NotRun, false)
        .into_iter()
        .map(|row| {
            let level = if row.id == "c34" { Level::Reproduced } else { Level::NotRun };
            let verdict = Verdict { level, ..row.verdict };
            ClaimResult { verdict, ..row }
        })
        .collect();
    let text = page(&one);
    for expected in [
        "Of the claims that bear on a reading one has been run.",
        "Ensemble of short paths: 0 for, 1 against",
        "Linear ensemble: 1 for, 0 against",
        "One result supports one reading and contradicts another: c34.",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn mistakes_in_the_file_are_named() {
    let good = "[[reading]]\nid = \"a\"\nname = \"A\"\nsource = \"s\"\nsays = \"w\"\n\
                [[bearing]]\nclaim = \"c1\"\nreading = \"a\"\nsupports = [\"not\"]\nwhy = \"w\"\n\
                [[silent]]\nclaims = [\"c2\"]\nwhy = \"w\"\n";
    Evidence::parse(good).unwrap();
    let bearing = good.split("[[bearing]]").nth(1).unwrap().split("[[silent]]").next().unwrap();
    let cases = [
        (good.replace("\"not\"", "\"undecided\""), "unknown variant `undecided`"),
        (good.replace("why", "reason"), "unknown field `reason`"),
        (good.replace("reading = \"a\"", "reading = \"b\""), "c1: unknown reading b"),
        (
            good.replace("supports", "contradicts = [\"not\"]\nsupports"),
            "supports a and contradict",
        ),
        (format!("{good}[[bearing]]{bearing}"), "c1: bears on a twice"),
        (good.replace("\"c2\"", "\"c1\""), "c1: bears on a reading and on none"),
        (good.replace("\"c2\"", "\"c2\", \"c2\""), "c2: is silent twice"),
        (
            format!("{good}[[reading]]\nid = \"a\"\nname = \"\"\nsource = \"\"\nsays = \"\"\n"),
            "a is there twice",
        ),
    ];
    for (text, reason) in cases {
        let message = Evidence::parse(&text).unwrap_err().to_string();
        assert!(message.contains(reason), "expected {reason:?} in {message:?}");
    }
}
