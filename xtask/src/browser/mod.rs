//! The page in a headless browser: it renders, fits a phone, has nothing to say on the
//! console and asks nobody for anything.

mod visit;

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use report::page::CHAPTERS;

use visit::{Visit, WIDTH, visit};

/// What came of the check, if it did not fail.
pub(crate) enum Check {
    /// There is no browser to make it with.
    Skipped(String),
    /// The page has no fault.
    Passed,
}

/// Commands that start Chromium or a relative.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Pages with a fault each, and what the check has to say of it. So it is known to see
/// what it looks for, whatever the browser's version.
const FAULTY: [(&str, &str); 5] = [
    ("<img src='http://example.com/x.png'>", "asks for http://example.com/x.png"),
    ("<script>nothing.here()</script>", "console: "),
    ("<script>console.warn('careful')</script>", "console: "),
    ("<div style='width: 500px'>wide</div>", "is 508 pixels wide"),
    ("<a href='#nowhere'>x</a><a href='no-file.csv'>x</a>", "leads nowhere: #nowhere"),
];

/// Opens the page from disk, after some faulty ones.
///
/// # Errors
/// If the page has a fault, naming each, or a faulty one passes, or the browser fails.
pub(crate) fn check(page: &Path) -> Result<Check> {
    let Some(browser) = BROWSERS.into_iter().find(|name| starts(name)) else {
        let why = "no Chromium on this machine, so the page was not opened in a browser";
        return Ok(Check::Skipped(why.into()));
    };
    let dir = tempfile::tempdir().context("cannot create a temporary folder")?;
    for (body, expected) in FAULTY {
        let faulty = dir.path().join("faulty.html");
        std::fs::write(&faulty, format!("<!doctype html><title>faulty</title>{body}"))?;
        let found = faults(&visit(browser, &faulty)?, dir.path());
        ensure!(
            found.iter().any(|fault| fault.contains(expected)),
            "{browser} opened a page with {body} and found only {found:?}"
        );
    }
    let seen = visit(browser, page)?;
    let mut found = faults(&seen, page.parent().context("a page lies in a folder")?);
    let expected = CHAPTERS.iter().map(|chapter| chapter.title);
    let missing = expected.chain(["The paper's claims", "Exactly what was run"]);
    let has = |title: &&str| seen.page.headings.iter().any(|heading| heading.ends_with(title));
    found.extend(missing.filter(|title| !has(title)).map(|title| format!("no heading {title:?}")));
    ensure!(found.is_empty(), "{}:\n  {}", page.display(), found.join("\n  "));
    Ok(Check::Passed)
}

fn starts(browser: &str) -> bool {
    let silent = || Stdio::null();
    let told = Command::new(browser).arg("--version").stdout(silent()).stderr(silent()).status();
    told.is_ok_and(|status| status.success())
}

/// What is wrong with a page, whose files lie in `folder`.
fn faults(seen: &Visit, folder: &Path) -> Vec<String> {
    let Visit { console, requests, page } = seen;
    let mut faults: Vec<String> = console.iter().map(|line| format!("console: {line}")).collect();
    faults.extend(requests.iter().map(|url| format!("asks for {url}")));
    if page.width > page.room {
        let width = page.width;
        faults.push(format!("is {width} pixels wide on a screen of {WIDTH}"));
    }
    let files = page.files.iter().filter(|file| !folder.join(file).is_file());
    faults.extend(page.dead.iter().chain(files).map(|link| format!("leads nowhere: {link}")));
    faults
}

#[cfg(test)]
mod tests {
    use super::visit::Page;
    use super::*;

    #[test]
    fn each_fault_is_named_and_a_page_without_one_has_none() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("there.csv"), "").unwrap();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let page = Page {
            width: 420,
            room: 420,
            headings: Vec::new(),
            dead: Vec::new(),
            files: owned(&["there.csv"]),
        };
        let good = Visit { console: Vec::new(), requests: Vec::new(), page };
        assert!(faults(&good, dir.path()).is_empty());
        let bad = Visit {
            console: owned(&["oops"]),
            requests: owned(&["http://a/b"]),
            page: Page {
                width: 421,
                dead: owned(&["#a"]),
                files: owned(&["gone.csv", "http://c/d"]),
                ..good.page
            },
        };
        let expected = [
            "console: oops",
            "asks for http://a/b",
            "is 421 pixels wide on a screen of 420",
            "leads nowhere: #a",
            "leads nowhere: gone.csv",
            "leads nowhere: http://c/d",
        ];
        assert_eq!(faults(&bad, dir.path()), expected);
    }
}
