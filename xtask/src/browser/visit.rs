//! One visit of a headless Chromium to a page on disk, and what it leaves behind: the
//! page as it was laid out, its log and its record of the network.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// Width of a phone's screen, in CSS pixels.
pub(super) const WIDTH: u32 = 420;
/// A visit takes a second or two.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the browser saw.
#[derive(Debug)]
pub(super) struct Visit {
    /// Messages on the console, errors of scripts and refused requests among them.
    pub(super) console: Vec<String>,
    /// Addresses that the page asked for, other than files and what it holds itself.
    pub(super) requests: Vec<String>,
    /// The page.
    pub(super) page: Page,
}

/// The page as it was laid out on a screen of [`WIDTH`], as `visit.html` tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// Width of its content.
    pub(super) width: u32,
    /// Width that it has.
    pub(super) room: u32,
    /// Headings of the first two levels.
    pub(super) headings: Vec<String>,
    /// Links to places that the page does not have.
    pub(super) dead: Vec<String>,
    /// All other links.
    pub(super) files: Vec<String>,
}

/// Switches that make the browser open one page and leave the network and the user's own
/// profile alone. The sandbox is for pages of others, and root cannot have it.
const SWITCHES: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--allow-file-access-from-files",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
];

/// Opens a page.
///
/// # Errors
/// If the browser does not start, end well and tell what it saw.
pub(super) fn visit(browser: &str, page: &Path) -> Result<Visit> {
    let dir = tempfile::tempdir().context("cannot create a temporary folder")?;
    let file = |name: &str| dir.path().join(name);
    let frame = include_str!("visit.html");
    let frame = frame.replace("WIDTH", &WIDTH.to_string()).replace("PAGE", &address(page)?);
    std::fs::write(file("visit.html"), frame)?;
    let mut command = Command::new(browser);
    command
        .args(SWITCHES)
        .arg(format!("--user-data-dir={}", file("profile").display()))
        .arg(format!("--log-net-log={}", file("network.json").display()))
        .arg("--dump-dom")
        .arg(address(&file("visit.html"))?)
        .stdin(Stdio::null())
        .stdout(File::create(file("page"))?)
        .stderr(File::create(file("log"))?);
    run(&mut command)?;
    let read = |name: &str| std::fs::read(file(name)).with_context(|| format!("{browser}: {name}"));
    let text =
        |name: &str| Ok::<_, anyhow::Error>(String::from_utf8_lossy(&read(name)?).into_owned());
    Ok(Visit {
        console: console(&text("log")?),
        requests: requests(&read("network.json")?)?,
        page: laid_out(&text("page")?)?,
    })
}

/// Runs it to its end, but not for ever.
fn run(command: &mut Command) -> Result<()> {
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?}: {status}");
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("{command:?} did not end within {} seconds", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The `file:` address of a path.
fn address(path: &Path) -> Result<String> {
    let path = path.canonicalize().with_context(|| path.display().to_string())?;
    let path = path.to_str().context("the path is not UTF-8")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let codes = path.bytes().map(|byte| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    Ok(format!("file://{}", codes.collect::<String>()))
}

/// Lines of the log that pages wrote.
fn console(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| line.split_once("CONSOLE"));
    lines.map(|(_, rest)| rest.split_once("] ").map_or(rest, |(_, text)| text).to_owned()).collect()
}

/// Addresses of requests that a page started. Those of the browser itself, which no switch
/// turns off for good, have no origin.
fn requests(network: &[u8]) -> Result<Vec<String>> {
    let log: Value = serde_json::from_slice(network).context("the browser's record of requests")?;
    let start = &log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"];
    let events = log["events"].as_array().filter(|_| start.is_number());
    let events = events.context("the browser's record of requests has another form")?;
    let of_page = events
        .iter()
        .filter(|event| event["type"] == *start && event["params"]["initiator"] != "not an origin");
    Ok(of_page.filter_map(|event| Some(event["params"]["url"].as_str()?.to_owned())).collect())
}

/// What `visit.html` left in its own place.
fn laid_out(dumped: &str) -> Result<Page> {
    let body = dumped.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>"));
    let (body, _) = body.context("the browser shows no page")?;
    serde_json::from_str(body.trim()).context("the browser did not tell how the page is laid out")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn console_lines_are_told_from_the_browsers_own() {
        let log = "[1:2:1128/0852:ERROR:dbus/bus.cc:405] Failed to connect to the bus\n\
                   [1:1:1128/0853:INFO:CONSOLE:1] \"Uncaught ReferenceError\", source: file:///a (1)\n\
                   [1:1:1128/0853:INFO:CONSOLE(7)] \"older\", source: file:///a (7)\n";
        let expected = [
            "\"Uncaught ReferenceError\", source: file:///a (1)",
            "\"older\", source: file:///a (7)",
        ];
        assert_eq!(console(log), expected);
    }

    #[test]
    fn requests_of_the_browser_itself_do_not_count() {
        let event = |kind: u32, initiator: &str, url: &str| json!({ "type": kind, "params": { "initiator": initiator, "url": url } });
        let log = json!({
            "constants": { "logEventTypes": { "URL_REQUEST_START_JOB": 7 } },
            "events": [
                event(7, "not an origin", "http://browser/time"),
                event(7, "file://", "http://page/a"),
                event(7, "null", "http://page/b"),
                event(8, "null", "http://page/other-event"),
                { "type": 7 },
            ],
        });
        let found = requests(log.to_string().as_bytes()).unwrap();
        assert_eq!(found, ["http://page/a", "http://page/b"]);
        for log in ["{}", "", r#"{"constants": {}, "events": []}"#] {
            assert!(requests(log.as_bytes()).is_err(), "{log}");
        }
    }

    #[test]
    fn the_page_is_read_from_what_the_visit_leaves() {
        let told = r##"{"width":1,"room":2,"headings":["a \u0026"],"dead":["#x"],"files":[]}"##;
        let page = laid_out(&format!("<html><body>{told}\n</body></html>")).unwrap();
        assert_eq!(
            (page.width, page.room, &*page.headings[0], &*page.dead[0]),
            (1, 2, "a &", "#x")
        );
        for dumped in ["", "<body></body>", "<body><iframe></iframe></body>"] {
            assert!(laid_out(dumped).is_err(), "{dumped}");
        }
    }
}
