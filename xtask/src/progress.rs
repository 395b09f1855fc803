//! Progress: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a plain line appears.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Progress of one long piece of work, on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    label: String,
    total: u64,
    done: u64,
    /// Work done before the clock was started, which says nothing of the pace.
    before: u64,
    start: Instant,
    last_line: Instant,
}

impl Progress {
    /// Starts the clock; `before` of `total` are done already.
    pub(crate) fn new(label: &str, before: u64, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{prefix} {wide_bar} {pos}/{len} {per_sec} ETA {eta} {msg}",
            );
            let bar = ProgressBar::new(total).with_prefix(label.to_owned());
            bar.set_style(style.expect("the template is valid"));
            bar.set_position(before);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        let label = label.to_owned();
        Progress { bar, label, total, done: before, before, start: now, last_line: now }
    }

    /// `by` more are done; `message` says how it stands.
    pub(crate) fn advance(&mut self, by: u64, message: impl FnOnce() -> String) {
        self.done += by;
        match &self.bar {
            Some(bar) => {
                bar.inc(by);
                bar.set_message(message());
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                eprintln!("{}", self.line(&message()));
            }
            None => {}
        }
    }

    /// `done` of `total` are done.
    pub(crate) fn set(&mut self, done: u64, total: u64) {
        if total != self.total {
            self.total = total;
            if let Some(bar) = &self.bar {
                bar.set_length(total);
            }
        }
        self.advance(done - self.done, String::new);
    }

    /// A line that stays.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, message: &str) -> String {
        let pace = (self.done - self.before) as f64 / self.start.elapsed().as_secs_f64();
        let eta = Duration::from_secs_f64((self.total - self.done) as f64 / pace.max(1e-9));
        let eta = indicatif::HumanDuration(eta);
        format!("{} {}/{} {pace:.1}/s ETA {eta} {message}", self.label, self.done, self.total)
    }
}
